"""Instants are aware UTC; this room checks, reads and writes them. The current time is always handed in."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import MAXYEAR, UTC, datetime, timedelta

from consentcore.errors import BadInput


def ensure_utc(instant: datetime) -> datetime:
    """Return `instant` in UTC; a naive one is refused, because its zone would be a guess.

    Raises: BadInput.
    """
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise BadInput("a time without a zone was given; write it with an offset, such as 2026-11-09T10:00:00Z")
    return instant.astimezone(UTC)


def to_second(instant: datetime) -> datetime:
    """Round `instant` down to the second: finer times in a public leaf would help to tell people apart."""
    return ensure_utc(instant).replace(microsecond=0)


def iso(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with a `Z`, microseconds only where there are any."""
    return ensure_utc(instant).isoformat().replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 / ISO 8601 instant that carries an offset.

    Raises: BadInput when it is no instant or names no offset.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("this is not an ISO 8601 instant; write it such as 2026-11-09T10:00:00+01:00") from None
    return ensure_utc(instant)


_PERIOD = re.compile(r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")


def add_period(instant: datetime, period: str) -> datetime:
    """Add an ISO 8601 period of years, months, weeks and days, such as `P3Y` or `P1M`.

    Months keep the same-named day, or the last day of a shorter month (Reg. 1182/71 art. 3(2)(c)).
    Raises: BadInput when the period cannot be read.
    """
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise BadInput(f"{period!r} is not an ISO 8601 period of years, months, weeks and days; write it such as P3Y")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    month = instant.month - 1 + 12 * years + months
    year, month = instant.year + month // 12, month % 12 + 1
    if year > MAXYEAR:
        raise BadInput(f"{period!r} leads beyond the year {MAXYEAR}")
    day = min(instant.day, monthrange(year, month)[1])
    return instant.replace(year=year, month=month, day=day) + timedelta(days=7 * weeks + days)
