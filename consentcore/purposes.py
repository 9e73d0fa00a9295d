"""Purposes: why data are processed, on which basis, over which channels, and how a purpose decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


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
    Art. 13(2) of Directive 2002/58); `b2b` that for people reached about their profession (R-FR-2); `basis` needs the
    legal basis alone.
    """

    OPT_IN = "opt_in"
    SOFT_OPT_IN = "soft_opt_in"
    B2B = "b2b"
    BASIS = "basis"


class SpecialCategory(StrEnum):
    """The categories of data of Art. 9(1)."""

    RACIAL_OR_ETHNIC_ORIGIN = "racial_or_ethnic_origin"
    POLITICAL_OPINIONS = "political_opinions"
    RELIGIOUS_OR_PHILOSOPHICAL_BELIEFS = "religious_or_philosophical_beliefs"
    TRADE_UNION_MEMBERSHIP = "trade_union_membership"
    GENETIC_DATA = "genetic_data"
    BIOMETRIC_IDENTIFICATION = "biometric_identification"
    HEALTH = "health"
    SEX_LIFE_OR_ORIENTATION = "sex_life_or_orientation"


ARTICLE_9 = tuple(f"9(2)({letter})" for letter in "abcdefghij")
"""The conditions of Art. 9(2), one of which data of Art. 9(1) need besides a legal basis (R-9-1)."""
EXPLICIT_CONSENT = ARTICLE_9[0]


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
    data: frozenset[str] = frozenset()
    """Data classes that the purpose uses: the `retention=` words of the personal-data map (Art. 30(1)(c))."""
    recipients: tuple[str, ...] = ()
    """Ids of those to whom its data are disclosed (Art. 30(1)(d))."""
    ends: str | None = None
    """Of a contract: the business event that ends the purpose, such as `contract_end` (R-17-0)."""
    marketing: bool | None = None
    """Whether it is direct marketing; None: as its rule says. See `is_marketing`."""
    profiling: bool = False
    """Whether it evaluates personal aspects (Art. 4(4))."""
    conditional: bool = False
    """Whether a service depends on this consent, which the DPO has to review (Art. 7(4), R-7-5)."""
    conditional_review: Mapping[str, str] | None = None
    """What that review found, by language, where `conditional`."""
    special_categories: frozenset[SpecialCategory] = frozenset()
    article9: str | None = None
    """The condition of Art. 9(2) that its special categories rest on, one of `ARTICLE_9` (R-9-1)."""
    for_children: bool = False
    """Whether it is an information society service offered directly to a child (Art. 8(1), R-8-1)."""
    double_opt_in: frozenset[Channel] = frozenset()
    """Channels over which a consent is only asked for until the person confirmed it there."""
    refresh: str | None = None
    """ISO 8601 period after which to ask again, while the consent still stands (R-7-7)."""
    partners: tuple[str, ...] = ()
    """Ids of the recipients to whom the consent lets data go; a new one needs fresh consent."""
    sector: str | None = None
    """Sector of what is sold, where a country's rules on calls name it (R-FR-3)."""
    about_contract: bool = False
    """Whether what is said concerns the object of a contract that the person has (R-FR-3)."""
    derived_from: str | None = None
    """Id of the purpose for which the data were collected first (Art. 6(4), R-6-2)."""
    compatibility_test: Mapping[str, str] | None = None
    """The five factors of Art. 6(4) by language, where `derived_from` is named."""

    @property
    def notice_id(self) -> str | None:
        """The id of the notice, whatever its version."""
        return self.notice.partition("@")[0] if self.notice else None

    @property
    def is_marketing(self) -> bool:
        """Whether it is direct marketing, or profiling for it: an objection needs no weighing (Art. 21(2), R-21-2).

        Where the policies do not say, those decided by opt-in or by an exception from it are, and `basis` purposes not.
        """
        return self.rule is not Rule.BASIS if self.marketing is None else self.marketing
