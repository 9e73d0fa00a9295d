"""Destroying one key of one person as a deliberate act, with its certificate: three steps, each repeatable.

1. `request` marks the key in the caller's unit (commit it). 2. `destroy` kills the key in the keyring's own commit.
3. `certify` issues the certificate, empties what can no longer be read, and clears the mark (commit it).
A crash between any two leaves the mark: `open_requests` lists them, `destroy` and `certify` go on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto import shredding
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.crypto.shredding import DestructionBody, PendingShred
from consentcore.errors import Conflict, NotFound
from consentcore.ledger.certificates import Certificate, issue
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.subjects.tables import DataSubject

KIND = "key_destroyed"
REQUESTED = register("key.destruction_requested", "somebody asked that one key of one person be destroyed")
DESTROYED = register("subject.erased", "one class of a person's data can no longer be read: its key was destroyed")


def request(session: Session, subject_ref: UUID, key_class: KeyClass, reason: str, by: str, now: datetime) -> None:
    """Mark a key to be destroyed; what it sealed will never open again (Art. 17, crypto design 1.6).

    `reason` is a code. Effects: a mark, a leaf `key.destruction_requested` whose sealed payload names who asked.
    Raises: NotFound for an unknown person; Conflict when the key is gone already.
    """
    if session.scalar(select(DataSubject.subject_ref).where(DataSubject.subject_ref == subject_ref)) is None:
        raise NotFound(f"no person {subject_ref} is known here")
    keyring: Keyring = session.info[KEYRING_KEY]
    if any(stone.key_class is key_class for stone in keyring.tombstones(subject_ref)):
        raise Conflict(f"the {key_class.value} key of person {subject_ref} was destroyed already")
    queue(
        session,
        Event(
            type=REQUESTED,
            at=now,
            subject_ref=subject_ref,
            payload={"subject_ref": str(subject_ref), "key_class": key_class.value, "reason": reason, "by": by},
            data={"key_class": key_class.value},
        ),
    )
    shredding.mark_pending(session, subject_ref, key_class, reason, now)


def open_requests(session: Session) -> list[PendingShred]:
    """List keys that are marked and not yet certified, oldest first."""
    return shredding.list_pending(session)


def destroy(keyring: Keyring, pending: PendingShred, now: datetime) -> DestructionBody:
    """Destroy the marked key in the keyring, in the keyring's own commit; repeated, it returns the same facts."""
    return shredding.destroy(keyring, pending.subject_ref, pending.key_class, now)


def certify(session: Session, pending: PendingShred, facts: DestructionBody, now: datetime) -> Certificate:
    """Record a destruction: certificate, leaf `subject.erased`, contents emptied, mark cleared; in the caller's unit.

    The leaves and every receipt handed out before stay valid; one composed later names this certificate.
    """
    body: dict[str, Any] = {"reason": pending.reason, **facts.as_data()}
    emptied = pending.subject_ref if pending.key_class is KeyClass.EVIDENCE else None
    certificate = issue(session, KIND, body, now, erases=emptied)
    queue(
        session,
        Event(
            type=DESTROYED,
            at=now,
            data={"key_class": pending.key_class.value, "certificate_sha256": certificate.sha256},
        ),
    )
    shredding.clear_pending(session, pending.subject_ref, pending.key_class)
    return certificate
