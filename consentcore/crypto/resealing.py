"""Sealing stored values anew under the newest generation of their key, so that the older ones can go.

A value is only replaced where it still stands as it was read, so that what somebody writes meanwhile is never
overwritten. What does not open where it stands (moved, or changed) stays as it is, and with it its generation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, and_, bindparam, func, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from consentcore.crypto.datakeys import Key
from consentcore.crypto.envelope import FieldCipher, seal
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.opening import opened_or_none
from consentcore.crypto.stores import SealedColumn, SealedStore
from consentcore.crypto.walking import Walked

_NOBODY = bytes(16)
_HEADER = 3
_Ciphers = Mapping[KeyClass, Mapping[bytes, FieldCipher]]


def reseal(session: Session, keyring: Keyring, store: SealedStore, after: UUID | None, limit: int) -> Walked:
    """Seal the next rows of a table anew, by row id, in the caller's unit; rows under the newest key stay untouched."""
    where = () if after is None else (store.row_id > after,)
    rows = _rows(session, store, where, limit)
    changed, unopened = _reseal(session, keyring, store, rows)
    return Walked(changed, unopened, rows[-1][0] if rows else None)


def reseal_persons(
    session: Session, keyring: Keyring, stores: Iterable[SealedStore], persons: Sequence[UUID]
) -> tuple[int, int]:
    """Seal every row of some persons anew, in the caller's unit; returns rows changed and rows that do not open."""
    changed = unopened = 0
    for store in stores:
        if store.owner is not None:
            rows = _rows(session, store, (store.owner.in_(persons), _is_sealed(store)), None)
            done, missed = _reseal(session, keyring, store, rows)
            changed, unopened = changed + done, unopened + missed
    return changed, unopened


def older_values(
    session: Session, keyring: Keyring, stores: Iterable[SealedStore], persons: Sequence[UUID]
) -> frozenset[Key]:
    """Return those keys of some persons under an older generation of which a value stands still."""
    found: set[Key] = set()
    for store in stores:
        owner = store.owner
        for column in store.columns if owner is not None else ():
            if column.key_class is None or owner is None:
                continue
            head = type_coerce(func.substr(column.column, 1, _HEADER), LargeBinary)
            query: Any = select(owner, head).where(owner.in_(persons), column.column.is_not(None)).distinct()
            heads: list[tuple[UUID, bytes]] = [(person, header) for person, header in session.execute(query)]
            ciphers = keyring.ciphers({person.bytes for person, _ in heads}, column.key_class)
            for person, header in heads:
                newest = ciphers.get(person.bytes)
                if newest is not None and bytes(header) != newest.header:
                    found.add((person, column.key_class))
    return frozenset(found)


def older_shared_values(session: Session, keyring: Keyring, stores: Iterable[SealedStore]) -> int:
    """Count the values under an older generation of the shared key, but for those whose table keeps its own."""
    count = 0
    for store in stores:
        for column in store.columns:
            if column.shared is None:
                continue
            head = type_coerce(func.substr(column.column, 1, _HEADER), LargeBinary)
            query = select(head, func.count()).where(column.column.is_not(None)).group_by(head)
            if store.owner is not None and column.key_class is not None:
                query = query.where(store.owner.is_(None))  # the others stand under their person's key
            newest = keyring.shared_cipher(column.shared).header
            count += sum(rows for header, rows in session.execute(query) if bytes(header) != newest)
    return count


def _rows(
    session: Session, store: SealedStore, where: Iterable[ColumnElement[bool]], limit: int | None
) -> list[tuple[Any, ...]]:
    values = [type_coerce(column.column, LargeBinary) for column in store.columns]
    query = select(store.row_id, *([] if store.owner is None else [store.owner]), *values)
    rows = session.execute(query.where(*where).order_by(store.row_id).limit(limit))
    return [tuple(row) if store.owner is not None else (row[0], None, *row[1:]) for row in rows]


def _is_sealed(store: SealedStore) -> ColumnElement[bool]:
    return or_(*[column.column.is_not(None) for column in store.columns])


def _reseal(session: Session, keyring: Keyring, store: SealedStore, rows: Sequence[tuple[Any, ...]]) -> tuple[int, int]:
    ciphers = _ciphers(keyring, store, rows)
    changes: dict[tuple[int, ...], list[dict[str, Any]]] = defaultdict(list)
    unopened = 0
    for row_id, owner, *values in rows:
        change: dict[str, Any] = {}
        places = []
        for place, (column, old) in enumerate(zip(store.columns, values, strict=True)):
            cipher = None if old is None else _newest(keyring, ciphers, column, owner)
            if cipher is None or bytes(old[:_HEADER]) == cipher.header:
                continue
            subject = _NOBODY if owner is None or column.key_class is None else owner.bytes
            plain = opened_or_none(cipher, column.number, row_id.bytes, subject, bytes(old))
            if plain is None:
                unopened += 1
                continue
            places.append(place)
            change[f"old{place}"] = bytes(old)
            change[f"new{place}"] = seal(cipher, column.number, row_id.bytes, subject, plain)
        if places:
            changes[tuple(places)].append({"of_row": row_id, **change})
    return sum(_write(session, store, places, rows_) for places, rows_ in changes.items()), unopened


def _ciphers(keyring: Keyring, store: SealedStore, rows: Sequence[tuple[Any, ...]]) -> _Ciphers:
    owners = {row[1].bytes for row in rows if row[1] is not None}
    classes = {column.key_class for column in store.columns if column.key_class is not None}
    return {key_class: keyring.ciphers(owners, key_class) if owners else {} for key_class in classes}


def _newest(keyring: Keyring, ciphers: _Ciphers, column: SealedColumn, owner: UUID | None) -> FieldCipher | None:
    """Return what a value is to be sealed under; None where its key is destroyed: then nothing opens it any more."""
    if column.key_class is not None and owner is not None:
        return ciphers[column.key_class].get(owner.bytes)
    return None if column.shared is None else _shared(keyring, column.shared)


def _shared(keyring: Keyring, table_number: int) -> FieldCipher:
    """Return the newest cipher of a table with those of the older generations behind it."""
    newest = keyring.shared_cipher(table_number)
    older = [gen for gen in keyring.shared_generations() if gen != newest.gen]
    newest.older = {gen: keyring.shared_cipher(table_number, gen) for gen in older} or None
    return newest


def _write(session: Session, store: SealedStore, places: Sequence[int], changes: list[dict[str, Any]]) -> int:
    columns: Collection[Any] = [(place, store.columns[place].column) for place in places]
    still = [column == bindparam(f"old{place}", type_=column.type) for place, column in columns]
    statement = (
        update(store.table)
        .where(and_(store.row_id == bindparam("of_row", type_=store.row_id.type), *still))
        .values({column.name: bindparam(f"new{place}", type_=column.type) for place, column in columns})
    )
    return max(0, session.connection().execute(statement, changes).rowcount)
