"""Destroying a subject's key: noted in the main database, done in the keyring, certified by a higher room.

The unit that removes the rows marks the key here; after its commit the key is destroyed, and a second unit records the
certificate and clears the mark. A crash between any two steps leaves a mark, and every step can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc, iso
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.keystore import Tombstone
from consentcore.crypto.tables import EPOCHS, ShredPending


@dataclass(frozen=True, slots=True)
class PendingShred:
    """A key that is to be destroyed; `reason` is a code."""

    subject_ref: UUID
    key_class: KeyClass
    reason: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class DestructionBody:
    """The facts that a destruction certificate states; nothing in it names the subject.

    `effective_at` is the moment from which no copy of the keyring opens the key: None until the epoch that wrapped it
    is destroyed too. `key_check_value` is the SHA-256 of the wrapped key in hex, that of the newest generation.
    """

    key_class: KeyClass
    dek_destroyed_at: datetime
    kek_epoch: int
    kek_epoch_destroyed_at: datetime | None
    effective_at: datetime | None
    key_check_value: str
    older_key_check_values: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return the body as plain data for canonical JSON: times in RFC 3339, null where something is still open."""
        data: dict[str, Any] = {
            "key_class": self.key_class.value,
            "dek_destroyed_at": iso(self.dek_destroyed_at),
            "kek_epoch": self.kek_epoch,
            "kek_epoch_destroyed_at": _iso(self.kek_epoch_destroyed_at),
            "effective_at": _iso(self.effective_at),
            "key_check_value": self.key_check_value,
        }
        if self.older_key_check_values:
            data["older_key_check_values"] = list(self.older_key_check_values)
        return data


def mark_pending(session: Session, subject: UUID, key_class: KeyClass, reason: str, now: datetime) -> None:
    """Note, in the unit that removes the rows, that a key is to go; a second mark changes nothing."""
    if session.get(ShredPending, (subject, key_class.value)) is None:
        session.add(
            ShredPending(subject_ref=subject, key_class=key_class.value, reason=reason, requested_at=ensure_utc(now))
        )
        session.flush()


def list_pending(session: Session, limit: int = 1_000) -> list[PendingShred]:
    """Return the keys that are still to be destroyed or recorded, oldest first."""
    query = select(ShredPending).order_by(ShredPending.requested_at, ShredPending.subject_ref).limit(limit)
    return [
        PendingShred(row.subject_ref, KeyClass(row.key_class), row.reason, row.requested_at)
        for row in session.scalars(query)
    ]


def clear_pending(session: Session, subject: UUID, key_class: KeyClass) -> None:
    """Take the mark away, in the unit that records the certificate."""
    session.execute(
        delete(ShredPending).where(ShredPending.subject_ref == subject, ShredPending.key_class == key_class.value)
    )


def destroy(keyring: Keyring, subject: UUID, key_class: KeyClass, now: datetime) -> DestructionBody:
    """Destroy a key in the keyring (own commit) and return the facts; repeated, it returns the same facts.

    Raises: NotFound when there never was such a key.
    """
    keyring.destroy_key(subject, key_class, now)
    return body_of(keyring, [stone for stone in keyring.tombstones(subject) if stone.key_class is key_class])


def body_of(keyring: Keyring, stones: list[Tombstone]) -> DestructionBody:
    """Return the facts about one destroyed key as they stand now, from its tombstones (oldest generation first)."""
    newest = stones[-1]
    wrapped_under = {stone.kek_epoch for stone in stones}
    with keyring.reading() as connection:
        query = select(EPOCHS.c.epoch, EPOCHS.c.destroyed_at).where(EPOCHS.c.epoch.in_(wrapped_under))
        gone = {epoch: at for epoch, at in connection.execute(query) if at is not None}
    all_gone = max(gone.values()) if set(gone) == wrapped_under else None
    return DestructionBody(
        key_class=newest.key_class,
        dek_destroyed_at=newest.destroyed_at,
        kek_epoch=newest.kek_epoch,
        kek_epoch_destroyed_at=gone.get(newest.kek_epoch),
        effective_at=None if all_gone is None else max(all_gone, newest.destroyed_at),
        key_check_value=newest.key_check_value,
        older_key_check_values=tuple(stone.key_check_value for stone in stones[:-1]),
    )


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)
