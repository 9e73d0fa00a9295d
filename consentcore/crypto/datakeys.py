"""New generations of persons' data keys, batch by batch, and the end of the older ones; each batch its own commit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from consentcore.clock import ensure_utc
from consentcore.crypto import epochs, keystore
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.keystore import WrappedKey
from consentcore.crypto.tables import KEYS
from consentcore.crypto.unwrapping import cache_key, next_keys, unwrap_ciphers

Key = tuple[UUID, KeyClass]
"""A person's key of one class, whatever its generation."""


class Opened(NamedTuple):
    """What one batch did: generations made, and the last person looked at; None at the end."""

    made: int
    last: UUID | None


def open_generations(keyring: Keyring, made_before: datetime, now: datetime, after: UUID | None, limit: int) -> Opened:
    """Give the next persons a new generation of each key whose newest one was made before an instant.

    From then on new values are sealed under it, in every process within seconds; the older ones go on opening. The
    evidence key carries on the commitment keys of those before it: what a leaf commits to never changes its key.
    Raises: DecryptionFailed naming a key that does not open.
    """
    limit_at = ensure_utc(made_before)
    with keyring.engine.begin() as connection:
        query = select(KEYS.c.subject_ref).distinct()
        if after is not None:
            query = query.where(KEYS.c.subject_ref > after)
        subjects = list(connection.execute(query.order_by(KEYS.c.subject_ref).limit(limit)).scalars())
        if not subjects:
            return Opened(0, None)
        epoch = epochs.lock_current(connection)
        stale = _stale(connection, subjects, limit_at)
        wanted = [_next(keyring, generations) for generations in stale]
        if wanted:
            keystore.insert_keys(connection, next_keys(keyring.provider, epoch, wanted), ensure_utc(now))
            keystore.bump_version(connection)
    if wanted:
        keyring.refresh()
    return Opened(len(wanted), subjects[-1])


def _stale(connection: Connection, subjects: list[UUID], made_before: datetime) -> list[list[WrappedKey]]:
    """Return, locked, the generations of each key none of which is young enough."""
    keys = keystore.lock_keys_of(connection, subjects)
    recent = select(keystore.RAW_SUBJECT, KEYS.c.key_class).where(
        KEYS.c.subject_ref.in_(subjects), KEYS.c.created_at >= made_before
    )  # after locking: what another run made while this one waited is seen here
    young = {(subject, key_class) for subject, key_class in connection.execute(recent)}
    grouped = [list(of_key) for _, of_key in groupby(keys, key=lambda key: (key.subject_ref, key.key_class))]
    return [of_key for of_key in grouped if (of_key[0].subject_ref, of_key[0].key_class) not in young]


def _next(keyring: Keyring, generations: list[WrappedKey]) -> tuple[bytes, KeyClass, int, tuple[bytes, ...]]:
    newest = generations[-1]
    key_class = KeyClass(newest.key_class)
    roots: tuple[bytes, ...] = ()
    if key_class is KeyClass.EVIDENCE:
        opened = unwrap_ciphers(keyring.provider, [newest], key_class)
        roots = opened[cache_key(newest.subject_ref, key_class)].commit_roots
    return newest.subject_ref, key_class, newest.gen + 1, roots


class OlderKeys(NamedTuple):
    """Which keys of one batch of persons have older generations, and the last person looked at; None at the end."""

    keys: frozenset[Key]
    last: UUID | None


def older_keys(keyring: Keyring, after: UUID | None, limit: int) -> OlderKeys:
    """Look at the next persons for keys of which more than one generation lives."""
    with keyring.reading() as connection:
        query = select(KEYS.c.subject_ref).distinct()
        if after is not None:
            query = query.where(KEYS.c.subject_ref > after)
        subjects = list(connection.execute(query.order_by(KEYS.c.subject_ref).limit(limit)).scalars())
        rows = connection.execute(
            select(KEYS.c.subject_ref, KEYS.c.key_class, KEYS.c.gen).where(KEYS.c.subject_ref.in_(subjects))
        ).all()
    seen: set[Key] = set()
    several: set[Key] = set()
    for subject, key_class, _ in rows:
        key = (subject, KeyClass(key_class))
        (several if key in seen else seen).add(key)
    return OlderKeys(frozenset(several), subjects[-1] if subjects else None)


def supersede(keyring: Keyring, keys: Collection[Key], now: datetime) -> int:
    """Destroy every generation but the newest of some keys, in one commit; returns how many generations went.

    The caller has seen that nothing sealed under them is left. A trace of each stays in `cc_key_superseded`.
    """
    at, gone = ensure_utc(now), 0
    if not keys:
        return 0
    with keyring.engine.begin() as connection:
        for subject, of_subject in _by_subject(keys):
            locked = keystore.lock_keys_of(connection, [subject])
            for key_class in sorted(of_subject):
                older = [key for key in locked if key.key_class == key_class.value][:-1]
                if older:
                    keystore.supersede(connection, [keystore.stone_of(key, at) for key in older])
                    gone += len(older)
        if gone:
            keystore.bump_version(connection)
    if gone:
        keyring.refresh()
    return gone


def _by_subject(keys: Collection[Key]) -> Iterable[tuple[UUID, list[KeyClass]]]:
    for subject, of_subject in groupby(sorted(keys), key=lambda key: key[0]):
        yield subject, [key_class for _, key_class in of_subject]
