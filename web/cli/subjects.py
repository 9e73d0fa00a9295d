"""`consentcore subjects`: finding persons, and what is known of who they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import click

from consentcore.crm.contact_reading import contacts_of
from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX
from consentcore.errors import NotFound
from consentcore.subjects import deceased as deaths
from consentcore.subjects import links
from consentcore.subjects.matching import matches_of
from web.cli.command import Group, service
from web.cli.people import person_options, persons, the_person
from web.transaction import reading, unit
from web.wiring import Service

_NAMES = {EMAIL_INDEX: "email", PHONE_INDEX: "phone"}


@click.group(cls=Group)
def subjects() -> None:
    """Find persons; link the references of one, record a death."""


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


@subjects.command()
@click.argument("subject_ref", type=click.UUID)
@click.argument("other_ref", type=click.UUID)
@click.option("--by", required=True, help="Who found that the two are one person.")
def link(subject_ref: UUID, other_ref: UUID, by: str) -> dict[str, Any]:
    """Record that two references are one person: from now on the most restrictive answer of both decides."""
    with service() as wired:
        with unit(wired.sessions) as session:
            links.link(session, subject_ref, other_ref, by, wired.now())
        return _together(wired, subject_ref)


@subjects.command()
@click.argument("subject_ref", type=click.UUID)
@click.argument("other_ref", type=click.UUID)
@click.option("--by", required=True, help="Who found that the two are not one person.")
def unlink(subject_ref: UUID, other_ref: UUID, by: str) -> dict[str, Any]:
    """Take back that two references are one person."""
    with service() as wired:
        with unit(wired.sessions) as session:
            if not links.unlink(session, subject_ref, other_ref, by, wired.now()):
                raise NotFound(f"no link stands between {subject_ref} and {other_ref}; others may lie between the two")
        return _together(wired, subject_ref)


def _together(wired: Service, subject_ref: UUID) -> dict[str, Any]:
    with reading(wired.sessions) as session:
        refs = links.linked_refs(session, [subject_ref])[subject_ref]
    return {"subject_ref": str(subject_ref), "linked": sorted(str(ref) for ref in refs if ref != subject_ref)}


@subjects.command()
@person_options
@click.option("--on", "died_on", type=click.DateTime(["%Y-%m-%d"]), help="The day of the death.")
@click.option("--mistaken", is_flag=True, help="Take a death back that was recorded by mistake.")
@click.option("--by", required=True, help="Who recorded it.")
def deceased(
    email: str | None, subject: UUID | None, died_on: datetime | None, mistaken: bool, by: str
) -> dict[str, Any]:
    """Record that a person died: nobody is contacted for any purpose any more."""
    if (died_on is None) is not mistaken:
        raise click.UsageError("say --on which day the person died, or that it was --mistaken")
    with service() as wired, unit(wired.sessions) as session:
        person = the_person(session, wired.keyring, email, subject)
        if died_on is None:
            deaths.take_back(session, person, by, wired.now())
        else:
            deaths.record(session, person, died_on.date(), by, wired.now())
        return {"subject_ref": str(person), "deceased_on": died_on.date().isoformat() if died_on else None}
