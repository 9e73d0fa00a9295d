"""`consentcore calls`: telephone calls that the rules on calling count (R-FR-3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import click

from consentcore.clock import iso
from consentcore.crm.calls import CallOutcome, Direction, record_call
from web.cli.command import INSTANT, Group, service
from web.cli.people import person_options, the_person
from web.transaction import unit


@click.group(cls=Group)
def calls() -> None:
    """Keep the calls made, so that nobody is called too often or after a refusal."""


@calls.command()
@person_options
@click.option("--purpose", required=True)
@click.option("--outcome", required=True, type=click.Choice([one.value for one in CallOutcome]))
@click.option(
    "--direction",
    default=Direction.OUTBOUND.value,
    show_default=True,
    type=click.Choice([one.value for one in Direction]),
)
@click.option("--at", type=INSTANT, help="When the call was; now, if not said.")
def add(
    email: str | None, subject: UUID | None, purpose: str, outcome: str, direction: str, at: datetime | None
) -> dict[str, Any]:
    """Record a call with a person; decisions count it, and keep the quiet after a refusal."""
    with service() as wired, unit(wired.sessions) as session:
        person, now = the_person(session, wired.keyring, email, subject), wired.now()
        when = at or now
        call_id = record_call(
            session, person, purpose, Direction(direction), CallOutcome(outcome), when, wired.policy, now
        )
        return {"call_id": str(call_id), "subject_ref": str(person), "at": iso(when)}
