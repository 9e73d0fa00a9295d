"""What a batch of rows would do to what is here: read only, the same for a dry run and for the real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.importing.counts import Counts
from consentcore.importing.entities import ENTITIES
from consentcore.importing.entity import Written, readable
from consentcore.importing.externals import known_rows
from consentcore.importing.faults import UNCHANGED_IS_NO_CURE, FaultKind, RowFault
from consentcore.importing.mapping import QUARANTINE_ID_COLUMN
from consentcore.importing.quarantine import QuarantineEntry, handed_back
from consentcore.importing.rows import ReadRow
from consentcore.importing.runs import Run

_UNKNOWN = RowFault(
    FaultKind.UNKNOWN_QUARANTINE_ID,
    QUARANTINE_ID_COLUMN,
    f"column {QUARANTINE_ID_COLUMN!r}: names no row set aside from this system; empty the cell to take it as a new row",
)


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that was never here; `draft` is its entity's."""

    row: ReadRow
    draft: Any


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that is here with other values; `draft` is what it becomes."""

    row: ReadRow
    written: Written
    draft: Any


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Every row of a batch, in exactly one list; `known_back` are the quarantine ids that were recognised."""

    new: Sequence[NewRow]
    changed: Sequence[ChangedRow]
    unchanged: Sequence[ReadRow]
    faulty: Sequence[tuple[ReadRow, RowFault]]
    known_back: frozenset[UUID]
    matches: int

    @property
    def counts(self) -> Counts:
        """Count the lists."""
        created, updated = len(self.new), len(self.changed)
        duplicates, quarantined = len(self.unchanged), len(self.faulty)
        return Counts(
            rows=created + updated + duplicates + quarantined,
            created=created,
            updated=updated,
            duplicates=duplicates,
            quarantined=quarantined,
            matches=self.matches,
        )


def plan_batch(
    session: Session, keyring: Keyring, run: Run, rows: Sequence[ReadRow], meet: Callable[[str], bool]
) -> BatchPlan:
    """Sort a batch into new, changed, unchanged and faulty rows; writes nothing and makes no key.

    `meet` remembers contact points of earlier rows that the database does not show yet (see `likeness`).
    Raises: DecryptionFailed when a stored value was moved or changed.
    """
    back = handed_back(session, keyring, run, {row.quarantine_id for row in rows if row.quarantine_id is not None})
    found = _Sorted()
    sound: list[ReadRow] = []
    for row in rows:
        fault = _fault_of(row, back, run)
        if fault is None:
            sound.append(row)
        else:
            found.faulty.append((row, fault))
    _sort(session, keyring, run, sound, found)
    matches = ENTITIES[run.mapping.entity].matches(session, keyring, found.order, meet)
    return BatchPlan(found.new, found.changed, found.unchanged, found.faulty, frozenset(back), matches)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Rows by what becomes of them, and in `order` the drafts that are written and whether each is new."""

    new: list[NewRow] = field(default_factory=list)
    changed: list[ChangedRow] = field(default_factory=list)
    unchanged: list[ReadRow] = field(default_factory=list)
    faulty: list[tuple[ReadRow, RowFault]] = field(default_factory=list)
    order: list[tuple[Any, bool]] = field(default_factory=list)


def _sort(session: Session, keyring: Keyring, run: Run, sound: Sequence[ReadRow], found: _Sorted) -> None:
    entity = ENTITIES[run.mapping.entity]
    ids = [row.external_id for row in sound]
    known = known_rows(session, keyring, run.mapping.system, run.mapping.entity, ids)
    here = readable(partial(entity.read, session, keyring), [written.row_id for written in known.values()])
    merge = entity.merger(run)
    linked = entity.linked(session, keyring, run, [row.draft for row in sound])
    for row, draft in zip(sound, linked, strict=True):
        written = known.get(row.external_id)
        if isinstance(draft, RowFault):
            found.faulty.append((row, draft))
        elif written is None:
            found.new.append(NewRow(row, draft))
            found.order.append((draft, True))
        elif written.row_id not in here:
            found.faulty.append((row, entity.erased))
        else:
            _compare(row, written, merge(here[written.row_id], draft), found)


def _compare(row: ReadRow, written: Written, merged: Any, found: _Sorted) -> None:
    if merged is None:
        found.unchanged.append(row)
    elif isinstance(merged, RowFault):
        found.faulty.append((row, merged))
    else:
        found.changed.append(ChangedRow(row, written, merged))
        found.order.append((merged, False))


def _fault_of(row: ReadRow, back: Mapping[UUID, QuarantineEntry], run: Run) -> RowFault | None:
    if row.quarantine_id is None:
        return row.fault
    entry = back.get(row.quarantine_id)
    if entry is None:
        return _UNKNOWN
    if row.fault is not None or row.waived or entry.fault.kind not in UNCHANGED_IS_NO_CURE:
        return row.fault
    return entry.fault if _same_cells(entry, row, run) else None


def _same_cells(entry: QuarantineEntry, row: ReadRow, run: Run) -> bool:
    """Compare by column; cells that a short row lacks count as empty."""
    names = [name for place, name in enumerate(run.header.columns) if place not in run.header.own]
    ours = {name: cell for name, cell in zip(names, row.values, strict=False) if cell}
    return ours == {name: cell for name, cell in entry.by_column().items() if cell}
