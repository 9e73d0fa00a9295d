"""The frozen decisions of the organisation, as the core receives them; `policies/` fills them from dated text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from consentcore.contactrules import AgeRule, CallingHours, ContactRules, PhoneRules
from consentcore.errors import NotFound
from consentcore.purposes import (
    ARTICLE_9,
    EXPLICIT_CONSENT,
    Channel,
    LegalBasis,
    Purpose,
    Rule,
    SpecialCategory,
)

__all__ = [
    "ARTICLE_9",
    "EVENTS",
    "EXPLICIT_CONSENT",
    "AgeRule",
    "CallingHours",
    "Channel",
    "ContactRules",
    "Controller",
    "DeadlinePack",
    "LegalBasis",
    "Notice",
    "Phase",
    "PhoneRules",
    "PolicySet",
    "Purpose",
    "Recipient",
    "RecipientKind",
    "RetentionRule",
    "Rule",
    "RuleStatus",
    "SpecialCategory",
]

EVENTS = frozenset(
    {
        "consultation_recorded",
        "contract_end",
        "fiscal_year_end_of_issue",
        "last_contact_from_person",
        "opposition_recorded",
        "proof_last_used",
        "relation_end",
        "request_closed",
    }
)
"""Business events that a retention period may start from or a purpose end with, never `updated_at` (R-RET-3)."""


def _empty() -> MappingProxyType[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Controller:
    """Who decides on purposes and means (Art. 4(7)), with what a notice must say of it (Art. 13(1)(a)(b))."""

    name: str
    address: str
    email: str
    phone: str
    country: str
    timezone: str
    languages: tuple[str, ...]
    dpo_name: str
    dpo_email: str
    representative: str | None = None
    made_up: bool = False
    public_authority: bool = False
    """Whether it acts in the tasks of a public authority, which rules Art. 6(1)(f) out."""
    fiscal_year_end: str = "12-31"
    """Last day of the accounting year as MM-DD; `02-29` is the last day of February."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One immutable version of an information notice in one language (Art. 13, R-13-2)."""

    id: str
    version: int
    language: str
    title: str
    text: str
    sha256: str
    effective_on: date
    purposes: tuple[str, ...] = ()
    """Ids of the purposes that it informs of (Art. 13(1)(c))."""
    sections: Mapping[str, str] = field(default_factory=_empty)
    """Item of Art. 13 -> heading of this text under which it is answered (see `policies.notices.ITEMS`)."""

    @property
    def label(self) -> str:
        """The notice as people write it: `newsletter@1/fr`."""
        return f"{self.id}@{self.version}/{self.language}"


class Phase(StrEnum):
    """What becomes of data when a retention period has run (R-RET-1)."""

    ARCHIVE = "archive"
    ERASE = "erase"


class RuleStatus(StrEnum):
    """Who set a retention period: an act of law, a reference of the authority, or the organisation itself."""

    LAW = "law"
    AUTHORITY = "authority"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long data of one class are kept, from which event, on which ground (Art. 5(1)(e), R-RET-1)."""

    id: str
    data: str
    purpose: str | None
    """The one purpose that it is for; None for every purpose that uses the class."""
    starts: str
    """One of `EVENTS`."""
    period: str | None
    """ISO 8601 period, such as `P3Y`; None is without end (an opposition stands until it is lifted)."""
    then: Phase
    legal_text: str
    article: str
    """The article of the GDPR that a kept item cites, such as `17(3)(b)`."""
    status: RuleStatus
    archived_on: tuple[str, ...] = ()
    """Events at which the data leave the active tables for the archive while the period runs: `erasure`, one of
    `EVENTS`."""
    unconfirmed: tuple[str, ...] = ()
    """What nobody has yet checked against its source (R-0-1)."""


@dataclass(frozen=True, slots=True)
class DeadlinePack:
    """The legal numbers of requests and breaches for one country, in one version (Art. 12(3), 33(1), R-0-1)."""

    id: str
    """Country and version, `FR@1`: what every case stores."""
    country: str
    version: int
    effective_on: date
    reply: str
    """Period from receipt in which to answer, such as `P1M`."""
    extension: str
    """Further period from the end of `reply`, counted from receipt (R-TIME-1)."""
    breach_hours: int
    """Elapsed hours from awareness, without any roll (R-TIME-2)."""
    holiday_country: str | None
    """Whose public holidays move an end; None in a pack for all: those of the Member State concerned."""
    strict: bool
    """Whether an extended period is counted in two steps where that ends earlier (R-TIME-1)."""
    sources: tuple[str, ...]
    unconfirmed: tuple[str, ...]


class RecipientKind(StrEnum):
    """What someone who receives data is (Art. 4(8), 4(9))."""

    PROCESSOR = "processor"
    RECIPIENT = "recipient"
    AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone to whom data are disclosed, by actual name (Art. 4(9), 15(1)(c), 19)."""

    id: str
    name: Mapping[str, str]
    kind: RecipientKind
    country: str
    email: str | None
    """Where it is told of a rectification, erasure or restriction (Art. 19)."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Everything the organisation decided, under one hash that stands in every record (Art. 24, R-0-1)."""

    sha256: str
    version: str
    effective_on: date
    controller: Controller
    purposes: Mapping[str, Purpose]
    notices: Mapping[tuple[str, int, str], Notice] = field(default_factory=_empty)
    data_classes: Mapping[str, Mapping[str, str]] = field(default_factory=_empty)
    """Class of data -> its name by language, as the register shows it (Art. 30(1)(c))."""
    retention: Mapping[str, RetentionRule] = field(default_factory=_empty)
    deadlines: Mapping[str, DeadlinePack] = field(default_factory=_empty)
    """Country -> pack; `EU` is the one for countries without their own."""
    recipients: Mapping[str, Recipient] = field(default_factory=_empty)
    contact_rules: Mapping[str, ContactRules] = field(default_factory=_empty)
    """Country -> its rules on reaching people; a country without any asks for consent (R-FR-1)."""
    ages: Mapping[str, AgeRule] = field(default_factory=_empty)
    """Country -> age of consent; `EU` is the one for countries without their own (R-8-1)."""

    def contact_rules_for(self, country: str | None) -> ContactRules | None:
        """Return the rules on reaching people in a country; None names the controller's own country."""
        return self.contact_rules.get(country or self.controller.country)

    def age_rule_for(self, country: str | None) -> AgeRule | None:
        """Return the age of consent of a country, else that of the Union; None names the controller's own country."""
        return self.ages.get(country or self.controller.country) or self.ages.get("EU")

    def purpose(self, purpose_id: str) -> Purpose:
        """Return a purpose by id.

        Raises: NotFound.
        """
        try:
            return self.purposes[purpose_id]
        except KeyError:
            known = ", ".join(sorted(self.purposes))
            raise NotFound(f"purpose {purpose_id!r} is not in the policies; they have: {known}") from None

    def notice(self, notice_id: str, version: int, language: str) -> Notice:
        """Return one version of a notice in one language.

        Raises: NotFound.
        """
        try:
            return self.notices[notice_id, version, language]
        except KeyError:
            raise NotFound(
                f"notice {notice_id}@{version}/{language} is not in the policies; see `consentcore policies check`"
            ) from None

    def retention_for(self, data: str) -> tuple[RetentionRule, ...]:
        """Return the rules of one data class, in the order of the file; none is an empty tuple."""
        return tuple(rule for rule in self.retention.values() if rule.data == data)

    def purposes_using(self, data: str) -> tuple[Purpose, ...]:
        """Return the purposes that use one data class, in the order of their ids (R-17-0, R-RET-2)."""
        return tuple(purpose for _, purpose in sorted(self.purposes.items()) if data in purpose.data)

    def deadlines_for(self, country: str) -> DeadlinePack:
        """Return the pack of a country, else that of the Union with the holidays of that country.

        Raises: NotFound, where the policies hold neither.
        """
        pack = self.deadlines.get(country) or self.deadlines.get("EU")
        if pack is None:
            raise NotFound("the policies hold no deadlines for this country, nor deadlines/eu.yaml")
        if pack.holiday_country is None and country != "EU":
            return replace(pack, holiday_country=country)
        return pack
