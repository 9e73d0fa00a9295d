"""Naming a person on the command line: by e-mail, which several may share, or by reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crm.contacts import EMAIL_INDEX
from consentcore.crypto.blindindex import normalise_email
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, Conflict, NotFound
from consentcore.subjects.matching import find_subjects
from consentcore.subjects.tables import DataSubject


def person_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--email` and `--subject`, of which exactly one is to be given."""
    function = click.option("--subject", type=click.UUID, help="The person's reference.")(function)
    return click.option("--email", help="An e-mail address of the person.")(function)


def persons(session: Session, keyring: Keyring, email: str | None, subject: UUID | None) -> list[UUID]:
    """Return the persons that the options name; an address may be shared by several, or by nobody.

    Raises: NotFound for an unknown reference; BadInput for text that is no address.
    """
    if (email is None) == (subject is None):
        raise click.UsageError("name the person by --email or by --subject")
    if subject is not None:
        if session.scalar(select(DataSubject.subject_ref).where(DataSubject.subject_ref == subject)) is None:
            raise NotFound(f"no person {subject} is known here")
        return [subject]
    normalised = normalise_email(email or "")
    if normalised is None:
        raise BadInput("--email is not an e-mail address")
    return find_subjects(session, keyring, EMAIL_INDEX, normalised)


def the_person(session: Session, keyring: Keyring, email: str | None, subject: UUID | None) -> UUID:
    """Return the one person that the options name.

    Raises: NotFound when there is none; Conflict when several share the address.
    """
    found = persons(session, keyring, email, subject)
    if not found:
        raise NotFound("nobody with this e-mail address is known here; import or create the contact first")
    if len(found) > 1:
        listed = ", ".join(str(ref) for ref in found)
        raise Conflict(f"{len(found)} persons share this e-mail address; name one by --subject: {listed}")
    return found[0]
