"""What documents are drawn from: small frozen values, texts already in the language of the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType


def _no_labels() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PackageItem:
    """One value about the person: where it stands, what it is called, how the controller came by it."""

    store: str
    """Id of the store (a table or an archive), in `a-z0-9_`; it names the CSV file."""
    ref: str
    """Names the row within its store, so that values of one row stand together."""
    field: str
    label: str
    value: str
    provenance: str = "provided"
    """`provided`, `observed` or `derived` (Art. 20, WP242)."""
    source: str = ""
    """Where the value came from, in words (Art. 15(1)(g))."""
    obtained_on: date | None = None


@dataclass(frozen=True, slots=True)
class UsedPurpose:
    """A purpose that was really applied to this person (Art. 15(1)(a), (b), (d))."""

    title: str
    basis: str
    article: str
    """Such as `6(1)(a)`."""
    categories: tuple[str, ...]
    kept: str
    """Until when, or by which criterion, in words."""
    legal_text: str = ""


@dataclass(frozen=True, slots=True)
class ToldRecipient:
    """Someone who really received data of this person, by name (Art. 15(1)(c), C-154/21)."""

    name: str
    country: str
    """Code of the country."""
    what: str
    last_on: date | None = None
    safeguard: str = ""
    """What protects a transfer outside the European Economic Area (Art. 15(2))."""


@dataclass(frozen=True, slots=True)
class RetainedItem:
    """Something that stays although its erasure was asked for, with its ground and its end (Art. 17(3))."""

    label: str
    ground: str
    article: str
    """Such as `17(3)(b)`."""
    until: date | None = None
    until_event: str = ""
    """In words, where no date can be named yet."""


@dataclass(frozen=True, slots=True)
class AccessPackageData:
    """Everything that the answer to a request of access says, for that one person (Art. 15, R-15-1)."""

    reference: str
    received_on: date
    found: bool
    """Whether anything is held; the negative answer is an answer too."""
    addressee: tuple[str, ...] = ()
    """Lines of the address; empty prints none."""
    items: tuple[PackageItem, ...] = ()
    store_labels: Mapping[str, str] = field(default_factory=_no_labels)
    purposes: tuple[UsedPurpose, ...] = ()
    recipients: tuple[ToldRecipient, ...] = ()
    sources: tuple[str, ...] = ()
    retained: tuple[RetainedItem, ...] = ()
    """What an earlier erasure left, and why."""
    automated: tuple[str, ...] = ()
    """Logic, significance and consequences of each decision under Art. 22; empty says that there is none."""
    withheld: tuple[str, ...] = ()
    """What was covered because it is about others, each with its reason (Art. 15(4))."""


@dataclass(frozen=True, slots=True)
class PersonCard:
    """The person's own contact details, for an address book."""

    first_name: str = ""
    last_name: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    employer: str = ""
    job_title: str = ""
    birth_date: date | None = None
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class PortabilityData:
    """What a person may take along: provided or observed, on consent or contract (Art. 20, R-20-1)."""

    reference: str
    received_on: date
    items: tuple[PackageItem, ...]
    card: PersonCard
    store_labels: Mapping[str, str] = field(default_factory=_no_labels)


@dataclass(frozen=True, slots=True)
class ErasedGroup:
    """A kind of data that went, and how many values or rows of it."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class ErasureLetterData:
    """What the closing letter of an erasure says (Art. 12(4), 17, 19)."""

    reference: str
    received_on: date
    erased: tuple[ErasedGroup, ...]
    retained: tuple[RetainedItem, ...]
    addressee: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    """Those who were told of the erasure (Art. 19)."""
    certificate: str = ""
    """Number of the signed certificate; empty where none was issued."""
    keys_destroyed: bool = False
