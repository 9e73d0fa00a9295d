"""What is looked at before work begins: that every person has a key, or a record of its destruction."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crm.contacts import Contact
from consentcore.crypto.keyring import Keyring
from consentcore.errors import ConfigurationError
from consentcore.subjects.tables import DataSubject

NEWEST = 200
_BATCH = 1_000


def refuse_lost_keys(session: Session, keyring: Keyring) -> None:
    """Refuse to work with a keyring older than the main database: its newest persons would have no key.

    Looks at the newest contacts only, so that every command can afford it; `lost_keys` looks at all.
    Raises: ConfigurationError.
    """
    newest = session.scalars(select(Contact.subject_ref).order_by(Contact.id.desc()).limit(NEWEST)).all()
    lost = keyring.missing(newest)
    if lost:
        raise ConfigurationError(
            f"{len(lost)} of the {len(newest)} newest persons have neither key nor record of its destruction, such as "
            f"{lost[0]}: the keyring is older than this database, or another one's; restore the one that belongs to it"
        )


def lost_keys(session: Session, keyring: Keyring) -> Iterator[UUID]:
    """Yield every person who has neither key nor tombstone, in streams over the whole database."""
    refs = session.scalars(select(DataSubject.subject_ref).execution_options(yield_per=_BATCH))
    for batch in refs.partitions(_BATCH):
        yield from keyring.missing(batch)
