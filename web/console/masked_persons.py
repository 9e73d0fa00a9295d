"""Persons as staff see them who need no name: initials and the ends of addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crm.contact_reading import contacts_of, read_contacts
from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import ContactDraft, PointDraft
from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.subjects.tables import DataSubject
from web.shell.masking import masked_email, masked_name, masked_phone


@dataclass(frozen=True, slots=True)
class MaskedPerson:
    """One person, recognisable to who knows her already."""

    subject_ref: UUID
    known_since: datetime
    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    held: bool
    """Whether a contact record of the person is left."""


def masked_persons(session: Session, keyring: Keyring, refs: Sequence[UUID]) -> list[MaskedPerson]:
    """Return persons masked, in the order given; a reference that is not known here is left out."""
    query = select(DataSubject.subject_ref, DataSubject.created_at).where(DataSubject.subject_ref.in_(refs))
    since = {row.subject_ref: row.created_at for row in session.execute(query)}
    opened = contacts_in_full(session, keyring, refs)
    return [_masked(ref, since[ref], opened.get(ref, [])) for ref in refs if ref in since]


def contacts_in_full(session: Session, keyring: Keyring, refs: Sequence[UUID]) -> dict[UUID, list[ContactDraft]]:
    """Return the contact records of persons in full, to be masked or compared before anything is shown."""
    written = contacts_of(session, refs)
    try:
        read = read_contacts(session, keyring, [one.contact_id for one in written])
    except KeyDestroyed:  # a key is being destroyed at this moment: nothing of that person can be read any more
        read = _one_by_one(session, keyring, [one.contact_id for one in written])
    found: dict[UUID, list[ContactDraft]] = {}
    for one in written:
        if one.contact_id in read:
            found.setdefault(one.subject_ref, []).append(read[one.contact_id])
    return found


def points_of(contacts: Sequence[ContactDraft]) -> list[PointDraft]:
    """Return every contact point of some contact records, equal ones once."""
    found = {(point.kind, point.value): point for contact in contacts for point in contact.points}
    return list(found.values())


def _one_by_one(session: Session, keyring: Keyring, contact_ids: Sequence[UUID]) -> dict[UUID, ContactDraft]:
    read: dict[UUID, ContactDraft] = {}
    for contact_id in contact_ids:
        try:
            read |= read_contacts(session, keyring, [contact_id])
        except KeyDestroyed:
            continue
    return read


def _masked(ref: UUID, since: datetime, contacts: list[ContactDraft]) -> MaskedPerson:
    texts = contacts[0].texts if contacts else {}
    points = points_of(contacts)
    return MaskedPerson(
        subject_ref=ref,
        known_since=since,
        name=masked_name(texts.get("first_name"), texts.get("last_name")),
        emails=tuple(masked_email(one.value) for one in points if one.kind is PointKind.EMAIL),
        phones=tuple(masked_phone(one.value) for one in points if one.kind is not PointKind.EMAIL),
        held=bool(contacts),
    )
