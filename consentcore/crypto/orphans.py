"""Keys whose subject never reached the main database: the unit that needed them failed after they were made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select

from consentcore.clock import ensure_utc
from consentcore.crypto import keystore
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.tables import KEYS

Known = Callable[[Sequence[UUID]], set[UUID]]
"""Given some subjects, return those that the main database knows."""


def orphans(keyring: Keyring, known: Known, *, made_before: datetime) -> Iterator[list[UUID]]:
    """Yield batches of subjects that have keys older than `made_before` and are not known.

    `made_before` leaves running units their time: a day is ample.
    """
    limit, after = ensure_utc(made_before), None
    while True:
        query = select(KEYS.c.subject_ref).group_by(KEYS.c.subject_ref).having(func.max(KEYS.c.created_at) < limit)
        if after is not None:
            query = query.where(KEYS.c.subject_ref > after)
        with keyring.reading() as connection:
            batch = list(connection.execute(query.order_by(KEYS.c.subject_ref).limit(keystore.CHUNK)).scalars())
        if not batch:
            return
        after = batch[-1]
        recognised = known(batch)
        unknown = [subject for subject in batch if subject not in recognised]
        if unknown:
            yield unknown


def sweep_orphans(keyring: Keyring, known: Known, *, made_before: datetime) -> int:
    """Delete the keys of orphans, without tombstone since nothing was ever sealed for anyone; return how many subjects.

    Each batch is its own commit.
    """
    swept = 0
    for batch in orphans(keyring, known, made_before=made_before):
        with keyring.engine.begin() as connection:
            connection.execute(delete(KEYS).where(KEYS.c.subject_ref.in_(batch)))
            keystore.bump_version(connection)
        swept += len(batch)
    return swept
