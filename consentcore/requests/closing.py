"""Ending what a request asks for: the verdicts of each right, and the one outcome that they amount to (R-12-9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.errors import InvalidTransition, NotFound
from consentcore.requests import items, lifecycle
from consentcore.requests.erasure_plan import OF_THE_FILE
from consentcore.requests.erasure_rows import personal_columns, tables_of_persons
from consentcore.requests.items import KEPT, Item, outcome_of
from consentcore.requests.tables import ItemOutcome, Outcome, Right, Status, SubjectRequest
from consentcore.suppression.tables import SuppressionEntry


def note_done(session: Session, dsr: SubjectRequest, right: Right, verdicts: Iterable[Item], now: datetime) -> None:
    """Write the verdicts of one right and note that it was carried out; nothing found is a verdict too."""
    found = list(verdicts) or [Item("*", None, "*", ItemOutcome.NOT_FOUND)]
    items.write(session, dsr.id, found)
    lifecycle.mark_step(session, dsr.id, lifecycle.step_of(right), now)


def read_settled(session: Session, dsr_id: UUID) -> SubjectRequest:
    """Return a request whose person was verified, for composing its answer.

    Raises: NotFound, InvalidTransition.
    """
    dsr = session.get(SubjectRequest, dsr_id)
    if dsr is None:
        raise NotFound(f"there is no request {dsr_id}")
    if dsr.status in (Status.RECEIVED, Status.REFUSED):
        raise InvalidTransition(f"request {dsr.reference} is {dsr.status}: nothing is composed of it")
    return dsr


def overall_outcome(verdicts: Sequence[Item]) -> Outcome:
    """Return what verdicts amount to, leaving out what is kept of the handling of the request itself.

    The file of a request and the opposition that it makes are no refusal of it; a request of which everything that
    counts is kept is refused, and answered as such (Art. 12(4)).
    """
    of_the_file = {
        table.name
        for table in tables_of_persons()
        if personal_columns(table)["subject_ref"]["retention"] in OF_THE_FILE
    } | {SuppressionEntry.__tablename__}
    counted = [one for one in verdicts if not (one.outcome in KEPT and one.ref is None and one.store in of_the_file)]
    if counted and all(one.outcome in KEPT for one in counted):
        return Outcome.REFUSED
    return outcome_of(counted)
