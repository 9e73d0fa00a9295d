"""Who of the staff looked at a person's data in full: written before anything is shown (Art. 5(2), 32, C-579/21)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.errors import BadInput
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue

RECORDED = register("access.recorded", "a member of staff looked at data of a person in full (C-579/21)")
MAX_ACTOR = 254
MAX_WHAT = 64


def record(session: Session, subject_ref: UUID, by: str, what: str, now: datetime, *, reference: str) -> None:
    """Record that a member of staff is about to see data of a person, in the caller's unit.

    `what` is a code of the data shown, `reference` the request for which. The caller commits before it shows anything:
    where nothing can be recorded, nothing is shown.
    Effects: leaf `access.recorded`; who, what and for which request lie sealed under the person's evidence key.
    Raises: BadInput; KeyDestroyed, when the event is written, where nothing is left of the person.
    """
    if not 0 < len(by.strip()) <= MAX_ACTOR or not 0 < len(what) <= MAX_WHAT:
        raise BadInput("an access record names who looked and at what")
    payload = {"by": by.strip(), "what": what, "reference": reference}
    queue(session, Event(type=RECORDED, at=now, subject_ref=subject_ref, payload=payload))
