"""Whom a request is about: the persons reached at an address, in the active tables or in the archive alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crm.contacts import EMAIL_INDEX
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.errors import NotFound
from consentcore.policyset import Channel
from consentcore.retention.archive_index import find_archived
from consentcore.retention.tables import ARCHIVED_EMAIL_INDEX
from consentcore.subjects.matching import find_subjects
from consentcore.subjects.tables import DataSubject
from consentcore.suppression.entries import Suppressed, entries_at


@dataclass(frozen=True, slots=True)
class Found:
    """Who is reached at an address: `active` persons, persons of whom only archived rows are left, oppositions."""

    active: tuple[UUID, ...]
    archived: tuple[UUID, ...]
    oppositions: tuple[Suppressed, ...]

    @property
    def candidates(self) -> tuple[UUID, ...]:
        """The persons a request from this address may be about: the active ones, else those in the archive."""
        return self.active or self.archived


def find_persons(session: Session, keyring: Keyring, normalised_email: str) -> Found:
    """Look an e-mail address up in the blind index, the archive's index and the opposition list (R-11-1).

    Persons whose evidence key is gone are left out: nothing can be recorded, nor is anything left, of them.
    """
    active = find_subjects(session, keyring, EMAIL_INDEX, normalised_email)
    archived = find_archived(session, keyring, ARCHIVED_EMAIL_INDEX, normalised_email) - set(active)
    return Found(
        active=usable(keyring, active),
        archived=usable(keyring, sorted(archived)),
        oppositions=tuple(entries_at(session, keyring, Channel.EMAIL, normalised_email)),
    )


def known_person(session: Session, keyring: Keyring, subject_ref: UUID) -> UUID | None:
    """Return a person named by reference, or None when that person's evidence key is gone.

    Raises: NotFound for a reference that was never given.
    """
    if session.scalar(select(DataSubject.subject_ref).where(DataSubject.subject_ref == subject_ref)) is None:
        raise NotFound(f"no person {subject_ref} is known here")
    return next(iter(usable(keyring, [subject_ref])), None)


def usable(keyring: Keyring, subject_refs: Iterable[UUID]) -> tuple[UUID, ...]:
    """Return those persons under whose evidence key something can be recorded, in the order given."""
    wanted = list(subject_refs)
    alive = keyring.ciphers({ref.bytes for ref in wanted}, KeyClass.EVIDENCE)
    return tuple(ref for ref in wanted if ref.bytes in alive)
