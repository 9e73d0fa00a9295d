"""From the text of one cell to one checked value, or a fault that names the column; no entity is known here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from datetime import date, datetime
from decimal import Decimal
from typing import NoReturn
from zoneinfo import ZoneInfo

from consentcore.crm.contact_points import InvalidContactPoint, email_point, phone_point
from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import PointDraft
from consentcore.importing.faults import FaultKind, RowFault
from consentcore.importing.instants import read_day, read_instant

MAX_EXTERNAL_ID = 255
_SPACES = " \u00a0\u202f'\u2019"
_MARKS = {".": ",", ",": "."}


def _amount_form(decimal: str) -> re.Pattern[str]:
    # the other mark may part the thousands only where a decimal part shows which is which: 1,234 is not 1234
    mark, other = re.escape(decimal), re.escape(_MARKS[decimal])
    return re.compile(
        rf"[+-]?(?:[0-9]+|[0-9]{{1,3}}(?:[{_SPACES}][0-9]{{3}})+)(?:{mark}[0-9]+)?"
        rf"|[+-]?[0-9]{{1,3}}(?:{other}[0-9]{{3}})+{mark}[0-9]+"
    )


_AMOUNTS = {decimal: _amount_form(decimal) for decimal in _MARKS}
_MAX_AMOUNT = 40


class RowRefused(Exception):
    """Carries a row's fault up to where the row is set aside; never leaves this room."""

    def __init__(self, fault: RowFault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


def refuse(kind: FaultKind, column: str | None, cause: str) -> NoReturn:
    """Set the row aside. Raises: RowRefused."""
    raise RowRefused(fault_at(kind, column, cause))


def fault_at(kind: FaultKind, column: str | None, cause: str) -> RowFault:
    """Return a fault whose sentence names the column, where there is one."""
    return RowFault(kind, column, cause if column is None else f"column {column!r}: {cause}")


def external_id_of(column: str, value: str) -> str:
    """Return an external id in NFC, exact otherwise. Raises: RowRefused."""
    external_id = value if value.isascii() else unicodedata.normalize("NFC", value)
    if not external_id.strip():
        refuse(FaultKind.MISSING_ID, column, "the external id is missing")
    if len(external_id) > MAX_EXTERNAL_ID:
        cause = f"the external id has {len(external_id)} characters; at most {MAX_EXTERNAL_ID} are kept"
        refuse(FaultKind.TOO_LONG, column, cause)
    return external_id


def text_of(column: str, most: int, value: str) -> str:
    """Check the length of a text. Raises: RowRefused."""
    if len(value) > most:
        refuse(FaultKind.TOO_LONG, column, f"has {len(value)} characters; at most {most} are kept")
    return value


def point_of(column: str, kind: PointKind, value: str, region: str) -> PointDraft:
    """Read a contact point; a number that cannot be read stays, unindexed. Raises: RowRefused."""
    try:
        return email_point(value) if kind is PointKind.EMAIL else phone_point(kind, value, region)
    except InvalidContactPoint as cause:
        refuse(FaultKind.CONTACT_POINT, column, str(cause))


def date_of(column: str, value: str, pattern: str | None) -> date:
    """Read a calendar date. Raises: RowRefused."""
    try:
        return read_day(value, pattern)
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


def amount_of(column: str, value: str, decimal: str, most: Decimal) -> Decimal:
    """Read a sum of money with two decimals; nothing is rounded. Raises: RowRefused.

    Thousands may be parted by spaces or apostrophes, and by the other mark where a decimal part follows.
    """
    if len(value) > _MAX_AMOUNT or not _AMOUNTS[decimal].fullmatch(value):
        mark = "point" if decimal == "." else "comma"
        cause = f"this is not an amount with a decimal {mark}, such as 1234{decimal}50; see `decimal` in the mapping"
        refuse(FaultKind.AMOUNT, column, cause)
    plain = value.translate(dict.fromkeys(map(ord, _SPACES + _MARKS[decimal]))).replace(decimal, ".")
    whole, _, part = plain.partition(".")
    if part[2:].strip("0"):
        refuse(FaultKind.AMOUNT, column, "has more than two decimals, and an amount is never rounded")
    amount = Decimal(f"{whole}.{part[:2].ljust(2, '0')}")
    if abs(amount) > most:
        refuse(FaultKind.AMOUNT, column, f"is larger than {most}, the most that is kept")
    return amount + 0  # no negative zero


def one_of(what: str, words: Collection[str]) -> Callable[[str, str], str]:
    """Return a reader of words out of a closed list, in capitals or not."""
    known = frozenset(words)

    def read(column: str, value: str) -> str:
        word = value.casefold()
        if word not in known:
            refuse(FaultKind.WORD, column, f"the {what} must be one of {', '.join(sorted(known))}")
        return word

    return read
