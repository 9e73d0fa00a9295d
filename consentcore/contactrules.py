"""Rules of a country on reaching people: electronic mail, the telephone and its hours, the age of consent.

Numbers of the law live in dated files under `policies/organisation/`; these are the frozen values they become (R-0-1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True, slots=True)
class CallingHours:
    """When a consumer may be called, in the consumer's own time zone (R-FR-3)."""

    days: frozenset[int]
    """Days of the week, Monday 0 to Sunday 6."""
    spans: tuple[tuple[time, time], ...]
    """From (included) to (excluded), within one day."""
    holidays: str | None
    """Country whose public holidays are free of calls; None where they count like other days."""


@dataclass(frozen=True, slots=True)
class PhoneRules:
    """The rules of a country on calling consumers to sell (R-FR-3)."""

    consent_from: date | None
    """From this day a call needs prior consent; None: an objection suffices."""
    contract_exception: bool
    """Whether a call that a running contract calls for, about its object, needs no consent."""
    banned_sectors: frozenset[str]
    """Sectors that may not call at all outside a running contract, consent or not."""
    hours: CallingHours | None
    most_calls: int | None
    """At most so many calls to one person within `call_window`."""
    call_window: str | None
    """ISO 8601 period before the call, such as `P30D`."""
    quiet_after_refusal: str | None
    """ISO 8601 period after a refusal in a call, such as `P60D`."""


@dataclass(frozen=True, slots=True)
class ContactRules:
    """How people in one country may be reached for direct marketing, in one version (R-FR-1, R-FR-2, R-FR-3)."""

    id: str
    """Country and version, `FR@1`."""
    country: str
    version: int
    effective_on: date
    customers_exempt: bool
    """Whether customers may be sent electronic mail on similar products without consent (Art. 13(2) of 2002/58)."""
    professionals_exempt: bool
    """Whether people may be written to without consent about their profession."""
    phone: PhoneRules
    sources: tuple[str, ...]
    unconfirmed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgeRule:
    """From which age a person in a country consents alone to an information society service (Art. 8(1), R-8-1)."""

    country: str
    age: int
    joint: bool
    """Whether a younger one consents together with a parent (R-8-2); else the parent alone gives or authorises it."""
    legal_text: str
    unconfirmed: bool
