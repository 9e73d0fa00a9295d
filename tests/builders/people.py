"""Contacts and policies for tests: everybody here is made up."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from consentcore.crm.contact_points import email_point, phone_point
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.keyring import Keyring


def draft(email: str, *, first_name: str = "Camille", phone: str | None = None) -> ContactDraft:
    """A contact with a name, an address of e-mail and perhaps a telephone."""
    points = [email_point(email)]
    if phone is not None:
        points.append(phone_point(PointKind.PHONE, phone, "FR"))
    return ContactDraft(texts={"first_name": first_name, "last_name": "Deschamps"}, points=tuple(points))


def open_people(factory: sessionmaker[Session], keyring: Keyring, now: datetime, *emails: str) -> list[UUID]:
    """Open one contact per address and return the persons' references."""
    with factory.begin() as session:
        written = open_contacts(session, keyring, [draft(email) for email in emails], now)
    return [one.subject_ref for one in written]
