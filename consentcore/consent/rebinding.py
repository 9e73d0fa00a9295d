"""A consent binds to an address or number; when the person's changes, the consent follows, and the log says so."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent.tables import PERMITTING, ConsentStateRow
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.suppression.entries import INDEX_OF

REBOUND = register("consent.rebound", "consents of a person follow a changed address or number")


def rebind(session: Session, subject_ref: UUID, field_number: int, old: bytes, new: bytes, now: datetime) -> int:
    """Note that consents of a person bind to a new contact point from now on; returns how many, in the caller's unit.

    A consent is the person's, not the address's: it stays what it is, and its evidence still names the old point. A
    pending request does not follow, for it was sent to the old one. Units: `old` and `new` are values of the blind
    index under `field_number`. Effects: one leaf `consent.rebound`, where there is any such consent; the records and
    both values are sealed under the person's evidence key.
    """
    channels = [channel.value for channel, number in INDEX_OF.items() if number == field_number]
    held = session.scalars(
        select(ConsentStateRow.record_id)
        .where(
            ConsentStateRow.subject_ref == subject_ref,
            ConsentStateRow.channel.in_(channels),
            ConsentStateRow.state.in_([state.value for state in PERMITTING]),
        )
        .order_by(ConsentStateRow.purpose, ConsentStateRow.channel)
    ).all()
    if held and old != new:
        payload = {
            "subject_ref": str(subject_ref),
            "records": [str(record_id) for record_id in held],
            "from": old.hex(),
            "to": new.hex(),
        }
        queue(session, Event(type=REBOUND, at=now, subject_ref=subject_ref, payload=payload))
    return len(held) if old != new else 0
