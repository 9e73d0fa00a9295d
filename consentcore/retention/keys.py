"""Letting go of keys: once nothing sealed under them is left of a person, they are marked to be destroyed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import MetaData, Table, select
from sqlalchemy.orm import Session

from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.sealedtext import SealedText
from consentcore.crypto.shredding import PendingShred, list_pending, mark_pending
from consentcore.db import Base

REASON = "retention_end"
"""Why a key was destroyed, as its certificate says it."""
_CHUNK = 500
_MOST_PENDING = 10_000


def release_keys(
    session: Session,
    keyring: Keyring,
    subject_refs: Iterable[UUID],
    now: datetime,
    *,
    metadata: Sequence[MetaData] = (Base.metadata,),
) -> int:
    """Mark the keys under which nothing is left of persons: profile, and archive with it; returns how many keys.

    The archive key of a person whose profile still stands is kept: it may be needed yet. Evidence keys have an end of
    their own. Effects: marks in the caller's unit; after its commit `subjects.shredding.destroy` and `certify` go on
    with what `released_keys` lists. Marking again changes nothing, destroyed keys are passed over.
    """
    persons = sorted(set(subject_refs))
    profiles = _with_rows(session, persons, KeyClass.PROFILE, metadata)
    archives = _with_rows(session, persons, KeyClass.ARCHIVE, metadata)
    gone = [person for person in persons if person not in profiles]
    keyless = set(keyring.missing(gone)) if gone else set()
    marked = 0
    for person in gone:
        classes = {KeyClass.PROFILE} if person in archives else {KeyClass.PROFILE, KeyClass.ARCHIVE}
        classes -= {stone.key_class for stone in keyring.tombstones(person)}
        for key_class in sorted(classes) if person not in keyless else ():
            mark_pending(session, person, key_class, REASON, now)
            marked += 1
    return marked


def released_keys(session: Session) -> list[PendingShred]:
    """List the keys that sweeps have let go and that are not yet certified as destroyed, oldest first."""
    return [one for one in list_pending(session, _MOST_PENDING) if one.reason == REASON]


def _with_rows(
    session: Session, persons: Sequence[UUID], key_class: KeyClass, metadata: Sequence[MetaData]
) -> set[UUID]:
    found: set[UUID] = set()
    tables = [table for one in metadata for table in one.sorted_tables if _is_sealed_under(table, key_class)]
    for start in range(0, len(persons), _CHUNK):
        chunk = persons[start : start + _CHUNK]
        for table in tables:
            owner = table.columns["subject_ref"]
            found.update(session.scalars(select(owner).where(owner.in_(chunk)).distinct()))
    return found


def _is_sealed_under(table: Table, key_class: KeyClass) -> bool:
    return any(isinstance(column.type, SealedText) and column.type.key_class is key_class for column in table.columns)
