"""From the text of one cell to one checked value of a contact, or a fault that names the column."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import NoReturn
from zoneinfo import ZoneInfo, available_timezones

from consentcore.crm.contact_points import InvalidContactPoint, email_point, phone_point
from consentcore.crm.contacts import Capacity, Contact, PointKind
from consentcore.crm.drafts import SEALED_TEXTS, PointDraft
from consentcore.importing.faults import FaultKind, RowFault
from consentcore.importing.instants import read_day, read_instant

MAX_KIND = 32
_LANGUAGE = re.compile(r"(?=.{2,16}\Z)[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_CAPACITIES = frozenset(capacity.value for capacity in Capacity)
LIMITS = {name: getattr(Contact.__table__.c[name].type, "max_chars", 255) for name in SEALED_TEXTS}
"""Most characters of each sealed text."""


class RowRefused(Exception):
    """Carries a row's fault up to where the row is set aside; never leaves this room."""

    def __init__(self, fault: RowFault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


def refuse(kind: FaultKind, column: str | None, cause: str) -> NoReturn:
    """Set the row aside. Raises: RowRefused."""
    raise RowRefused(RowFault(kind, column, cause if column is None else f"column {column!r}: {cause}"))


def text_of(column: str, attribute: str, value: str) -> str:
    """Check the length of a sealed text. Raises: RowRefused."""
    if len(value) > LIMITS[attribute]:
        refuse(FaultKind.TOO_LONG, column, f"has {len(value)} characters; at most {LIMITS[attribute]} are kept")
    return value


def point_of(column: str, kind: PointKind, value: str, region: str) -> PointDraft:
    """Read a contact point; a number that cannot be read stays, unindexed. Raises: RowRefused."""
    try:
        return email_point(value) if kind is PointKind.EMAIL else phone_point(kind, value, region)
    except InvalidContactPoint as cause:
        refuse(FaultKind.CONTACT_POINT, column, str(cause))


def day_of(column: str, value: str, pattern: str | None) -> str:
    """Read a calendar date as ISO 8601. Raises: RowRefused."""
    try:
        return read_day(value, pattern).isoformat()
    except (ValueError, OverflowError):
        refuse(FaultKind.DATE, column, f"this is not a date{_expected(pattern)}")


def instant_of(column: str, value: str, pattern: str | None, zone: ZoneInfo) -> datetime:
    """Read a moment. Raises: RowRefused."""
    try:
        return read_instant(value, pattern, zone)
    except (ValueError, OverflowError):
        refuse(FaultKind.DATE, column, f"this is not a date or time{_expected(pattern)}")


def _expected(pattern: str | None) -> str:
    if pattern is None:
        return " of ISO 8601, such as 2026-11-09; state the file's own pattern under `dates` in the mapping"
    return " of the pattern that the mapping states under `dates`"


def word_of(column: str, attribute: str, value: str) -> str:
    """Check a short clear word, which nothing but itself may hide in. Raises: RowRefused."""
    if attribute == "capacity":
        word = value.casefold()
        if word not in _CAPACITIES:
            refuse(FaultKind.WORD, column, f"the capacity must be one of {', '.join(sorted(_CAPACITIES))}")
        return word
    if attribute == "language" and not _LANGUAGE.fullmatch(value):
        refuse(FaultKind.WORD, column, "this is no language tag such as fr or pt-BR")
    if attribute == "timezone" and value not in _zones():
        refuse(FaultKind.WORD, column, "this is no name of the IANA time zone database, such as Europe/Paris")
    if attribute == "kind" and len(value) > MAX_KIND:
        refuse(FaultKind.TOO_LONG, column, f"has {len(value)} characters; at most {MAX_KIND} are kept")
    return value


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
