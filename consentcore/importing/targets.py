"""What a column of a file may become in a contact, transaction or consent, and which attribute each target fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from consentcore.crm.contacts import PointKind

CONTACT = "contact"
TRANSACTION = "transaction"
CONSENT = "consent"
LATER_ENTITIES = frozenset({"account", "lead", "opportunity", "activity", "ticket", "contract"})
LATER_TARGETS = frozenset({"account.siret", "account.vat"})


class Becomes(StrEnum):
    """The kinds of value a target can hold."""

    TEXT = "text"
    """A sealed text."""
    DAY = "day"
    """A sealed calendar date, kept as ISO 8601."""
    DATE = "date"
    """A clear calendar date."""
    INSTANT = "instant"
    """A moment, or the start of a day in the mapping's time zone."""
    WORD = "word"
    """A short clear word: kind, language tag, time zone, capacity, currency, status."""
    AMOUNT = "amount"
    """A sum of money, written with the mapping's decimal mark."""
    POINT = "point"
    """A way to reach the person."""
    LINK = "link"
    """The external id, in the same system, of the contact that the row belongs to."""
    SOURCE = "source"
    """Where the row says it comes from: kept with the provenance, not with the contact."""


SEALED = frozenset({Becomes.TEXT, Becomes.DAY})
"""What is kept among the sealed texts of a draft."""


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a mapping: what its value becomes, and the attribute or kind of point that takes it."""

    becomes: Becomes
    attribute: str = ""
    point: PointKind | None = None
    constant: bool = False
    """Whether one value for every row makes sense."""


def _text(attribute: str, *, constant: bool = False) -> Target:
    return Target(Becomes.TEXT, attribute, constant=constant)


def _point(kind: PointKind) -> Target:
    return Target(Becomes.POINT, point=kind)


CONTACT_TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "first_name": _text("first_name"),
        "last_name": _text("last_name"),
        "email": _point(PointKind.EMAIL),
        "email2": _point(PointKind.EMAIL),
        "phone": _point(PointKind.PHONE),
        "mobile": _point(PointKind.MOBILE),
        "fax": _point(PointKind.FAX),
        "job_title": _text("job_title", constant=True),
        "birth_date": Target(Becomes.DAY, "birth_date"),
        "gender": _text("gender"),
        "account.name": _text("account_name", constant=True),
        "address.street": _text("street", constant=True),
        "address.city": _text("city", constant=True),
        "address.region": _text("region", constant=True),
        "address.postal_code": _text("postal_code", constant=True),
        "address.country": _text("country", constant=True),
        "notes": _text("notes", constant=True),
        "tags": _text("tags", constant=True),
        "kind": Target(Becomes.WORD, "kind", constant=True),
        "capacity": Target(Becomes.WORD, "capacity", constant=True),
        "language": Target(Becomes.WORD, "language", constant=True),
        "timezone": Target(Becomes.WORD, "timezone", constant=True),
        "source": Target(Becomes.SOURCE, "source", constant=True),
        "created_at": Target(Becomes.INSTANT, "created_at"),
        "last_contact_at": Target(Becomes.INSTANT, "last_contact_at"),
    }
)
"""In the order in which points of one kind are kept: `email` before `email2`."""

TRANSACTION_TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "contact.external_id": Target(Becomes.LINK),
        "kind": Target(Becomes.WORD, "kind", constant=True),
        "number": _text("number"),
        "issued_on": Target(Becomes.DATE, "issued_on"),
        "amount": Target(Becomes.AMOUNT, "amount"),
        "currency": Target(Becomes.WORD, "currency", constant=True),
        "status": Target(Becomes.WORD, "status", constant=True),
        "ends_on": Target(Becomes.DATE, "ends_on"),
        "billing_name": _text("billing_name"),
        "billing_address.street": _text("billing_street", constant=True),
        "billing_address.city": _text("billing_city", constant=True),
        "billing_address.region": _text("billing_region", constant=True),
        "billing_address.postal_code": _text("billing_postal_code", constant=True),
        "billing_address.country": _text("billing_country", constant=True),
    }
)
TRANSACTION_NEEDS = ("contact.external_id", "kind", "issued_on", "amount", "currency")
CONSENT_TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "contact.external_id": Target(Becomes.LINK),
        "purpose": Target(Becomes.WORD, "purpose", constant=True),
        "channel": Target(Becomes.WORD, "channel", constant=True),
        "state": Target(Becomes.WORD, "said", constant=True),
        "at": Target(Becomes.INSTANT, "at"),
        "method": Target(Becomes.WORD, "method", constant=True),
        "notice": Target(Becomes.WORD, "notice", constant=True),
    }
)
CONSENT_NEEDS = ("contact.external_id", "purpose", "channel", "state")
TARGETS: Mapping[str, Mapping[str, Target]] = MappingProxyType(
    {CONTACT: CONTACT_TARGETS, TRANSACTION: TRANSACTION_TARGETS, CONSENT: CONSENT_TARGETS}
)
"""The targets of each entity that can be imported."""
NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {CONTACT: (), TRANSACTION: TRANSACTION_NEEDS, CONSENT: CONSENT_NEEDS}
)
"""The targets that a mapping of each entity must fill, and each of its rows too."""
