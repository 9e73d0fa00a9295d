"""Objections to purposes that rest on interests or public tasks: processing stops at once (Art. 21)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.subjects.standing import Standing, mark
from consentcore.subjects.tables import Objection

RECORDED = register("objection.recorded", "a person objected to a purpose (Art. 21)")
LIFTED = register("objection.lifted", "an objection ended: overridden by compelling grounds, or taken back")


class ObjectionState(StrEnum):
    """Where an objection stands: `absolute` needs no weighing (direct marketing), `pending` awaits it."""

    ABSOLUTE = "absolute"
    PENDING = "pending"
    UPHELD = "upheld"


def record(
    session: Session,
    subject_ref: UUID,
    purposes: Iterable[str],
    state: ObjectionState,
    now: datetime,
    *,
    since: datetime | None = None,
    request_id: UUID | None = None,
) -> list[str]:
    """Record that a person objects to purposes, in the caller's unit; returns those that had no open objection yet.

    `since` is when the person said so, where that was before now. An open objection becomes `absolute` or `upheld`
    where it was `pending`, never the other way; one made again later makes room for the new one, which so stands above
    a consent given in between.
    Effects: rows, a leaf `objection.recorded` each; `decide` answers `objection` from now on.
    """
    standing = {row.purpose: row for row in open_objections(session, subject_ref)}
    added: list[str] = []
    for purpose in sorted(set(purposes)):
        known, at, stands_as = standing.get(purpose), ensure_utc(since or now), state
        if known is not None:
            if known.state == ObjectionState.PENDING and state is not ObjectionState.PENDING:
                known.state, known.decided_at = state.value, ensure_utc(now)
            if at <= known.objected_at:
                continue
            known.lifted_at, stands_as = at, ObjectionState(known.state)
        row = Objection(
            subject_ref=subject_ref,
            purpose=purpose,
            state=stands_as.value,
            request_id=request_id,
            objected_at=at,
            decided_at=None if stands_as is ObjectionState.PENDING else ensure_utc(now),
        )
        session.add(row)
        payload = {"purpose": purpose, "request_id": str(request_id) if request_id else None}
        queue(
            session,
            Event(
                type=RECORDED,
                at=now,
                subject_ref=subject_ref,
                payload=payload,
                data={"state": stands_as.value},
                purpose=purpose,
            ),
        )
        if known is None:
            added.append(purpose)
    session.flush()
    if added:
        mark(session, [subject_ref], Standing.OBJECTED)
    return added


def open_objections(session: Session, subject_ref: UUID) -> list[Objection]:
    """Return the objections of a person that stand, by purpose."""
    return list(
        session.scalars(
            select(Objection)
            .where(Objection.subject_ref == subject_ref, Objection.lifted_at.is_(None))
            .order_by(Objection.purpose)
        )
    )


def lift(session: Session, subject_ref: UUID, purpose: str, reason: str, now: datetime) -> bool:
    """End the open objection to one purpose; `reason` is a code; tells whether there was one."""
    found = [row for row in open_objections(session, subject_ref) if row.purpose == purpose]
    for row in found:
        row.lifted_at = ensure_utc(now)
        payload = {"purpose": purpose, "objection_id": str(row.id)}
        queue(
            session,
            Event(
                type=LIFTED, at=now, subject_ref=subject_ref, payload=payload, data={"reason": reason}, purpose=purpose
            ),
        )
    session.flush()
    return bool(found)
