"""When a request must be answered: months by Regulation 1182/71, rolled to the next working day (R-TIME-1).

The day of receipt is not counted (art. 3(1)); the period ends with the same-named day of a later month, or its last day
(3(2)(c)); an end on a Saturday, a Sunday or a public holiday moves to the next working day (3(4)). Never thirty days,
and never counted on from a day that was moved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from consentcore.clock import add_period, ensure_utc
from consentcore.errors import BadInput
from consentcore.policyset import DeadlinePack, PolicySet

_MONTHS = re.compile(r"P(?=\d)(?:(\d{1,2})Y)?(?:(\d{1,3})M)?")
_SATURDAY = 5
_LONGEST_ROLL = 31
FIRST_YEAR = 1990
LAST_YEAR = 2100


@dataclass(frozen=True, slots=True)
class DueDates:
    """The last days to answer, in the controller's civil calendar; `unrolled` ones are before any move."""

    received_on: date
    due_on: date
    due_on_unrolled: date
    extended_due_on: date
    extended_due_on_unrolled: date
    rule_pack: str
    country: str


def due_dates(received_at: datetime, country: str, policy: PolicySet) -> DueDates:
    """Return when a request received at an instant must be answered (Art. 12(3), R-12-2, R-12-3).

    `country` is the Member State where the controller acts, as ISO 3166 alpha-2: its rule pack and holidays count.
    Raises: NotFound without any rule pack; BadInput for a country without a calendar or an instant out of range.
    """
    pack = policy.deadlines_for(country.upper())
    return from_pack(received_at, pack, country.upper(), policy.controller.timezone)


def from_pack(received_at: datetime, pack: DeadlinePack, country: str, timezone: str) -> DueDates:
    """Return the dates under one pack; `timezone` is the controller's, in which the day of receipt is told."""
    received_on = civil_date(received_at, timezone)
    if not FIRST_YEAR <= received_on.year < LAST_YEAR:
        raise BadInput(f"a request received in the year {received_on.year} is outside what can be reckoned")
    holiday_country = pack.holiday_country or country
    reply = months_after(received_on, pack.reply)
    extended = months_after(received_on, pack.reply, pack.extension)
    if pack.strict:  # the reading that is safe under either: two periods, one after the other, where that ends earlier
        extended = min(extended, months_after(reply, pack.extension))
    return DueDates(
        received_on=received_on,
        due_on=rolled(reply, holiday_country),
        due_on_unrolled=reply,
        extended_due_on=rolled(extended, holiday_country),
        extended_due_on_unrolled=extended,
        rule_pack=pack.id,
        country=country,
    )


def civil_date(instant: datetime, timezone: str) -> date:
    """Return the calendar day of an instant in a time zone.

    Raises: BadInput for an unknown zone.
    """
    try:
        return ensure_utc(instant).astimezone(ZoneInfo(timezone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(f"time zone {timezone!r} is unknown") from None
    except OverflowError:
        raise BadInput("the time is outside the calendar") from None


def months_after(day: date, *periods: str) -> date:
    """Return the same-named day after the sum of some periods of years and months, such as `P1M`, or the month's last.

    Raises: BadInput for a period of anything else.
    """
    months = 0
    for period in periods:
        found = _MONTHS.fullmatch(period)
        if found is None:
            raise BadInput(f"{period!r} is no period of years and months, such as P1M")
        months += 12 * int(found[1] or 0) + int(found[2] or 0)
    midnight = datetime.combine(day, time(), UTC)
    return add_period(midnight, f"P{months // 12}Y{months % 12}M").date()


def rolled(day: date, country: str) -> date:
    """Return the day itself, or the next working day after a Saturday, Sunday or public holiday of the country.

    Raises: BadInput for a country without a calendar.
    """
    for _ in range(_LONGEST_ROLL):
        if day.weekday() < _SATURDAY and day not in _holidays(country, day.year):
            return day
        day += timedelta(days=1)
    raise BadInput(f"the calendar of {country!r} has no working day within {_LONGEST_ROLL} days")


@lru_cache(maxsize=256)
def _holidays(country: str, year: int) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        raise BadInput(f"no calendar of public holidays is known for country {country!r}") from None
