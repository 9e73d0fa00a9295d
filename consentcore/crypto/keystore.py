"""The keyring's SQL: what is read and written there, on a connection that the caller opened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Connection,
    Insert,
    LargeBinary,
    Row,
    Update,
    delete,
    insert,
    literal,
    select,
    type_coerce,
    update,
)

from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.tables import EPOCHS, KEYS, STATE, SUPERSEDED, TOMBSTONES

CHUNK = 500
RAW_SUBJECT = type_coerce(KEYS.c.subject_ref, LargeBinary).label("subject")
KEY_COLUMNS = (
    RAW_SUBJECT,
    KEYS.c.key_class,
    KEYS.c.gen,
    KEYS.c.kek_epoch,
    KEYS.c.wrapped,
    type_coerce(KEYS.c.carried, LargeBinary).label("carried"),
)
"""The columns of a `WrappedKey`, in its order."""
_RAW_GRAVE = type_coerce(TOMBSTONES.c.subject_ref, LargeBinary).label("subject")


class WrappedKey(NamedTuple):
    """One row of the keyring as it was read."""

    subject_ref: bytes
    key_class: str
    gen: int
    kek_epoch: int
    wrapped: bytes
    carried: bytes | None = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a destroyed key; `key_check_value` is the SHA-256 of its wrapped form in hex."""

    subject: UUID
    key_class: KeyClass
    gen: int
    kek_epoch: int
    key_check_value: str
    destroyed_at: datetime


def chunks(items: Sequence[bytes], size: int = CHUNK) -> Iterator[Sequence[bytes]]:
    """Cut a sequence into pieces that an IN list takes on every database."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


_VERSION = f"SELECT version FROM {STATE.name} WHERE id = 1"  # noqa: S608 - a name of our own


def read_version(connection: Connection) -> int | None:
    """Return the keyring's version counter, or None before initialisation."""
    version: int | None = connection.exec_driver_sql(_VERSION).scalar_one_or_none()  # asked for before every sealing
    return version


def lock_state(connection: Connection) -> None:
    """Wait for, then hold off, every other rotation and destruction of an epoch until the transaction ends."""
    connection.execute(select(STATE.c.version).where(STATE.c.id == 1).with_for_update()).all()


def bump_version(connection: Connection) -> int:
    """Tell every process to drop its cache; return the new version."""
    connection.execute(update(STATE).where(STATE.c.id == 1).values(version=STATE.c.version + 1))
    return int(connection.execute(select(STATE.c.version).where(STATE.c.id == 1)).scalar_one())


def read_keys(connection: Connection, subjects: Sequence[bytes], key_class: KeyClass) -> list[WrappedKey]:
    """Return all generations of one class for many subjects, one query for each 500."""
    query = select(*KEY_COLUMNS)
    found: list[WrappedKey] = []
    for part in chunks(subjects):
        rows = connection.execute(query.where(KEYS.c.subject_ref.in_(part), KEYS.c.key_class == key_class.value))
        found.extend(WrappedKey(*row) for row in rows)
    return found


def read_traces(connection: Connection, subjects: Sequence[bytes]) -> tuple[set[tuple[bytes, str]], set[bytes]]:
    """Return the (subject, class) pairs that have keys, and the subjects that have tombstones.

    Both come from one statement: between two, a destruction could hide a subject from both.
    """
    alive: set[tuple[bytes, str]] = set()
    dead: set[bytes] = set()
    for part in chunks(subjects):
        living = select(RAW_SUBJECT, KEYS.c.key_class.label("key_class"), literal(1).label("alive")).where(
            KEYS.c.subject_ref.in_(part)
        )
        buried = select(_RAW_GRAVE, TOMBSTONES.c.key_class, literal(0)).where(TOMBSTONES.c.subject_ref.in_(part))
        for subject, key_class, is_alive in connection.execute(living.union_all(buried)):
            if is_alive:
                alive.add((subject, key_class))
            else:
                dead.add(subject)
    return alive, dead


def lock_current_epoch(connection: Connection) -> int | None:
    """Return the epoch in use and hold it there until the end of the transaction (SQLite: BEGIN IMMEDIATE does)."""
    query = select(EPOCHS.c.epoch).where(EPOCHS.c.retired_at.is_(None)).with_for_update(read=True)
    for _ in range(3):  # PostgreSQL: a statement that waited for a rotation sees the old epoch go, not the new one come
        epoch = connection.execute(query).scalar_one_or_none()
        if epoch is not None:
            return int(epoch)
    return None


def insert_keys(connection: Connection, keys: Iterable[WrappedKey], now: datetime) -> None:
    """Write new keys; IntegrityError when another process was first."""
    instant = KEYS.c.created_at.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    created_at = now if instant is None else instant(now)
    execute_raw(connection, insert(KEYS), [{**key._asdict(), "created_at": created_at} for key in keys])


def execute_raw(connection: Connection, statement: Insert | Update, rows: Sequence[dict[str, Any]]) -> None:
    """Run a statement once for each row with values as the driver takes them, past the types: less time."""
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    order = getattr(compiled, "positiontup", None)
    raw = [tuple(row[name] for name in order) for row in rows] if order is not None else list(rows)
    connection.exec_driver_sql(str(compiled), raw)


def stone_of(key: WrappedKey, at: datetime) -> Tombstone:
    """Return what is left of a key that goes at an instant."""
    check_value = hashlib.sha256(key.wrapped).hexdigest()
    return Tombstone(UUID(bytes=key.subject_ref), KeyClass(key.key_class), key.gen, key.kek_epoch, check_value, at)


def bury(connection: Connection, subject: bytes, key_class: KeyClass, stones: Sequence[Tombstone]) -> int:
    """Replace the rows of one key by tombstones; return the new version of the keyring."""
    connection.execute(delete(KEYS).where(KEYS.c.subject_ref == subject, KEYS.c.key_class == key_class.value))
    connection.execute(insert(TOMBSTONES), [_row_of(stone) for stone in stones])
    return bump_version(connection)


def supersede(connection: Connection, stones: Sequence[Tombstone]) -> None:
    """Replace older generations, whose newest one stays, by a trace of each."""
    for stone in stones:
        connection.execute(
            delete(KEYS).where(
                KEYS.c.subject_ref == stone.subject, KEYS.c.key_class == stone.key_class.value, KEYS.c.gen == stone.gen
            )
        )
    connection.execute(insert(SUPERSEDED), [_row_of(stone) for stone in stones])


def take_superseded(connection: Connection, subject: bytes, key_class: KeyClass) -> list[Tombstone]:
    """Return, and remove, the traces of one key's older generations, oldest first: they become tombstones now."""
    mine = (SUPERSEDED.c.subject_ref == subject, SUPERSEDED.c.key_class == key_class.value)
    rows = connection.execute(select(SUPERSEDED).where(*mine).order_by(SUPERSEDED.c.gen)).all()
    if rows:
        connection.execute(delete(SUPERSEDED).where(*mine))
    return [_tombstone(row) for row in rows]


def _row_of(stone: Tombstone) -> dict[str, Any]:
    return {
        "subject_ref": stone.subject,
        "key_class": stone.key_class.value,
        "gen": stone.gen,
        "kek_epoch": stone.kek_epoch,
        "key_check_value": stone.key_check_value,
        "destroyed_at": stone.destroyed_at,
    }


def lock_keys(connection: Connection, subject: bytes, key_class: KeyClass) -> list[WrappedKey]:
    """Return one key's generations, oldest first, held until the end of the transaction."""
    query = select(*KEY_COLUMNS).where(KEYS.c.subject_ref == subject, KEYS.c.key_class == key_class.value)
    locking = query.order_by(KEYS.c.gen).with_for_update()
    if not connection.execute(locking).all():
        return []
    # Again: a statement that waited for a rotation does not see the generation which that one made.
    return [WrappedKey(*row) for row in connection.execute(locking)]


def lock_keys_of(connection: Connection, subjects: Sequence[UUID]) -> list[WrappedKey]:
    """Return every key of some subjects by subject, class and generation, held until the end of the transaction."""
    query = select(*KEY_COLUMNS).where(KEYS.c.subject_ref.in_(subjects))
    ordered = query.order_by(KEYS.c.subject_ref, KEYS.c.key_class, KEYS.c.gen)
    return [WrappedKey(*row) for row in connection.execute(ordered.with_for_update())]


def read_tombstones(connection: Connection, subject: bytes, key_class: KeyClass | None = None) -> list[Tombstone]:
    """Return a subject's tombstones by class and generation."""
    query = select(TOMBSTONES).where(TOMBSTONES.c.subject_ref == subject)
    if key_class is not None:
        query = query.where(TOMBSTONES.c.key_class == key_class.value)
    ordered = query.order_by(TOMBSTONES.c.key_class, TOMBSTONES.c.gen)
    return [_tombstone(row) for row in connection.execute(ordered)]


def _tombstone(row: Row[tuple[object, ...]]) -> Tombstone:
    return Tombstone(
        subject=row.subject_ref,
        key_class=KeyClass(row.key_class),
        gen=row.gen,
        kek_epoch=row.kek_epoch,
        key_check_value=row.key_check_value,
        destroyed_at=row.destroyed_at,
    )
