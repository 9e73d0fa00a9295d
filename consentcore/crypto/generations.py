"""Generations of the installation's keys: made, used, retired, destroyed; each step commits and may be repeated."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from consentcore.clock import ensure_utc
from consentcore.crypto import epochs, keystore
from consentcore.crypto.rootkeys import RootKeys
from consentcore.crypto.roots import LOG, SHARED, carried_name, table_key, write_roots
from consentcore.crypto.signing import Signer
from consentcore.crypto.tables import ROOTS
from consentcore.crypto.unwrapping import root_aad
from consentcore.errors import InvalidTransition, NotFound


def newest(keyring: RootKeys, name: str) -> int:
    """Return the newest generation of a root that was ever made, destroyed ones included."""
    with keyring.reading() as connection:
        return int(max(connection.execute(select(ROOTS.c.gen).where(ROOTS.c.name == name)).scalars()))


def made_at(connection: Connection, name: str, gen: int) -> datetime:
    """Return when a generation of a root was made."""
    at: datetime = connection.execute(
        select(ROOTS.c.created_at).where(ROOTS.c.name == name, ROOTS.c.gen == gen)
    ).scalar_one()
    return at


def announce(keyring: RootKeys, name: str, gen: int, now: datetime) -> None:
    """Make a generation, unless it is there: it is looked up and indexed under, and not yet the one in use."""
    with keyring.engine.begin() as connection:
        keystore.lock_state(connection)
        if _row(connection, name, gen) is None:
            epoch = epochs.lock_current(connection)
            write_roots(connection, keyring.provider, epoch, [(name, gen, secrets.token_bytes(32))], ensure_utc(now))
            keystore.bump_version(connection)
    keyring.refresh()


def put_in_use(keyring: RootKeys, name: str, gen: int, now: datetime) -> None:
    """Let a generation be the one that new values are made under.

    Raises: NotFound.
    """
    _mark(keyring, name, gen, "in_use_at", now)


def retire(keyring: RootKeys, name: str, gen: int, now: datetime) -> None:
    """Let nothing new be made under a generation; what was made is found still.

    Raises: NotFound; InvalidTransition for the one in use.
    """
    keyring.refresh()
    _refuse_in_use(keyring, name, gen)
    _mark(keyring, name, gen, "retired_at", now)


def bring_back(keyring: RootKeys, name: str, gen: int) -> None:
    """Undo a retirement: something was made under the generation at the last moment."""
    with keyring.engine.begin() as connection:
        keystore.lock_state(connection)
        connection.execute(_of(name, gen).values(retired_at=None))
        keystore.bump_version(connection)
    keyring.refresh()


def destroy(keyring: RootKeys, name: str, gen: int, now: datetime, keep_tables: Iterable[int] = ()) -> str:
    """Destroy a retired generation for good; its trace is the SHA-256 of its wrapped form in hex, returned.

    Of the log's key the public part stays. `keep_tables` are tables of the shared key with values that cannot be
    sealed anew: the key of each is kept apart from the root that goes.
    Raises: NotFound, InvalidTransition unless it is retired.
    """
    with keyring.engine.begin() as connection:
        keystore.lock_state(connection)
        row = _row(connection, name, gen)
        if row is None:
            raise NotFound(f"the {name} key of the installation has no generation {gen}")
        if row.destroyed_at is not None:
            return str(row.check_value)
        if row.retired_at is None:
            raise InvalidTransition(f"generation {gen} of the {name} key is in use; retire it before it is destroyed")
        key = keyring.provider.unwrap(row.kek_epoch, row.wrapped, root_aad(name, gen))
        if name == SHARED:
            _carry(connection, keyring, gen, key, sorted(keep_tables), ensure_utc(now))
        check_value = hashlib.sha256(row.wrapped).hexdigest()
        public = Signer("log", key).public_bytes if name == LOG else None
        gone = {"wrapped": b"", "destroyed_at": ensure_utc(now), "check_value": check_value, "public_key": public}
        connection.execute(_of(name, gen).values(gone))
        keystore.bump_version(connection)
    keyring.refresh()
    return check_value


def _carry(connection: Connection, keyring: RootKeys, gen: int, root: bytes, tables: list[int], now: datetime) -> None:
    if tables:
        kept = [(carried_name(number), gen, table_key(root, number)) for number in tables]
        write_roots(connection, keyring.provider, epochs.lock_current(connection), kept, now)


def _mark(keyring: RootKeys, name: str, gen: int, column: str, now: datetime) -> None:
    with keyring.engine.begin() as connection:
        keystore.lock_state(connection)
        row = _row(connection, name, gen)
        if row is None:
            raise NotFound(f"the {name} key of the installation has no generation {gen}")
        if row._mapping[column] is None:
            connection.execute(_of(name, gen).values({column: ensure_utc(now)}))
            keystore.bump_version(connection)
    keyring.refresh()


def _refuse_in_use(keyring: RootKeys, name: str, gen: int) -> None:
    with keyring.reading() as connection:
        used = select(ROOTS.c.gen).where(ROOTS.c.name == name, (ROOTS.c.gen == 1) | ROOTS.c.in_use_at.is_not(None))
        if gen >= max(connection.execute(used).scalars()):
            raise InvalidTransition(f"generation {gen} of the {name} key is the one in use; open the next one first")


def _of(name: str, gen: int) -> Any:
    return update(ROOTS).where(ROOTS.c.name == name, ROOTS.c.gen == gen)


def _row(connection: Connection, name: str, gen: int) -> Row[Any] | None:
    return connection.execute(
        select(ROOTS).where(ROOTS.c.name == name, ROOTS.c.gen == gen).with_for_update()
    ).one_or_none()
