"""The life of a request as one state machine: every step has an actor, a time, a row and a leaf (Art. 12, 5(2)).

    received -> verified -> (assessed -> approved)? -> executing -> closed
                                                         |   ^
                                                         v   |
                                                        errored
    refused from anywhere before execution. Only what takes effect at receipt is closed from `received`.

An erasure goes through `assessed` and `approved`; nothing is executed that was not verified.
Whoever drives an execution (a job, the command line) calls `start`, then each right's own `execute`, which writes items
and marks its step, and at last `closed`; a right never closes a request, because one may ask for several.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.errors import BadInput, Conflict, InvalidTransition, NotFound, NotPermitted
from consentcore.identifiers import row_id
from consentcore.ledger.events import Event
from consentcore.ledger.log import queue
from consentcore.requests import events, states
from consentcore.requests.content import read_step, sealed_step
from consentcore.requests.tables import (
    Outcome,
    RequestRight,
    RequestStep,
    RequestTransition,
    Right,
    Status,
    SubjectRequest,
)

MAX_ACTOR = 254
MAX_REASON = 2_000
_RIGHT = "right."
SYSTEM = "system"
"""The actor of steps that no person takes."""


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step of a request, opened."""

    from_status: Status | None
    to_status: Status
    at: datetime
    by: str
    reason: str | None = None
    plan_sha256: str | None = None


def find(session: Session, reference: str) -> SubjectRequest:
    """Return a request by its reference, in capitals or not.

    Raises: NotFound.
    """
    dsr = session.scalar(select(SubjectRequest).where(SubjectRequest.reference == reference.strip().upper()))
    if dsr is None:
        raise NotFound("there is no request of that reference")
    return dsr


def locked(session: Session, dsr_id: UUID) -> SubjectRequest:
    """Return a request for changing it: its row is locked until the caller's unit ends.

    Raises: NotFound.
    """
    query = select(SubjectRequest).where(SubjectRequest.id == dsr_id).with_for_update()
    dsr = session.scalar(query.execution_options(populate_existing=True))
    if dsr is None:
        raise NotFound(f"there is no request {dsr_id}")
    return dsr


def rights_of(session: Session, dsr_id: UUID) -> dict[Right, str | None]:
    """Return the rights that a request asks for, each with its scope, in the order of the law's articles."""
    rows = session.execute(select(RequestRight.right, RequestRight.scope).where(RequestRight.request_id == dsr_id))
    asked = {Right(right): scope for right, scope in rows}
    return {right: asked[right] for right in Right if right in asked}


def steps_of(session: Session, dsr: SubjectRequest) -> list[StepTaken]:
    """Return every step of a request in order, opened."""
    keyring: Keyring = session.info[KEYRING_KEY]
    rows = session.scalars(
        select(RequestTransition).where(RequestTransition.request_id == dsr.id).order_by(RequestTransition.position)
    )
    return [
        StepTaken(
            Status(row.from_status) if row.from_status else None,
            Status(row.to_status),
            row.at,
            **read_step(keyring, row),
        )
        for row in rows
    ]


def received(session: Session, dsr: SubjectRequest, by: str, now: datetime) -> None:
    """Write the first step of a request that was just added: it came in; leaf `request.received`."""
    rights = [right.value for right in rights_of(session, dsr.id)]
    _write(session, dsr, None, Status.RECEIVED, {"by": _actor(by)}, now)
    _log(session, dsr, events.RECEIVED, {"by": by}, {"rights": rights, "rule_pack": dsr.rule_pack}, now)


def assessed(session: Session, dsr_id: UUID, plan_sha256: str, by: str, now: datetime) -> SubjectRequest:
    """Note that a plan was assessed, and by whom; a later assessment replaces it and wants a new approval.

    Raises: InvalidTransition (not verified yet, a step of the plan done already, or nothing to assess).
    """
    dsr = locked(session, dsr_id)
    if dsr.subject_ref is None:
        raise InvalidTransition(f"request {dsr.reference} names nobody known here: there is nothing to assess")
    if any(not step.startswith(_RIGHT) for step in done_steps(session, dsr_id)):
        raise InvalidTransition(f"the plan of request {dsr.reference} is being carried out: it cannot be changed now")
    _move(
        session, dsr, states.ASSESS, {"by": _actor(by), "plan_sha256": plan_sha256}, {"plan_sha256": plan_sha256}, now
    )
    dsr.plan_sha256 = plan_sha256
    return dsr


def approved(session: Session, dsr_id: UUID, plan_sha256: str, by: str, now: datetime) -> SubjectRequest:
    """Note that a second person approved the very plan that was assessed (ASVS 2.3.5).

    Raises: InvalidTransition; Conflict when `plan_sha256` is not the plan that stands; NotPermitted when whoever
    assessed this plan approves it.
    """
    dsr = locked(session, dsr_id)
    check(dsr, states.APPROVE)
    actor = _actor(by)
    if dsr.plan_sha256 is None or plan_sha256.strip().lower() != dsr.plan_sha256:
        raise Conflict(f"the plan of request {dsr.reference} is another one than you approve; look at it again")
    assessors = {step.by.casefold() for step in steps_of(session, dsr) if step.plan_sha256 == dsr.plan_sha256}
    if actor.casefold() in assessors:
        raise NotPermitted(f"whoever assessed request {dsr.reference} cannot approve it: a second person must")
    _move(session, dsr, states.APPROVE, {"by": actor}, {"plan_sha256": dsr.plan_sha256}, now)
    return dsr


def start(session: Session, dsr_id: UUID, now: datetime, by: str = SYSTEM) -> SubjectRequest:
    """Begin the execution of a request, or go on with one that was cut off or failed.

    Raises: InvalidTransition when it is not verified, when its erasure is not approved, or when it is closed already.
    """
    dsr = locked(session, dsr_id)
    check(dsr, states.START)
    needs_approval = dsr.subject_ref is not None and Right.ERASURE in rights_of(session, dsr.id)
    if needs_approval and dsr.status == Status.VERIFIED:
        raise InvalidTransition(f"request {dsr.reference} is an erasure: assess it and have it approved first")
    if dsr.status != Status.EXECUTING:
        _move(session, dsr, states.START, {"by": _actor(by)}, {}, now)
    return dsr


def failed(session: Session, dsr_id: UUID, reason: str, now: datetime, by: str = SYSTEM) -> SubjectRequest:
    """Note that the execution failed; `reason` is a code without personal data. It can be started again."""
    dsr = locked(session, dsr_id)
    _move(session, dsr, states.FAIL, {"by": _actor(by), "reason": _reason(reason)}, {}, now)
    return dsr


def closed(session: Session, dsr_id: UUID, outcome: Outcome, now: datetime, by: str = SYSTEM) -> SubjectRequest:
    """Note that the request was executed to its end, with its outcome.

    Raises: InvalidTransition when it is not being executed.
    """
    dsr = locked(session, dsr_id)
    _move(session, dsr, states.CLOSE, {"by": _actor(by)}, {"outcome": outcome.value}, now)
    dsr.outcome, dsr.executed_at, dsr.closed_at = outcome.value, ensure_utc(now), ensure_utc(now)
    return dsr


def closed_at_receipt(session: Session, dsr: SubjectRequest, outcome: Outcome, now: datetime) -> None:
    """Note that everything asked for took effect at receipt (Art. 7(3), 21(3)): nobody needs to be identified."""
    _move(session, dsr, states.CLOSE_AT_RECEIPT, {"by": SYSTEM}, {"outcome": outcome.value}, now)
    dsr.outcome, dsr.executed_at, dsr.closed_at = outcome.value, ensure_utc(now), ensure_utc(now)


def refused(session: Session, dsr_id: UUID, ground: str, reason: str, by: str, now: datetime) -> SubjectRequest:
    """Refuse a request, with the ground and the reason that the person is told (Art. 12(4), 12(5)).

    Raises: InvalidTransition once execution began.
    """
    dsr = locked(session, dsr_id)
    notes = {"by": _actor(by), "reason": f"{_reason(ground)}: {_reason(reason)}"}
    _move(session, dsr, states.REFUSE, notes, {"outcome": Outcome.REFUSED.value}, now)
    dsr.outcome, dsr.closed_at = Outcome.REFUSED.value, ensure_utc(now)
    return dsr


def verified(session: Session, dsr: SubjectRequest, method: str, by: str, now: datetime) -> None:
    """Note that identity was proven; `dsr` is locked and names the person. Called by `identity.verify` only."""
    _move(session, dsr, states.VERIFY, {"by": _actor(by), "reason": method}, {}, now)


def step_of(right: Right) -> str:
    """Return the name of the step that stands for one right as a whole, such as `right.access`."""
    return f"{_RIGHT}{right.value}"


def done_steps(session: Session, dsr_id: UUID) -> frozenset[str]:
    """Return the names of the steps of an execution that are done."""
    return frozenset(session.scalars(select(RequestStep.step).where(RequestStep.request_id == dsr_id)))


def mark_step(session: Session, dsr_id: UUID, step: str, now: datetime) -> None:
    """Note that a step is done, in the same unit as its effects; the primary key keeps it from being done twice."""
    session.execute(insert(RequestStep).values(request_id=dsr_id, step=step, done_at=ensure_utc(now)))


def check(dsr: SubjectRequest, verb: states.Verb) -> None:
    """Refuse a step that the status of a request does not allow.

    Raises: InvalidTransition.
    """
    if Status(dsr.status) not in verb.froms:
        step = verb.event.partition(".")[2]
        way_out = states.NEXT[Status(dsr.status)]
        raise InvalidTransition(f"request {dsr.reference} is {dsr.status}; it cannot be {step} from there: {way_out}")


def _move(
    session: Session,
    dsr: SubjectRequest,
    verb: states.Verb,
    notes: Mapping[str, str],
    facts: Mapping[str, str],
    now: datetime,
) -> None:
    check(dsr, verb)
    _write(session, dsr, Status(dsr.status), verb.to, notes, now)
    dsr.status = verb.to.value
    _log(session, dsr, verb.event, {**notes, **facts}, facts, now)


def _write(
    session: Session,
    dsr: SubjectRequest,
    before: Status | None,
    after: Status,
    notes: Mapping[str, str],
    now: datetime,
) -> None:
    taken = session.scalar(
        select(func.coalesce(func.max(RequestTransition.position), 0)).where(RequestTransition.request_id == dsr.id)
    )
    fresh = row_id()
    keyring: Keyring = session.info[KEYRING_KEY]
    session.add(
        RequestTransition(
            id=fresh,
            request_id=dsr.id,
            subject_ref=dsr.subject_ref,
            position=(taken or 0) + 1,
            from_status=before.value if before else None,
            to_status=after.value,
            at=ensure_utc(now),
            content=sealed_step(keyring, fresh, dsr.subject_ref, notes),
        )
    )
    session.flush()


def _log(
    session: Session,
    dsr: SubjectRequest,
    event: str,
    private: Mapping[str, Any],
    public: Mapping[str, Any],
    now: datetime,
) -> None:
    payload = {"request_id": str(dsr.id), "reference": dsr.reference, **private} if dsr.subject_ref else None
    queue(session, Event(type=event, at=now, subject_ref=dsr.subject_ref, payload=payload, data=public))


def _actor(by: str) -> str:
    actor = by.strip()
    if not 0 < len(actor) <= MAX_ACTOR:
        raise BadInput(f"name who takes the step, in at most {MAX_ACTOR} characters")
    return actor


def _reason(text: str) -> str:
    reason = text.strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise BadInput(f"give a reason of at most {MAX_REASON} characters")
    return reason
