"""A new epoch of the KEK: every key is wrapped anew, and the old epoch can then be destroyed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, func, select, update

from consentcore.clock import ensure_utc
from consentcore.crypto import epochs, keystore
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.keystore import WrappedKey
from consentcore.crypto.local_kek import UnwrapFailed
from consentcore.crypto.tables import EPOCHS, KEYS, ROOTS
from consentcore.crypto.unwrapping import root_aad, subject_aad, unopenable
from consentcore.errors import InvalidTransition, NotFound

Progress = Callable[[int, int], None]
"""Called after every batch with (keys wrapped anew so far, keys that were to do at the start)."""


@dataclass(frozen=True, slots=True)
class RotationReport:
    """What a rotation did; `resumed` says that it went on with an epoch which an earlier run had opened."""

    epoch: int
    rewrapped: int
    roots: int
    resumed: bool


def rotate_kek(
    keyring: Keyring, now: datetime, *, batch: int = 5_000, progress: Progress | None = None
) -> RotationReport:
    """Open the next epoch and wrap every key under it, batch by batch, each its own commit.

    Broken off, it is simply called again: it goes on under the same epoch. Reads and writes go on meanwhile.
    Raises: ConfigurationError (no next epoch, wrong KEK), DecryptionFailed naming the first key that does not open.
    """
    keyring.check()
    with keyring.engine.begin() as connection:
        keystore.lock_state(connection)
        epoch, live = epochs.read_live(connection)
        resumed = len(live) > 1 and _hanging(connection, epoch) > 0
        if not resumed:
            epoch = _open_epoch(connection, keyring, epoch, ensure_utc(now))
        to_do = _hanging(connection, epoch)
        roots = _rewrap_roots(connection, keyring, epoch)
    done, last = 0, b""
    while True:
        with keyring.engine.begin() as connection:
            rows = _stale(connection, epoch, last, batch)
            if not rows:
                break
            done += _rewrap(connection, keyring, epoch, rows)
        last = rows[-1].subject_ref
        if progress is not None:
            progress(done, to_do - roots)
    keyring.check()
    return RotationReport(epoch, done, roots, resumed)


def _open_epoch(connection: Connection, keyring: Keyring, former: int, now: datetime) -> int:
    epochs.retire(connection, now)  # first: it waits for those who are making keys
    provided = [each for each in keyring.provider.epochs() if each > former]
    opened_before_a_crash = provided and keyring.provider.current() == provided[0]
    epoch = provided[0] if opened_before_a_crash else keyring.provider.rotate()
    epochs.record(connection, keyring.provider, epoch, now)
    return epoch


def _hanging(connection: Connection, epoch: int) -> int:
    keys = select(func.count()).select_from(KEYS).where(KEYS.c.kek_epoch != epoch)
    roots = select(func.count()).select_from(ROOTS).where(ROOTS.c.kek_epoch != epoch, ROOTS.c.destroyed_at.is_(None))
    return connection.execute(keys).scalar_one() + connection.execute(roots).scalar_one()


def _rewrap_roots(connection: Connection, keyring: Keyring, epoch: int) -> int:
    rows = connection.execute(
        select(ROOTS).where(ROOTS.c.kek_epoch != epoch, ROOTS.c.destroyed_at.is_(None)).with_for_update()
    ).all()
    for row in rows:
        aad = root_aad(row.name, row.gen)
        key = keyring.provider.unwrap(row.kek_epoch, row.wrapped, aad)
        blob = keyring.provider.wrap_many([(key, aad)], epoch)[0]
        connection.execute(
            update(ROOTS).where(ROOTS.c.name == row.name, ROOTS.c.gen == row.gen).values(kek_epoch=epoch, wrapped=blob)
        )
    return len(rows)


def _stale(connection: Connection, epoch: int, after: bytes, batch: int) -> list[WrappedKey]:
    raw = keystore.RAW_SUBJECT
    query = select(raw, KEYS.c.key_class, KEYS.c.gen, KEYS.c.kek_epoch, KEYS.c.wrapped).where(KEYS.c.kek_epoch != epoch)
    if after:
        query = query.where(KEYS.c.subject_ref >= after)  # the last subject may have had more keys than fitted
    rows = connection.execute(query.order_by(KEYS.c.subject_ref).limit(batch))
    return [WrappedKey(*row) for row in rows]


_REWRAP = (
    update(KEYS)
    .where(
        KEYS.c.subject_ref == bindparam("of"),
        KEYS.c.key_class == bindparam("cls"),
        KEYS.c.gen == bindparam("nth"),
        KEYS.c.kek_epoch == bindparam("old"),
    )
    .values(kek_epoch=bindparam("new"), wrapped=bindparam("blob"))
)


def _rewrap(connection: Connection, keyring: Keyring, epoch: int, rows: list[WrappedKey]) -> int:
    """Wrap a batch anew; a key destroyed since it was read matches no row and stays destroyed."""
    aads = [subject_aad(row.subject_ref, KeyClass(row.key_class), row.gen) for row in rows]
    try:
        deks = keyring.provider.unwrap_many(
            [(row.kek_epoch, row.wrapped, aad) for row, aad in zip(rows, aads, strict=True)]
        )
    except UnwrapFailed as error:
        raise unopenable(rows[error.position], error) from None
    blobs = keyring.provider.wrap_many(list(zip(deks, aads, strict=True)), epoch)
    keystore.execute_raw(
        connection,
        _REWRAP,
        [
            {
                "of": row.subject_ref,
                "cls": row.key_class,
                "nth": row.gen,
                "old": row.kek_epoch,
                "new": epoch,
                "blob": blob,
            }
            for row, blob in zip(rows, blobs, strict=True)
        ],
    )
    return len(rows)


def destroy_epoch(keyring: Keyring, epoch: int, now: datetime) -> str:
    """Destroy a retired epoch in the provider, so that every older copy of the keyring opens nothing any more.

    Returns: the provider's sentence of evidence, kept in `cc_kek_epoch`; calling again returns the same.
    Raises: NotFound, InvalidTransition for the epoch in use or while keys hang on it, NotPermitted where the provider
    cannot destroy (env).
    """
    with keyring.engine.begin() as connection:
        keystore.lock_state(connection)
        row = connection.execute(select(EPOCHS).where(EPOCHS.c.epoch == epoch).with_for_update()).one_or_none()
        _refuse_destruction(connection, epoch, row)
        if row is not None and row.destroyed_at is not None:
            return str(row.evidence)
        evidence = keyring.provider.destroy(epoch)
        connection.execute(
            update(EPOCHS)
            .where(EPOCHS.c.epoch == epoch)
            .values(destroyed_at=ensure_utc(now), evidence=evidence[:500], check_value=b"")
        )
        keystore.bump_version(connection)
    return evidence


def _refuse_destruction(connection: Connection, epoch: int, row: Row[tuple[object, ...]] | None) -> None:
    if row is None:
        raise NotFound(f"the keyring knows no epoch {epoch} of the key encryption key")
    if row.retired_at is None:
        raise InvalidTransition(f"epoch {epoch} is in use; run `consentcore keys rotate kek` before destroying it")
    keys = select(func.count()).select_from(KEYS).where(KEYS.c.kek_epoch == epoch)
    roots = select(func.count()).select_from(ROOTS).where(ROOTS.c.kek_epoch == epoch, ROOTS.c.destroyed_at.is_(None))
    left = connection.execute(keys).scalar_one() + connection.execute(roots).scalar_one()
    if left:
        raise InvalidTransition(
            f"{left} keys still hang on epoch {epoch}; run `consentcore keys rotate kek` to wrap them anew"
        )
