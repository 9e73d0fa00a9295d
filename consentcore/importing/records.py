"""CSV records out of a text stream, with every size bounded and every fault naming its row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from consentcore.importing.faults import FileFault

MAX_FIELD = 1_000_000
MAX_RECORD = 2_000_000
"""Characters of one field and of one record."""


class _Lines:
    """The physical lines of a file, none of which is read further than a record may reach."""

    def __init__(self, stream: TextIO) -> None:
        self._readline = stream.readline
        self.held = 0
        """Characters read since the last record ended."""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._readline(MAX_RECORD + 1)
        self.held += len(line)
        if self.held > MAX_RECORD:
            raise _TooLong
        if not line:
            raise StopIteration
        return line


class _TooLong(Exception):
    """A record goes beyond `MAX_RECORD`."""


def read_records(stream: TextIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each record, as a spreadsheet counts its rows from 1, and its cells; empty ones are passed.

    Effects: raises the process-wide `csv.field_size_limit` where it is lower than `MAX_FIELD`.
    Raises: FileFault for broken quoting and oversized fields; what the stream's decoder raises.
    """
    if csv.field_size_limit() < MAX_FIELD:
        csv.field_size_limit(MAX_FIELD)
    lines = _Lines(stream)
    number = 0
    try:
        for number, cells in enumerate(csv.reader(lines, delimiter=delimiter, strict=True), start=1):
            if lines.held > MAX_FIELD:
                _check_fields(number, cells)
            lines.held = 0
            if any(cells):
                yield number, cells
    except csv.Error as cause:
        raise FileFault(f"row {number + 1}: {_reason(str(cause))}") from None
    except _TooLong:
        raise FileFault(
            f"row {number + 1}: goes on for more than {MAX_RECORD} characters; a quote may be missing its end"
        ) from None


def _check_fields(number: int, cells: list[str]) -> None:
    for place, cell in enumerate(cells, start=1):
        if len(cell) > MAX_FIELD:
            raise FileFault(f"row {number}, column {place}: holds more than {MAX_FIELD} characters")


def _reason(message: str) -> str:
    if "field larger than field limit" in message:
        return f"a field holds more than {MAX_FIELD} characters"
    if "unexpected end of data" in message:
        return "a quoted field begins and never ends; a quote is missing"
    if "expected after" in message:
        return "text follows the closing quote of a field; quotes inside a quoted field must be doubled"
    return "cannot be read as CSV; look for a stray quote or line break"
