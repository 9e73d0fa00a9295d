"""The frozen decisions of the organisation, as the core receives them; `policies/` fills them from dated text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from consentcore.errors import NotFound


class LegalBasis(StrEnum):
    """The six bases of Art. 6(1); one per purpose (R-6-1)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTEREST = "legitimate_interest"

    @property
    def article(self) -> str:
        """The point of Art. 6(1) that this basis is."""
        return f"6(1)({'abcdef'[_ARTICLE_ORDER.index(self)]})"


_ARTICLE_ORDER = (
    LegalBasis.CONSENT,
    LegalBasis.CONTRACT,
    LegalBasis.LEGAL_OBLIGATION,
    LegalBasis.VITAL_INTERESTS,
    LegalBasis.PUBLIC_TASK,
    LegalBasis.LEGITIMATE_INTEREST,
)


class Channel(StrEnum):
    """Ways of reaching a person."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    POST = "post"
    APP = "app"


class Rule(StrEnum):
    """How a purpose decides whether a person may be reached.

    `opt_in` needs a consent; `soft_opt_in` is the exception for customers and similar products (L34-5 CPCE,
    Art. 13(2) of Directive 2002/58); `basis` needs the legal basis alone.
    """

    OPT_IN = "opt_in"
    SOFT_OPT_IN = "soft_opt_in"
    BASIS = "basis"


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

    @property
    def label(self) -> str:
        """The notice as people write it: `newsletter@1/fr`."""
        return f"{self.id}@{self.version}/{self.language}"


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why data are processed, on which one basis, through which channels (Art. 5(1)(b), 6(1), R-6-1)."""

    id: str
    version: int
    title: Mapping[str, str]
    description: Mapping[str, str]
    basis: LegalBasis
    channels: frozenset[Channel]
    rule: Rule
    notice: str | None
    """Id and version of the notice in use, such as `newsletter@1`; consents under older versions keep theirs."""
    legal_text: str | None = None
    balancing_test: Mapping[str, str] | None = None
    """The weighing of interests by language, where the basis is legitimate interest."""
    validity: str | None = None
    """ISO 8601 period after which a consent wants renewing, e.g. `P3Y`; None is without end (R-7-7)."""

    @property
    def notice_id(self) -> str | None:
        """The id of the notice, whatever its version."""
        return self.notice.partition("@")[0] if self.notice else None


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Everything the organisation decided, under one hash that stands in every record (Art. 24, R-0-1)."""

    sha256: str
    version: str
    effective_on: date
    controller: Controller
    purposes: Mapping[str, Purpose]
    notices: Mapping[tuple[str, int, str], Notice] = field(default_factory=lambda: MappingProxyType({}))

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
