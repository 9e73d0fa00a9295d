"""Bringing external ids and rows set aside under another generation of the index key (crypto design, 4)."""

from __future__ import annotations

import json
from typing import cast
from uuid import UUID

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from consentcore.crypto.blindindex import digest
from consentcore.crypto.envelope import read_gen
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.opening import opened_or_none
from consentcore.crypto.walking import Walked
from consentcore.importing.externals import external_digest
from consentcore.importing.quarantine import identity_of
from consentcore.importing.tables import QUARANTINE_FIELD, ImportRun, QuarantinedRow
from consentcore.subjects.tables import EXTERNAL_ID_FIELD, ExternalId

_EXTERNALS = cast(Table, ExternalId.__table__)
_ROWS = cast(Table, QuarantinedRow.__table__)
_RUNS = cast(Table, ImportRun.__table__)
_NOBODY = bytes(16)


def move_external_ids(session: Session, keyring: Keyring, after: UUID | None, limit: int) -> Walked:
    """Bring the next external ids under the generation in use, in the caller's unit.

    One that cannot be opened, or that stands under the new generation already, stays as it is.
    """
    query = select(_EXTERNALS).where(_EXTERNALS.c.generation != keyring.index_in_use())
    if after is not None:
        query = query.where(_EXTERNALS.c.id > after)
    rows = session.execute(query.order_by(_EXTERNALS.c.id).limit(limit)).all()
    ciphers = keyring.ciphers({row.subject_ref.bytes for row in rows}, KeyClass.PROFILE)
    moved = unopened = 0
    for row in rows:
        cipher = ciphers.get(row.subject_ref.bytes)
        if cipher is None:
            continue  # the key was destroyed: the erasure takes these rows
        plain = opened_or_none(cipher, EXTERNAL_ID_FIELD, row.id.bytes, row.subject_ref.bytes, row.value)
        if plain is None or external_digest(keyring, row.system, row.entity, plain.decode(), row.generation) != (
            row.generation,
            row.bidx,
        ):
            unopened += 1
            continue
        generation, bidx = external_digest(keyring, row.system, row.entity, plain.decode(), None)
        key = (_EXTERNALS.c.system == row.system, _EXTERNALS.c.entity == row.entity)
        taken = select(_EXTERNALS.c.id).where(*key, _EXTERNALS.c.generation == generation, _EXTERNALS.c.bidx == bidx)
        if session.execute(taken).first() is not None:
            unopened += 1
            continue
        same = (_EXTERNALS.c.id == row.id, _EXTERNALS.c.bidx == row.bidx, _EXTERNALS.c.generation == row.generation)
        change = update(_EXTERNALS).where(*same).values(generation=generation, bidx=bidx)
        moved += session.connection().execute(change).rowcount
    return Walked(moved, unopened, rows[-1].id if rows else None)


def move_quarantine(session: Session, keyring: Keyring, after: UUID | None, limit: int) -> Walked:
    """Bring the digests of the next rows set aside under the generation in use, in the caller's unit.

    One that was resolved, or mended since, has nothing left to be hashed: it keeps its digest, by which it is known
    for as long as its generation lives.
    """
    query = select(_ROWS.c.id, _ROWS.c.row_number, _ROWS.c.digest, _ROWS.c.sealed_row, _RUNS.c.system, _RUNS.c.entity)
    query = query.join(_RUNS, _RUNS.c.id == _ROWS.c.import_id).where(_ROWS.c.sealed_row.is_not(None))
    if after is not None:
        query = query.where(_ROWS.c.id > after)
    rows = session.execute(query.order_by(_ROWS.c.id).limit(limit)).all()
    moved = unopened = 0
    for row in rows:
        cipher = keyring.shared_cipher(QUARANTINE_FIELD, read_gen(row.sealed_row))
        plain = opened_or_none(cipher, QUARANTINE_FIELD, row.id.bytes, _NOBODY, row.sealed_row)
        if plain is None or not isinstance(json.loads(plain), dict):
            unopened += 1
            continue
        identity = identity_of(row.system, row.entity, row.row_number, plain.decode())
        values = [digest(keyring, QUARANTINE_FIELD, identity, gen)[1] for gen in keyring.index_generations()]
        wanted = digest(keyring, QUARANTINE_FIELD, identity)[1]
        if row.digest in values and row.digest != wanted:
            same = (_ROWS.c.id == row.id, _ROWS.c.digest == row.digest)
            moved += session.connection().execute(update(_ROWS).where(*same).values(digest=wanted)).rowcount
    return Walked(moved, unopened, rows[-1].id if rows else None)
