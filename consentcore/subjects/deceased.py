"""That a person died: nobody is reached for any purpose any more (recital 27; LIL art. 85, R-DEATH)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.errors import BadInput, NotFound
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.subjects.standing import Standing, mark
from consentcore.subjects.tables import DataSubject

DECEASED = register("subject.deceased", "a person was recorded as deceased")
MISTAKEN = register("subject.deceased_mistaken", "a person recorded as deceased was found to be alive")


def record(session: Session, subject_ref: UUID, died_on: date, by: str, now: datetime) -> None:
    """Record a death, in the caller's unit; `decide` answers `deceased` from now on.

    Effects: the date on the person, a mark, a leaf `subject.deceased` with `by` sealed in it.
    Raises: NotFound; BadInput for a day to come.
    """
    if died_on > now.date():
        raise BadInput("a death cannot be recorded for a day to come")
    _person(session, subject_ref).deceased_on = died_on
    session.flush()
    payload = {"died_on": died_on.isoformat(), "by": by}
    queue(session, Event(type=DECEASED, at=now, subject_ref=subject_ref, payload=payload))
    mark(session, [subject_ref], Standing.DECEASED)


def take_back(session: Session, subject_ref: UUID, by: str, now: datetime) -> None:
    """Take back a death recorded by mistake; leaf `subject.deceased_mistaken`.

    Raises: NotFound.
    """
    _person(session, subject_ref).deceased_on = None
    session.flush()
    queue(session, Event(type=MISTAKEN, at=now, subject_ref=subject_ref, payload={"by": by}))


def _person(session: Session, subject_ref: UUID) -> DataSubject:
    found = session.scalar(select(DataSubject).where(DataSubject.subject_ref == subject_ref).with_for_update())
    if found is None:
        raise NotFound(f"no person {subject_ref} is known here")
    return found
