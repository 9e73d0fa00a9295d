"""Rows set aside: kept whole and sealed under the shared key, changed or resolved when they are handed back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from consentcore.crypto.blindindex import digest
from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.keyring import Keyring
from consentcore.identifiers import random_ref
from consentcore.importing.faults import FaultKind, RowFault
from consentcore.importing.mapping import EXTRA_COLUMN
from consentcore.importing.rows import ReadRow
from consentcore.importing.runs import RUNS, Run
from consentcore.importing.tables import MAX_CAUSE, QUARANTINE_FIELD, QuarantinedRow

_ROWS = cast(Table, QuarantinedRow.__table__)
_NOBODY = bytes(16)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """A row of the quarantine, opened: the header of its file and its cells (both empty once it is resolved)."""

    id: UUID
    row_number: int
    fault: RowFault
    header: tuple[str, ...]
    cells: tuple[str, ...]
    resolved: bool

    def by_column(self) -> dict[str, str]:
        """Return the cells by column; unnamed and repeated columns, and cells beyond the header, are told by place."""
        names: list[str] = []
        for place, name in enumerate(self.header, start=1):
            names.append(name if name and name not in names else f"{name or 'column'} ({place})")
        found = dict.fromkeys(names, "") | dict(zip(names, self.cells, strict=False))
        beyond = enumerate(self.cells[len(self.header) :], start=1)
        return found | {f"{EXTRA_COLUMN}{number}": cell for number, cell in beyond}


def entries(
    session: Session, keyring: Keyring, import_id: UUID | None = None, *, unresolved_only: bool = True
) -> Iterator[QuarantineEntry]:
    """Yield the rows of the quarantine, of one import or of all, in the order in which they were set aside.

    This is also how a person's rows are found: by opening and searching. Reads 500 rows at a time.
    Raises: DecryptionFailed.
    """
    query = select(_ROWS).order_by(_ROWS.c.recorded_at, _ROWS.c.import_id, _ROWS.c.row_number, _ROWS.c.id)
    if import_id is not None:
        query = query.where(_ROWS.c.import_id == import_id)
    if unresolved_only:
        query = query.where(_ROWS.c.resolved_at.is_(None))
    wanted = session.connection().execute(query.with_only_columns(_ROWS.c.id)).scalars().all()
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        found = {entry.id: entry for entry in _opened(session, keyring, chunk)}
        yield from (found[one] for one in chunk if one in found)


def handed_back(session: Session, keyring: Keyring, run: Run, ids: Collection[UUID]) -> dict[UUID, QuarantineEntry]:
    """Return those rows of the quarantine that came from the same system and entity, by id."""
    if not ids:
        return {}
    ours = (
        select(_ROWS.c.id)
        .join(RUNS, RUNS.c.id == _ROWS.c.import_id)
        .where(_ROWS.c.id.in_(ids), RUNS.c.system == run.mapping.system, RUNS.c.entity == run.mapping.entity)
    )
    known = session.connection().execute(ours).scalars().all()
    return {entry.id: entry for entry in _opened(session, keyring, known)}


def set_aside(
    session: Session,
    keyring: Keyring,
    run: Run,
    faulty: Sequence[tuple[ReadRow, RowFault]],
    known: Collection[UUID],
    now: datetime,
) -> int:
    """Keep faulty rows: those handed back (`known`) take their new cells and cause, the others are added once.

    Returns: how many rows were added. Raises: IntegrityError when another unit set the same row aside first.
    """
    header = [name for place, name in enumerate(run.header.columns) if place not in run.header.own]
    added, changed = [], []
    known_as: dict[bytes, set[bytes]] = {}  # a rotation of the index key may have been here since
    for row, fault in faulty:
        content = json.dumps({"header": header, "cells": row.values}, ensure_ascii=False, separators=(",", ":"))
        if row.quarantine_id is not None and row.quarantine_id in known:
            changed.append({"its_id": row.quarantine_id} | _sealed(keyring, row.quarantine_id, content, fault))
            continue
        identity = identity_of(run.mapping.system, run.mapping.entity, row.number, content)
        value = digest(keyring, QUARANTINE_FIELD, identity)[1]
        known_as[value] = {digest(keyring, QUARANTINE_FIELD, identity, gen)[1] for gen in keyring.index_generations()}
        entry_id = random_ref()
        fresh = {"id": entry_id, "import_id": run.import_id, "row_number": row.number, "digest": value}
        added.append(fresh | _sealed(keyring, entry_id, content, fault) | {"recorded_at": now})
    if changed:
        statement = update(_ROWS).where(_ROWS.c.id == bindparam("its_id"))
        session.connection().execute(statement.values(resolved_at=None), changed)
    here = _digests(session, [value for values in known_as.values() for value in values])
    fresh_rows = (row for row in added if not here & known_as[cast(bytes, row["digest"])])
    new = sorted(fresh_rows, key=lambda row: cast(bytes, row["digest"]))
    if new:
        session.connection().execute(insert(_ROWS), new)
    return len(new)


def identity_of(system: str, entity: str, row_number: int, content: str) -> str:
    """Return what a row set aside is known by, to be hashed."""
    # with the entity: one flat file may be imported twice, for its contacts and for their transactions
    return "\x1f".join((system, entity, str(row_number), content))


def resolve(session: Session, ids: Sequence[UUID], now: datetime) -> None:
    """Note that rows were taken after all, and drop what was kept of them: the contact holds it now."""
    if ids:
        session.connection().execute(update(_ROWS).where(_ROWS.c.id.in_(ids)).values(resolved_at=now, sealed_row=None))


def _sealed(keyring: Keyring, entry_id: UUID, content: str, fault: RowFault) -> dict[str, object]:
    cipher = keyring.shared_cipher(QUARANTINE_FIELD)
    return {
        "kind": fault.kind.value,
        "column_name": fault.column,
        "cause": fault.cause[:MAX_CAUSE],
        "sealed_row": seal(cipher, QUARANTINE_FIELD, entry_id.bytes, _NOBODY, content.encode()),
    }


def _digests(session: Session, values: Sequence[bytes]) -> set[bytes]:
    if not values:
        return set()
    return set(session.connection().execute(select(_ROWS.c.digest).where(_ROWS.c.digest.in_(values))).scalars())


def _opened(session: Session, keyring: Keyring, ids: Sequence[UUID]) -> Iterator[QuarantineEntry]:
    for row in session.connection().execute(select(_ROWS).where(_ROWS.c.id.in_(ids))):
        header, cells = (), ()
        if row.sealed_row is not None:
            cipher = keyring.shared_cipher(QUARANTINE_FIELD, read_gen(row.sealed_row))
            content = json.loads(open_sealed(cipher, QUARANTINE_FIELD, row.id.bytes, _NOBODY, row.sealed_row))
            header, cells = tuple(content["header"]), tuple(content["cells"])
        fault = RowFault(FaultKind(row.kind), row.column_name, row.cause)
        yield QuarantineEntry(row.id, row.row_number, fault, header, cells, row.resolved_at is not None)
