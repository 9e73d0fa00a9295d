"""Bringing the index of contact points and accounts under other generations of the index key (crypto design, 4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

from consentcore.crm.accounts import ACCOUNTS, NAME_FIELD, NAME_INDEX, SHARED_TABLE, normalise_name
from consentcore.crm.contacts import ContactPoint
from consentcore.crm.known_reading import index_of, known_reading
from consentcore.crypto.blindindex import IndexEntry, digest, index_rows
from consentcore.crypto.envelope import read_gen
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.opening import opened_or_none
from consentcore.crypto.sealedtext import SealedText
from consentcore.crypto.tables import INDEX
from consentcore.crypto.walking import Walked

_POINTS = cast(Table, ContactPoint.__table__)
_VALUE = cast(SealedText, _POINTS.c.value.type).number
_NOBODY = bytes(16)


def reindex_points(
    session: Session, keyring: Keyring, regions: Sequence[str], after: UUID | None, limit: int
) -> Walked:
    """Index the next contact points under every generation in use that they lack, in the caller's unit.

    The reading comes from the sealed value and must be one that the index knows already: nothing that was changed
    behind our back is indexed anew. Effects: rows of cc_blind_index. Raises: IntegrityError when another unit did it
    at the same moment (do the unit again).
    """
    query = select(_POINTS.c.id, _POINTS.c.subject_ref, _POINTS.c.kind, _POINTS.c.value)
    if after is not None:
        query = query.where(_POINTS.c.id > after)
    # Held until the commit: who changes or removes a point meanwhile waits, and then finds what was written here.
    rows = session.execute(query.order_by(_POINTS.c.id).limit(limit).with_for_update()).all()
    held: dict[UUID, list[tuple[int, bytes]]] = defaultdict(list)
    known = select(INDEX.c.row_id, INDEX.c.gen, INDEX.c.bidx, INDEX.c.field_number)
    for row_id, gen, bidx, number in session.execute(known.where(INDEX.c.row_id.in_([row.id for row in rows]))):
        if number in (index_of("email"), index_of("phone")):
            held[row_id].append((gen, bidx))
    wanted = keyring.index_written()
    lacking = [row for row in rows if held[row.id] and not {gen for gen, _ in held[row.id]} >= set(wanted)]
    written, unopened = _index(session, keyring, lacking, held, regions, wanted)
    return Walked(written, unopened, rows[-1].id if rows else None)


def _index(
    session: Session,
    keyring: Keyring,
    rows: Sequence[Any],
    held: dict[UUID, list[tuple[int, bytes]]],
    regions: Sequence[str],
    wanted: Sequence[int],
) -> tuple[int, int]:
    ciphers = keyring.ciphers({row.subject_ref.bytes for row in rows}, KeyClass.PROFILE)
    fresh: list[dict[str, Any]] = []
    unopened = 0
    for row in rows:
        cipher = ciphers.get(row.subject_ref.bytes)
        if cipher is None:
            continue  # the key was destroyed: the erasure takes these rows
        plain = opened_or_none(cipher, _VALUE, row.id.bytes, row.subject_ref.bytes, row.value)
        reading = None if plain is None else known_reading(keyring, row.kind, plain.decode(), held[row.id], regions)
        if reading is None:
            unopened += 1
            continue
        lacking = [gen for gen in wanted if gen not in {gen for gen, _ in held[row.id]}]
        fresh += index_rows(keyring, [IndexEntry(index_of(row.kind), reading, row.id, row.subject_ref)], lacking)
    if fresh:
        # one order for all, so that two that overlap wait for each other instead of deadlocking
        fresh.sort(key=lambda one: (one["field_number"], one["gen"], one["bidx"], one["row_id"].bytes))
        session.execute(insert(INDEX), fresh)
    return len(fresh), unopened


def drop_strays(session: Session, after: UUID | None, limit: int) -> Walked:
    """Delete index values whose contact point is gone, going over the next points in the index; in the caller's unit.

    A removal that began before a batch was committed did not see what the batch wrote: this takes it away after it.
    """
    numbers = (index_of("email"), index_of("phone"))
    query = select(INDEX.c.row_id).where(INDEX.c.field_number.in_(numbers)).distinct()
    if after is not None:
        query = query.where(INDEX.c.row_id > after)
    ids = list(session.scalars(query.order_by(INDEX.c.row_id).limit(limit)))
    there = set(session.scalars(select(_POINTS.c.id).where(_POINTS.c.id.in_(ids)))) if ids else set()
    gone = [row_id for row_id in ids if row_id not in there]
    changed = 0
    if gone:
        strays = delete(INDEX).where(INDEX.c.row_id.in_(gone), INDEX.c.field_number.in_(numbers))
        changed = session.connection().execute(strays).rowcount
    return Walked(changed, 0, ids[-1] if ids else None)


def move_accounts(session: Session, keyring: Keyring, after: UUID | None, limit: int) -> Walked:
    """Bring the names of the next accounts under the generation in use, in the caller's unit.

    One that cannot be opened, or whose name another account bears under the new generation already, stays as it is.
    """
    query = select(ACCOUNTS).where(ACCOUNTS.c.gen != keyring.index_in_use())
    if after is not None:
        query = query.where(ACCOUNTS.c.id > after)
    rows = session.execute(query.order_by(ACCOUNTS.c.id).limit(limit)).all()
    moved = unopened = 0
    for row in rows:
        cipher = keyring.shared_cipher(SHARED_TABLE, read_gen(row.name))
        plain = opened_or_none(cipher, NAME_FIELD, row.id.bytes, _NOBODY, row.name)
        if plain is None:
            unopened += 1
            continue
        gen, bidx = digest(keyring, NAME_INDEX, normalise_name(plain.decode()))
        taken = select(ACCOUNTS.c.id).where(ACCOUNTS.c.name_bidx == bidx, ACCOUNTS.c.gen == gen)
        if session.execute(taken).first() is not None:
            unopened += 1
            continue
        same = (ACCOUNTS.c.id == row.id, ACCOUNTS.c.name_bidx == row.name_bidx, ACCOUNTS.c.gen == row.gen)
        moved += session.connection().execute(update(ACCOUNTS).where(*same).values(name_bidx=bidx, gen=gen)).rowcount
    return Walked(moved, unopened, rows[-1].id if rows else None)
