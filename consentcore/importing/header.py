"""The first record of a file: which columns it has, and which delimiter makes it the header the mapping asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TextIO

from consentcore.importing.faults import FileFault
from consentcore.importing.mapping import CAUSE_COLUMN, EXTRA_COLUMN, QUARANTINE_ID_COLUMN, Mapping
from consentcore.importing.records import read_records

GUESSED = (",", ";", "\t")
MAX_COLUMNS = 2_000


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file in order, spaces at the ends of their names dropped."""

    columns: tuple[str, ...]

    def at(self, column: str) -> int | None:
        """Return where a column stands, counted from 0; None where the file has none of that name."""
        return self.columns.index(column) if column in self.columns else None

    def place(self, position: int) -> str:
        """Name the column at a position counted from 0, as an error says it."""
        name = self.columns[position] if position < len(self.columns) else ""
        return f"column {name[:60]!r}" if name else f"column {position + 1}"

    @property
    def own(self) -> frozenset[int]:
        """Positions of the columns that an export of the quarantine added."""
        added = (QUARANTINE_ID_COLUMN, CAUSE_COLUMN)
        return frozenset(
            place for place, name in enumerate(self.columns) if name in added or name.startswith(EXTRA_COLUMN)
        )


def read_header(records: Iterator[tuple[int, list[str]]], mapping: Mapping) -> Header:
    """Take the first record as the header.

    Raises: FileFault for an empty file, a mapped column that is missing or stands there twice.
    """
    first = next(records, None)
    if first is None:
        raise FileFault("the file is empty; a header row with the names of the columns is needed")
    number, cells = first
    header = _header(cells)
    if len(header.columns) > MAX_COLUMNS:
        raise FileFault(f"row {number}: has more than {MAX_COLUMNS} columns")
    wanted = sorted(mapping.columns)
    for column in wanted:
        if column not in header.columns:
            raise FileFault(
                f"row {number}: there is no column {column!r}, which the mapping names; "
                "correct the mapping, the file or its `delimiter`"
            )
    for column in (*wanted, QUARANTINE_ID_COLUMN, CAUSE_COLUMN):
        if header.columns.count(column) > 1:
            raise FileFault(f"row {number}: column {column!r} stands there twice; rename or remove one")
    return header


def choose_delimiter(opened: Callable[[], TextIO], mapping: Mapping) -> str:
    """Return the comma, semicolon or tab under which the header has most of the mapped columns."""
    best, most = GUESSED[0], -1
    for delimiter in GUESSED:
        try:
            first = next(read_records(opened(), delimiter), None)
        except FileFault:
            continue
        columns = _header(first[1]).columns if first else ()
        found = sum(column in columns for column in mapping.columns)
        if found > most:
            best, most = delimiter, found
    return best


def _header(cells: list[str]) -> Header:
    return Header(tuple(cell.strip() for cell in cells))
