"""Reading dates and times as a source writes them: ISO 8601, or the one pattern that its mapping states."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

FIRST_YEAR = 1000
LAST_YEAR = 9998
"""Years that every database keeps and that a change of zone cannot push over the edge."""


def read_day(text: str, pattern: str | None) -> date:
    """Read a calendar date; a time of day after it is dropped.

    Raises: ValueError, which may repeat the text and must not be shown.
    """
    return _read(text, pattern).date()


def read_instant(text: str, pattern: str | None, zone: ZoneInfo) -> datetime:
    """Read a moment as aware UTC; without an offset it is local to `zone`, a date alone is that day's first moment.

    Raises: ValueError, which may repeat the text and must not be shown.
    """
    found = _read(text, pattern)
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)


def _read(text: str, pattern: str | None) -> datetime:
    if len(text) > 64:
        raise ValueError("too long for a date")
    found = datetime.fromisoformat(text) if pattern is None else datetime.strptime(text, pattern)  # noqa: DTZ007
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError("a year that cannot be kept")
    return found
