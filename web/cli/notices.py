"""`consentcore notices`: who was shown which information notice."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import click

from consentcore.clock import iso
from consentcore.consent.shown import record_shown
from web.cli.command import INSTANT, Group, service
from web.cli.consent import the_notice
from web.cli.people import person_options, the_person
from web.transaction import unit


@click.group(cls=Group)
def notices() -> None:
    """Keep evidence of the information given (Art. 13, 14)."""


@notices.command()
@person_options
@click.option("--notice", required=True, help="The notice that was shown, such as newsletter@1 or newsletter@1/en.")
@click.option("--at", type=INSTANT, help="When it was shown; now, if not said.")
@click.option("--evidence", help="In words: the order, the page or the letter it was shown with.")
@click.option("--by", help="Who recorded it.")
def shown(
    email: str | None, subject: UUID | None, notice: str, at: datetime | None, evidence: str | None, by: str | None
) -> dict[str, Any]:
    """Record that a person was shown one version of a notice, such as at a sale."""
    with service() as wired:
        version, now = the_notice(wired.policy, notice), wired.now()
        with unit(wired.sessions) as session:
            person = the_person(session, wired.keyring, email, subject)
            shown_id = record_shown(session, person, version, at or now, now, evidence=evidence, by=by)
        return {
            "shown_id": str(shown_id),
            "subject_ref": str(person),
            "notice": version.label,
            "at": iso(at or now),
        }
