"""Opening contacts again as plain values: many at once, one key query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crm.contact_writing import WrittenContact
from consentcore.crm.contacts import Contact, ContactPoint, PointKind
from consentcore.crm.drafts import SEALED_TEXTS, ContactDraft, PointDraft
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyring import Keyring


def contacts_of(session: Session, subject_refs: Sequence[UUID]) -> list[WrittenContact]:
    """Return the contacts of some persons, oldest first, unopened."""
    rows = session.execute(
        select(Contact.id, Contact.subject_ref).where(Contact.subject_ref.in_(subject_refs)).order_by(Contact.id)
    )
    return [WrittenContact(contact_id, subject_ref) for contact_id, subject_ref in rows]


def read_contacts(session: Session, keyring: Keyring, contact_ids: Sequence[UUID]) -> dict[UUID, ContactDraft]:
    """Open some contacts with all their points.

    Points come back with `normalised` set to their own text where they are valid: enough to compare and to show.
    Raises: DecryptionFailed when a value was moved or changed; KeyDestroyed when its key is gone.
    """
    contacts = session.scalars(select(Contact).where(Contact.id.in_(contact_ids))).all()
    texts = reveal(keyring, contacts, *(getattr(Contact, name) for name in SEALED_TEXTS))
    points = _read_points(session, keyring, contact_ids)
    return {
        contact.id: ContactDraft(
            texts={name: text for name, text in zip(SEALED_TEXTS, opened, strict=True) if text is not None},
            points=tuple(points[contact.id]),
            kind=contact.kind,
            capacity=contact.capacity,
            language=contact.language,
            timezone=contact.timezone,
            created_at=contact.created_at,
            last_contact_at=contact.last_contact_at,
        )
        for contact, opened in zip(contacts, texts, strict=True)
    }


def _read_points(session: Session, keyring: Keyring, contact_ids: Sequence[UUID]) -> dict[UUID, list[PointDraft]]:
    rows = session.scalars(
        select(ContactPoint).where(ContactPoint.contact_id.in_(contact_ids)).order_by(ContactPoint.position)
    ).all()
    opened = reveal(keyring, rows, ContactPoint.value)
    found: dict[UUID, list[PointDraft]] = defaultdict(list)
    order = list(PointKind)
    for row, (value,) in sorted(zip(rows, opened, strict=True), key=lambda pair: order.index(PointKind(pair[0].kind))):
        text = value or ""
        found[row.contact_id].append(PointDraft(PointKind(row.kind), text, text if row.valid else None))
    return found
