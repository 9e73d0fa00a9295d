"""What a column of a file may become in a contact, and which of its attributes each target fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from consentcore.crm.contacts import PointKind

CONTACT = "contact"
LATER_ENTITIES = frozenset(
    {"account", "lead", "opportunity", "activity", "transaction", "ticket", "contract", "consent"}
)
LATER_TARGETS = frozenset({"account.siret", "account.vat"})


class Becomes(StrEnum):
    """The kinds of value a target can hold."""

    TEXT = "text"
    """A sealed text of the contact."""
    DAY = "day"
    """A sealed calendar date, kept as ISO 8601."""
    INSTANT = "instant"
    """A moment, or the start of a day in the mapping's time zone."""
    WORD = "word"
    """A short clear word: kind of contact, language tag, time zone, capacity."""
    POINT = "point"
    """A way to reach the person."""
    SOURCE = "source"
    """Where the row says it comes from: kept with the provenance, not with the contact."""


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
        "source": Target(Becomes.SOURCE, constant=True),
        "created_at": Target(Becomes.INSTANT, "created_at"),
        "last_contact_at": Target(Becomes.INSTANT, "last_contact_at"),
    }
)
"""In the order in which points of one kind are kept: `email` before `email2`."""
