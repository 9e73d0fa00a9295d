"""Carrying out a request to its end: each right in a unit of its own, an erasure in one for each of its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.errors import ConsentCoreError, PolicyViolation
from consentcore.outbox.put import Message, put
from consentcore.policyset import PolicySet
from consentcore.requests import access, erasure, letters, lifecycle, objection, portability, rectification, states
from consentcore.requests.closing import overall_outcome
from consentcore.requests.content import read_content
from consentcore.requests.items import KEPT, Item, read, write
from consentcore.requests.tables import ItemOutcome, Outcome, Right, Status, SubjectRequest
from web.jobs.answers import address_for_answer
from web.jobs.crash import crash_point
from web.transaction import reading, unit
from web.wiring import Service

Execute = Callable[[Session, Keyring, PolicySet, UUID, datetime], object]

EXECUTE: Mapping[Right, Execute] = MappingProxyType(
    {
        Right.OBJECTION: objection.execute,
        Right.ACCESS: access.execute,
        Right.PORTABILITY: portability.execute,
        Right.RECTIFICATION: rectification.execute,
    }
)
"""What carries out a right in one unit, in the order in which rights are carried out; an erasure comes after them."""
_EXECUTABLE = (*EXECUTE, Right.ERASURE)


def carry_out(service: Service, reference: str) -> None:
    """Carry out a request that is verified, and for an erasure approved; one that was cut off goes on where it was.

    Effects: those of each right; the request ends `closed`, or `errored` when a right failed.
    Raises: NotFound, InvalidTransition (also for one that is closed), Conflict; PolicyViolation for a right that this
    version leaves to people.
    """
    with reading(service.sessions) as session:
        dsr = lifecycle.find(session, reference)
        dsr_id, known, status = dsr.id, dsr.subject_ref is not None, dsr.status
        lifecycle.check(dsr, states.START)
        asked = lifecycle.rights_of(session, dsr_id)
    if not known:
        return _answer_unknown(service, dsr_id)
    by_hand = [right.value for right in asked if right not in _EXECUTABLE and not _done(service, dsr_id, right)]
    if by_hand:
        _note_failure(service, dsr_id, "left_to_people")  # begun by a face: it must not stand there for ever
        raise PolicyViolation(f"request {reference} asks for {', '.join(by_hand)}: this version leaves that to people")
    if Right.ERASURE in asked and status == Status.VERIFIED:
        with unit(service.sessions) as session:
            lifecycle.start(session, dsr_id, service.now())  # says that approval is missing
    try:
        for right in _EXECUTABLE:
            if right in asked and not _done(service, dsr_id, right):
                _carry_out_one(service, dsr_id, right)
    except ConsentCoreError as error:
        _note_failure(service, dsr_id, error.code)
        raise
    except Exception:
        _note_failure(service, dsr_id, "unexpected")
        raise
    return _close_what_is_done(service, dsr_id)


def _done(service: Service, dsr_id: UUID, right: Right) -> bool:
    with reading(service.sessions) as session:
        return lifecycle.step_of(right) in lifecycle.done_steps(session, dsr_id)


def _carry_out_one(service: Service, dsr_id: UUID, right: Right) -> None:
    if right is not Right.ERASURE:
        with unit(service.sessions) as session:
            lifecycle.start(session, dsr_id, service.now())
            EXECUTE[right](session, service.keyring, service.policy, dsr_id, service.now())
        return
    at, done = crash_point(service.settings), False
    while not done:
        with unit(service.sessions) as session:
            done = erasure.execute_next(session, service.keyring, service.policy, dsr_id, service.now(), at)


def _note_failure(service: Service, dsr_id: UUID, reason: str) -> None:
    with unit(service.sessions) as session:
        if lifecycle.locked(session, dsr_id).status == Status.EXECUTING:
            lifecycle.failed(session, dsr_id, reason, service.now())


def _close_what_is_done(service: Service, dsr_id: UUID) -> None:
    """Close a request and put its answer into the outbox, in one unit: a request is never closed without an answer."""
    with unit(service.sessions) as session:
        dsr = lifecycle.locked(session, dsr_id)
        if dsr.status != Status.EXECUTING:
            return
        verdicts = read(session, dsr_id)
        lifecycle.closed(session, dsr_id, overall_outcome(verdicts), service.now())
        _answer(session, service, dsr, verdicts)


def _answer(session: Session, service: Service, dsr: SubjectRequest, verdicts: Sequence[Item]) -> None:
    """Write to whoever asked, else to the address on record; without one, the answer goes out on paper (Art. 12(3))."""
    to = address_for_answer(session, service.keyring, dsr)
    if to is None:
        return
    if Right.ERASURE in lifecycle.rights_of(session, dsr.id):
        kept = [one for one in verdicts if one.outcome in KEPT]
        subject, body = letters.erased(service.policy, dsr.reference, kept)
    else:
        subject, body = letters.answered(service.policy, dsr.reference)
    put(session, service.keyring, Message("request_answered", to, subject, body, dsr.subject_ref), service.now())


def _answer_unknown(service: Service, dsr_id: UUID) -> None:
    """Answer in the negative: nobody is known here, or nothing is left of whom it was (Art. 11(2), 15(1))."""
    now = service.now()
    with unit(service.sessions) as session:
        dsr = lifecycle.start(session, dsr_id, now)
        content = read_content(service.keyring, dsr)
        to = content.get("requester") or content.get("written_email")
        if to:
            subject, body = letters.not_found(service.policy, dsr.reference)
            put(session, service.keyring, Message("request_not_found", to, subject, body), now)
        write(session, dsr_id, [Item("*", None, "*", ItemOutcome.NOT_FOUND, article="11(2)")])
        lifecycle.closed(session, dsr_id, Outcome.NOT_FOUND, now)
