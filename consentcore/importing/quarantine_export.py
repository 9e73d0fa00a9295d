"""The quarantine as a table that can be mended in a spreadsheet and imported again with the same mapping."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.importing.mapping import CAUSE_COLUMN, EXTRA_COLUMN, QUARANTINE_ID_COLUMN
from consentcore.importing.quarantine import entries


@dataclass(frozen=True, slots=True)
class QuarantineTable:
    """A header and its rows: the source's own columns as they were, then the id and the cause of each row.

    Cells are the source's own text, formulas included: a face that opens them in a spreadsheet says so.
    """

    header: tuple[str, ...]
    rows: Iterator[tuple[str, ...]]


def export(
    session: Session, keyring: Keyring, import_id: UUID | None = None, *, unresolved_only: bool = True
) -> QuarantineTable:
    """Read the quarantine of one import, or of all, as one table; files with other columns stand side by side.

    Cells beyond a file's header go to columns `consentcore_extra_1` and so on. Opens every row twice, so that the
    header is known before the first row and memory stays flat. Rows resolved hold no cells any more.
    Raises: DecryptionFailed.
    """
    columns: dict[str, None] = {}
    extras = 0
    for entry in entries(session, keyring, import_id, unresolved_only=unresolved_only):
        columns |= dict.fromkeys(name for name in entry.by_column() if not name.startswith(EXTRA_COLUMN))
        extras = max(extras, len(entry.cells) - len(entry.header))
    beyond = [f"{EXTRA_COLUMN}{number}" for number in range(1, extras + 1)]
    header = (*columns, *beyond, QUARANTINE_ID_COLUMN, CAUSE_COLUMN)

    def rows() -> Iterator[tuple[str, ...]]:
        for entry in entries(session, keyring, import_id, unresolved_only=unresolved_only):
            cells = entry.by_column() | {QUARANTINE_ID_COLUMN: str(entry.id), CAUSE_COLUMN: entry.fault.cause}
            yield tuple(cells.get(name, "") for name in header)

    return QuarantineTable(header, rows())


def write_csv(table: QuarantineTable, stream: TextIO, delimiter: str = ",") -> int:
    """Write the table as CSV (RFC 4180) to a text stream opened with `newline=""`; returns the number of rows."""
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(table.header)
    written = 0
    for row in table.rows:
        writer.writerow(row)
        written += 1
    return written
