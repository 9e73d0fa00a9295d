"""From a row of the file to a draft with its external id, or to the reason why it is set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from consentcore.importing.cells import place_of
from consentcore.importing.entities import ENTITIES
from consentcore.importing.faults import FaultKind, RowFault
from consentcore.importing.header import Header
from consentcore.importing.mapping import CAUSE_COLUMN, EXTRA_COLUMN, QUARANTINE_ID_COLUMN, Mapping
from consentcore.importing.reader import SourceRow
from consentcore.importing.seen import SeenInFile
from consentcore.importing.values import RowRefused, external_id_of, refuse


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row as read: its draft, or its fault; `values` are the source's own cells, for the quarantine."""

    number: int
    values: tuple[str, ...]
    external_id: str
    draft: Any
    """What the cells of its entity make of it; None where there is a fault."""
    fault: RowFault | None
    source: str | None = None
    quarantine_id: UUID | None = None
    waived: bool = False
    """Whether somebody emptied the cause that the export of the quarantine gave: the row is to be taken as it is."""


class RowReader:
    """Reads the rows of one file in order; it remembers on disk which external ids it met.

    `region` is where telephone numbers without an international prefix are read when the row's country does not say.
    Raises: MappingRefused when a constant of the mapping is not what its target takes.
    """

    def __init__(self, mapping: Mapping, header: Header, region: str, seen: SeenInFile) -> None:
        self._seen = seen
        self._width = len(header.columns)
        self._id_at = place_of(header, mapping.id_column)
        self._id_column = mapping.id_column
        self._quarantine_at = header.at(QUARANTINE_ID_COLUMN)
        self._cause_at = header.at(CAUSE_COLUMN)
        self._extras = [place for place, name in enumerate(header.columns) if name.startswith(EXTRA_COLUMN)]
        self._own = header.own
        self._cells = ENTITIES[mapping.entity].cells(mapping, header, region)

    def read(self, row: SourceRow) -> ReadRow:
        """Read one row; what is wrong with it stands in its `fault`."""
        cells = row.values
        external_id, draft, source, fault = "", None, None, None
        quarantine_id, waived = None, False
        try:
            quarantine_id, waived = self._handed_back(cells)
            self._check_shape(cells)
            external_id = self._external_id(cells)
            draft, source = self._cells.read(cells)
        except RowRefused as refused:
            fault = refused.fault
        return ReadRow(row.number, self._kept(cells), external_id, draft, fault, source, quarantine_id, waived)

    def read_all(self, rows: Iterator[SourceRow]) -> Iterator[ReadRow]:
        """Read rows as they come."""
        return map(self.read, rows)

    def _kept(self, cells: Sequence[str]) -> tuple[str, ...]:
        if not self._own:
            return tuple(cells)
        return tuple(cell for place, cell in enumerate(cells) if place not in self._own)

    def _handed_back(self, cells: Sequence[str]) -> tuple[UUID | None, bool]:
        if self._quarantine_at is None or self._quarantine_at >= len(cells):
            return None, False
        text = cells[self._quarantine_at].strip()
        if not text:
            return None, False
        waived = self._cause_at is not None and self._cause_at < len(cells) and not cells[self._cause_at].strip()
        try:
            quarantine_id = UUID(text)
        except ValueError:
            refuse(FaultKind.UNKNOWN_QUARANTINE_ID, QUARANTINE_ID_COLUMN, "this names no row of the quarantine")
        if not self._seen.take(f"quarantine\x1f{quarantine_id}"):
            refuse(FaultKind.UNKNOWN_QUARANTINE_ID, QUARANTINE_ID_COLUMN, "the same id stands in an earlier row")
        return quarantine_id, waived

    def _check_shape(self, cells: Sequence[str]) -> None:
        if len(cells) != self._width:
            refuse(FaultKind.RAGGED, None, f"the row has {len(cells)} cells and the header {self._width}")
        if any(cells[place] for place in self._extras):
            refuse(FaultKind.RAGGED, None, f"the row has cells beyond the header, under {EXTRA_COLUMN}...")

    def _external_id(self, cells: Sequence[str]) -> str:
        external_id = external_id_of(self._id_column, cells[self._id_at])
        if not self._seen.take(f"row\x1f{external_id}"):
            refuse(FaultKind.REPEATED_ID, self._id_column, "the external id stands in an earlier row of this file")
        return external_id
