"""Where mail for a typed address goes: to the address on record, never to one that merely looks like it.

Case folding makes different addresses equal; whoever owns the look-alike must not receive what is meant for the other.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crm.contacts import EMAIL_INDEX, ContactPoint
from consentcore.crypto.blindindex import find
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyring import Keyring


def stored_address(session: Session, keyring: Keyring, typed: str, normalised: str) -> str:
    """Return the address on record that a typed one names; of an unknown one what was typed, folded unless ASCII.

    Whether it is known or not, the same reads are made: without a hit, some other row is opened and forgotten.
    """
    hits = [hit.row_id for hit in find(session, keyring, EMAIL_INDEX, normalised)]
    wanted = ContactPoint.id.in_(hits) if hits else ContactPoint.kind == "email"
    rows = session.scalars(select(ContactPoint).where(wanted).order_by(ContactPoint.id).limit(1)).all()
    opened = [value for (value,) in reveal(keyring, rows, ContactPoint.value)] if rows else []
    if hits and opened and opened[0]:
        return opened[0]
    return typed if typed.isascii() else normalised


def phone_points(session: Session, subject_ref: UUID) -> bool:
    """Tell whether a telephone number that can be used is on record for a person."""
    found = select(ContactPoint.id).where(
        ContactPoint.subject_ref == subject_ref,
        ContactPoint.kind.in_(("mobile", "phone")),
        ContactPoint.valid.is_(True),
    )
    return session.scalar(found.limit(1)) is not None
