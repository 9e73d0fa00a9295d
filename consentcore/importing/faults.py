"""What can be wrong with a file or with one of its rows, said without ever repeating the value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from consentcore.errors import BadInput


class FileFault(BadInput):
    """The file cannot be imported at all; the message names row, column and cause, and nothing was written."""

    default_code = "file_fault"


class FaultKind(StrEnum):
    """Why a row was set aside; stable words for counts and filters."""

    MISSING_ID = "missing_id"
    REPEATED_ID = "repeated_id"
    RAGGED = "ragged"
    CONTACT_POINT = "contact_point"
    TOO_LONG = "too_long"
    DATE = "date"
    WORD = "word"
    MISSING = "missing"
    AMOUNT = "amount"
    UNKNOWN_CONTACT = "unknown_contact"
    OTHER_CONTACT = "other_contact"
    ERASED = "erased"
    UNKNOWN_QUARANTINE_ID = "unknown_quarantine_id"


UNCHANGED_IS_NO_CURE = frozenset({FaultKind.RAGGED, FaultKind.REPEATED_ID})
"""Faults that depend on the file around the row: handing the same row back alone does not mend them."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why one row cannot be taken: the column of the file (None: the whole row) and a sentence without the value."""

    kind: FaultKind
    column: str | None
    cause: str
