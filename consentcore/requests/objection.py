"""Carrying out an objection that had to be weighed: without compelling grounds on file it is upheld (Art. 21(1))."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.policyset import PolicySet
from consentcore.requests import lifecycle
from consentcore.requests.items import Item, write
from consentcore.requests.tables import ItemOutcome, Right
from consentcore.subjects import objections
from consentcore.subjects.objections import ObjectionState
from consentcore.subjects.tables import Objection


def execute(session: Session, keyring: Keyring, policy: PolicySet, dsr_id: UUID, now: datetime) -> None:
    """Uphold the pending objections that a request made (R-21-1); the burden of showing grounds is the controller's.

    Effects: objections become `upheld`, an item for each, the step `right.objection`.
    """
    pending = session.scalars(
        select(Objection).where(Objection.request_id == dsr_id, Objection.state == ObjectionState.PENDING.value)
    ).all()
    for row in pending:
        objections.record(
            session,
            row.subject_ref,
            [row.purpose],
            ObjectionState.UPHELD,
            now,
            since=row.objected_at,
            request_id=dsr_id,
        )
    upheld = [Item("cc_objection", row.id, row.purpose, ItemOutcome.DONE, article="21(1)") for row in pending]
    write(session, dsr_id, upheld)
    lifecycle.mark_step(session, dsr_id, lifecycle.step_of(Right.OBJECTION), now)
