"""`consentcore subjects`: finding persons."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from consentcore.crm.contact_reading import contacts_of
from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX
from consentcore.subjects.matching import matches_of
from web.cli.command import Group, service
from web.cli.people import person_options, persons
from web.transaction import reading

_NAMES = {EMAIL_INDEX: "email", PHONE_INDEX: "phone"}


@click.group(cls=Group)
def subjects() -> None:
    """Find persons."""


@subjects.command()
@person_options
def find(email: str | None, subject: UUID | None) -> dict[str, Any]:
    """Find a person and everyone who shares an e-mail address or telephone number: a match, never a link by itself."""
    with service() as wired, reading(wired.sessions) as session:
        found = persons(session, wired.keyring, email, subject)
        if not found:
            return {"subject_ref": None, "contacts": [], "matches": []}
        first = found[0]
        return {
            "subject_ref": str(first),
            "contacts": [str(contact.contact_id) for contact in contacts_of(session, [first])],
            "matches": [
                {"subject_ref": str(match.subject_ref), "on": [_NAMES[field] for field in match.fields]}
                for match in matches_of(session, first)
            ],
        }
