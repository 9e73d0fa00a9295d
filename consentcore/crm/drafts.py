"""A contact as plain checked values, before it is sealed: what forms, imports and the API hand to the CRM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from consentcore.crm.contacts import Capacity, PointKind

SEALED_TEXTS = (
    "first_name",
    "last_name",
    "job_title",
    "birth_date",
    "gender",
    "account_name",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "notes",
    "tags",
)
CLEAR_TEXTS = ("kind", "capacity", "language", "timezone")


@dataclass(frozen=True, slots=True)
class PointDraft:
    """A contact point as given, and its normal form for the blind index (None: kept, unindexed, flagged)."""

    kind: PointKind
    value: str
    normalised: str | None


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """The values of one contact; an attribute missing from `texts` is empty."""

    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    points: tuple[PointDraft, ...] = ()
    kind: str | None = None
    capacity: str = Capacity.CONSUMER.value
    language: str | None = None
    timezone: str | None = None
    created_at: datetime | None = None
    last_contact_at: datetime | None = None

    def overlaid(self, newer: ContactDraft, attributes: frozenset[str], kinds: frozenset[PointKind]) -> ContactDraft:
        """Return this contact with `attributes` and points of `kinds` taken from `newer`, the rest kept.

        A source speaks for the columns it has: an emptied one empties the field, an absent one says nothing.
        """
        texts = {name: text for name, text in self.texts.items() if name not in attributes}
        texts |= {name: text for name, text in newer.texts.items() if name in attributes}
        kept = tuple(point for point in self.points if point.kind not in kinds)
        taken = tuple(point for point in newer.points if point.kind in kinds)
        order = list(PointKind)
        return replace(
            self,
            texts=texts,
            points=tuple(sorted(kept + taken, key=lambda point: order.index(point.kind))),
            kind=newer.kind if "kind" in attributes else self.kind,
            capacity=newer.capacity if "capacity" in attributes else self.capacity,
            language=newer.language if "language" in attributes else self.language,
            timezone=newer.timezone if "timezone" in attributes else self.timezone,
            last_contact_at=newer.last_contact_at if "last_contact_at" in attributes else self.last_contact_at,
        )
