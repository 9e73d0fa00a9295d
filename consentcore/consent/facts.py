"""What is known about one person when a decision is made: plain values, gathered by `gathering`, read by `judging`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from consentcore.consent.tables import Quality
from consentcore.crm.contacts import Capacity

_NO_QUALITY = Quality(0)


@dataclass(frozen=True, slots=True)
class Facts:
    """What bears on one person, purpose and channel at one instant; what nobody knows of is empty."""

    state: str | None = None
    """Of the newest declaration; None where the person never declared anything."""
    record_id: UUID | None = None
    at: datetime | None = None
    expires_at: datetime | None = None
    quality: Quality = _NO_QUALITY
    suppressed_at: datetime | None = None
    objected_at: datetime | None = None
    restricted_at: datetime | None = None
    erased: bool = False
    """Whether an erasure took everything that could be reached of the person."""
    held_only: bool = False
    """Whether the person's contacts were disposed of, and only evidence, archive or holds are left."""
    deceased_on: date | None = None
    capacity: Capacity = Capacity.CONSUMER
    """Consumer unless every contact of the person is a professional one."""
    countries: frozenset[str] = frozenset()
    """Where the person's contacts live; empty is the controller's own country."""
    timezone: str | None = None
    """The person's own time zone, where a contact names one."""
    last_business_on: date | None = None
    """The last day of an order, invoice or subscription; the day asked about while one runs."""
    refusal_offered: bool = False
    """Whether a notice of the purpose was shown to the person by the day of a sale."""
    contract_runs: bool = False
    called_at: tuple[datetime, ...] = ()
    """Calls made to the person for direct marketing, whatever came of them."""
    call_refused_at: datetime | None = None
