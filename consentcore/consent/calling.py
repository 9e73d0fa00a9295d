"""When a consumer may be called: days, hours and holidays in the consumer's own time zone (R-FR-3)."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from consentcore.policyset import CallingHours


def within_hours(hours: CallingHours, at: datetime, timezone: str) -> bool:
    """Tell whether an instant lies in the hours for calls, told in `timezone`; the end of a span is outside.

    Clocks that are put back repeat an hour: both are judged by what the consumer's clock shows.
    """
    local = at.astimezone(ZoneInfo(timezone))
    if local.weekday() not in hours.days:
        return False
    if hours.holidays is not None and local.date() in _holidays(hours.holidays, local.year):
        return False
    now = local.time().replace(tzinfo=None)
    return any(start <= now < end for start, end in hours.spans)


@lru_cache(maxsize=256)
def _holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))
