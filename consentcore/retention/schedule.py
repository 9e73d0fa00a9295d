"""When data are due to go: from a start event, over a period, to the last day on which they are kept."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from consentcore.clock import add_period, ensure_utc
from consentcore.errors import BadInput
from consentcore.policyset import Controller, RetentionRule

FISCAL_YEAR = "fiscal_year_end_of_issue"


def due_on(rule: RetentionRule, start: date, controller: Controller) -> date | None:
    """Return the last day on which data that started on `start` are kept under a rule; None is without end.

    Periods from an accounting year start at its close (C. com. L123-22): issued on 2021-03-05, year closed on 12-31,
    P10Y: 2031-12-31. A period of years ends with its last day (Reg. 1182/71 art. 3(2)(c)): data go on the next.
    Raises: BadInput when the period cannot be read or leads beyond the year 9999.
    """
    if rule.period is None:
        return None
    begins = fiscal_year_end(start, controller.fiscal_year_end) if rule.starts == FISCAL_YEAR else start
    return add_period(datetime.combine(begins, time(12), UTC), rule.period).date()


def fiscal_year_end(day: date, year_end: str) -> date:
    """Return the close of the accounting year in which `day` lies.

    Units: `year_end` is MM-DD; 02-29 is the last day of February where there is no such day. Raises: BadInput.
    """
    try:
        month, last = (int(part) for part in year_end.split("-"))
        close = _day(day.year, month, last)
        return close if day <= close else _day(day.year + 1, month, last)
    except ValueError:  # no such month, or a year beyond the calendar
        raise BadInput(f"{year_end!r} is not the end of an accounting year after {day}; write it MM-DD") from None


def _day(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


def is_due(last_day: date | None, today: date) -> bool:
    """Tell whether data whose last day was `last_day` are to go today."""
    return last_day is not None and last_day < today


def latest_start_due(rule: RetentionRule, today: date, controller: Controller) -> date | None:
    """Return the latest start from which data are due today; None where nothing can be due.

    The end never moves back when the start moves on, so a search by halves finds it: one comparison then serves
    a whole table. Data are due exactly where their start is this day or before.
    """
    low, high = 0, today.toordinal()  # `low` is always due (or no day at all), what follows `high` never
    while low < high:
        middle = (low + high + 1) // 2
        if _due_from(rule, date.fromordinal(middle), today, controller):
            low = middle
        else:
            high = middle - 1
    return date.fromordinal(low) if low else None


def _due_from(rule: RetentionRule, start: date, today: date, controller: Controller) -> bool:
    try:
        return is_due(due_on(rule, start, controller), today)
    except BadInput:
        return False  # an end that the calendar does not hold is not past


def today_of(controller: Controller, now: datetime) -> date:
    """Return the civil day at the controller's place."""
    return ensure_utc(now).astimezone(ZoneInfo(controller.timezone)).date()


def end_of(day: date, controller: Controller) -> datetime:
    """Return the instant, in UTC, at which a civil day at the controller's place is over."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(controller.timezone)).astimezone(UTC)
