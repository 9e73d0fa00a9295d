"""Epochs of the KEK as the keyring's database knows them: in use, retired, destroyed."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from consentcore.crypto import keystore
from consentcore.crypto.local_kek import UnwrapFailed
from consentcore.crypto.providers import KekProvider
from consentcore.crypto.roots import make_roots
from consentcore.crypto.tables import EPOCHS, STATE
from consentcore.errors import ConfigurationError

_CHECKED = bytes(32)
_CHECK_AAD = b"consentcore kek check".ljust(32, b"\0")


def make_first(connection: Connection, provider: KekProvider, now: datetime) -> None:
    """Write the first epoch, the roots and the installation id of a new keyring."""
    connection.execute(
        insert(STATE).values(id=1, installation_id=uuid.uuid4(), version=0, initialised_at=now)
    )  # first of all: two processes that initialise at once collide here
    epoch = provider.current()
    record(connection, provider, epoch, now)
    make_roots(connection, provider, epoch, now)


def record(connection: Connection, provider: KekProvider, epoch: int, now: datetime) -> None:
    """Write an epoch as the one in use, with its check value."""
    check_value = provider.wrap_many([(_CHECKED, _CHECK_AAD)], epoch)[0]
    connection.execute(
        insert(EPOCHS).values(epoch=epoch, provider=provider.name[:200], check_value=check_value, created_at=now)
    )


def retire(connection: Connection, now: datetime) -> None:
    """Take every epoch out of use; waits for those who are making keys under it."""
    connection.execute(update(EPOCHS).where(EPOCHS.c.retired_at.is_(None)).values(retired_at=now))


def read_live(connection: Connection) -> tuple[int, tuple[int, ...]]:
    """Return the epoch in use, and all that are not destroyed.

    Raises: ConfigurationError before initialisation.
    """
    query = select(EPOCHS.c.epoch, EPOCHS.c.retired_at).where(EPOCHS.c.destroyed_at.is_(None)).order_by(EPOCHS.c.epoch)
    rows = connection.execute(query).all()
    current = [epoch for epoch, retired_at in rows if retired_at is None]
    if not current:
        raise ConfigurationError("the keyring was never initialised; run `consentcore init`")
    return current[-1], tuple(epoch for epoch, _ in rows)


def lock_current(connection: Connection) -> int:
    """Return the epoch in use, held in use until the transaction ends.

    Raises: ConfigurationError before initialisation.
    """
    epoch = keystore.lock_current_epoch(connection)
    if epoch is None:
        raise ConfigurationError("the keyring was never initialised; run `consentcore init`")
    return epoch


def check(connection: Connection, provider: KekProvider) -> None:
    """Tell a wrong KEK from a tampered key: each live epoch's check value must open.

    Raises: ConfigurationError saying which epoch is missing or not the one this keyring was made with.
    """
    current, live = read_live(connection)
    held = set(provider.epochs())
    for epoch in live:
        if epoch not in held:
            raise ConfigurationError(
                f"the keyring hangs on epoch {epoch} of the key encryption key, which {provider.name} does not hold: "
                "give it the right one, or, if that epoch was destroyed, this keyring is an old copy that opens no more"
            )
    query = select(EPOCHS.c.epoch, EPOCHS.c.check_value).where(EPOCHS.c.epoch.in_(live)).order_by(EPOCHS.c.epoch)
    for epoch, check_value in connection.execute(query):
        try:
            provider.unwrap(epoch, check_value, _CHECK_AAD)
        except UnwrapFailed:
            raise ConfigurationError(
                f"epoch {epoch} of the key encryption key in {provider.name} is not the one this keyring was made "
                "with; give the one that belongs to it"
            ) from None
    provider.adopt(current)
