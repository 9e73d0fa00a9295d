"""What a batch of rows would do to what is here: read only, the same for a dry run and for the real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.crm.contact_reading import read_contacts
from consentcore.crm.contact_writing import WrittenContact
from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import ContactDraft, PointDraft
from consentcore.crypto.blindindex import normalise_email, normalise_phone
from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.importing.countries import region_of
from consentcore.importing.counts import Counts
from consentcore.importing.externals import known_rows
from consentcore.importing.faults import UNCHANGED_IS_NO_CURE, FaultKind, RowFault
from consentcore.importing.likeness import count_matches, held, points_of
from consentcore.importing.mapping import QUARANTINE_ID_COLUMN
from consentcore.importing.quarantine import QuarantineEntry, handed_back
from consentcore.importing.rows import ReadRow, coverage
from consentcore.importing.runs import Run

_ERASED = RowFault(
    FaultKind.ERASED, None, "the contact of this external id was erased here; a person who comes back needs a new id"
)
_UNKNOWN = RowFault(
    FaultKind.UNKNOWN_QUARANTINE_ID,
    QUARANTINE_ID_COLUMN,
    f"column {QUARANTINE_ID_COLUMN!r}: names no row set aside from this system; empty the cell to take it as a new row",
)


@dataclass(frozen=True, slots=True)
class NewContact:
    """A row that opens a person and a contact."""

    row: ReadRow
    draft: ContactDraft


@dataclass(frozen=True, slots=True)
class ChangedContact:
    """A row whose contact is here with other values; `draft` is what it becomes."""

    row: ReadRow
    written: WrittenContact
    draft: ContactDraft


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Every row of a batch, in exactly one list; `known_back` are the quarantine ids that were recognised."""

    new: Sequence[NewContact]
    changed: Sequence[ChangedContact]
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
    faulty: list[tuple[ReadRow, RowFault]] = []
    sound: list[tuple[ReadRow, ContactDraft]] = []
    for row in rows:
        fault = _fault_of(row, back, run)
        if fault is not None:
            faulty.append((row, fault))
        elif row.draft is not None:
            sound.append((row, row.draft))
    sorted_rows = _sort(session, keyring, run, sound)
    faulty += [(row, _ERASED) for row in sorted_rows.erased]
    order = sorted_rows.order
    points = {point for draft, is_new in order if is_new for point in points_of(draft)}
    matches = count_matches(order, held(session, keyring, points), meet)
    return BatchPlan(sorted_rows.new, sorted_rows.changed, sorted_rows.unchanged, faulty, frozenset(back), matches)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Sound rows by what becomes of them, and in `order` what is written and whether it is new."""

    new: list[NewContact] = field(default_factory=list)
    changed: list[ChangedContact] = field(default_factory=list)
    unchanged: list[ReadRow] = field(default_factory=list)
    erased: list[ReadRow] = field(default_factory=list)
    order: list[tuple[ContactDraft, bool]] = field(default_factory=list)


def _sort(session: Session, keyring: Keyring, run: Run, sound: Sequence[tuple[ReadRow, ContactDraft]]) -> _Sorted:
    known = known_rows(session, keyring, run.mapping, [row.external_id for row, _ in sound])
    here = _read(session, keyring, [written.contact_id for written in known.values()])
    attributes, kinds = coverage(run.mapping)
    found = _Sorted()
    for row, draft in sound:
        written = known.get(row.external_id)
        if written is None:
            found.new.append(NewContact(row, draft))
            found.order.append((draft, True))
            continue
        before = here.get(written.contact_id)
        if before is None:
            found.erased.append(row)
            continue
        merged = before.overlaid(draft, attributes, kinds)
        if _content(merged) == _content(before):
            found.unchanged.append(row)
        else:
            merged = _indexed_again(merged, kinds, run.region)
            found.changed.append(ChangedContact(row, written, merged))
            found.order.append((merged, False))
    return found


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


def _read(session: Session, keyring: Keyring, contact_ids: Sequence[UUID]) -> dict[UUID, ContactDraft]:
    """Open the contacts that are still there; those whose keys were destroyed are missing from the answer."""
    if not contact_ids:
        return {}
    try:
        return read_contacts(session, keyring, contact_ids)
    except KeyDestroyed:
        found: dict[UUID, ContactDraft] = {}
        for contact_id in contact_ids:
            try:
                found |= read_contacts(session, keyring, [contact_id])
            except KeyDestroyed:
                continue
        return found


def _content(draft: ContactDraft) -> tuple[Any, ...]:
    return (
        dict(draft.texts),
        [(point.kind, point.value, point.normalised is not None) for point in draft.points],
        (draft.kind, draft.capacity, draft.language, draft.timezone, draft.last_contact_at),
    )


def _indexed_again(draft: ContactDraft, taken: frozenset[PointKind], region: str) -> ContactDraft:
    """Give the points that this source does not speak for their normal form again: reading them does not."""
    region = region_of(draft.texts.get("country", "")) or region
    return replace(
        draft,
        points=tuple(point if point.kind in taken else _normalised(point, region) for point in draft.points),
    )


def _normalised(point: PointDraft, region: str) -> PointDraft:
    if point.normalised is None:
        return point
    if point.kind is PointKind.EMAIL:
        return replace(point, normalised=normalise_email(point.value))
    return replace(point, normalised=normalise_phone(point.value, region))
