"""Erasure: assessed by one person, approved by another, executed in named steps that a crash cannot repeat (Art. 17).

The keys go last: as long as they stand, everything before them can be looked at again and gone on with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.errors import Conflict, InvalidTransition
from consentcore.policyset import PolicySet
from consentcore.requests import certificate, erasure_removal, erasure_steps, items, lifecycle
from consentcore.requests.closing import note_done
from consentcore.requests.erasure_check import check, founded
from consentcore.requests.erasure_grounds import REQUEST_CLOSED
from consentcore.requests.erasure_plan import ErasurePlan, compose
from consentcore.requests.erasure_steps import Work
from consentcore.requests.items import Item
from consentcore.requests.tables import (
    RETENTION,
    ItemOutcome,
    RequestTransition,
    Right,
    Status,
    SubjectRequest,
)
from consentcore.retention.schedule import due_on, today_of
from consentcore.subjects import restrictions

_OF_OTHER_RIGHTS = frozenset({ItemOutcome.DONE, ItemOutcome.RECTIFIED, ItemOutcome.NOT_FOUND})


def nowhere(step: str) -> None:
    """Be told of a step and do nothing: what stands for a crash point outside of tests."""


def assess(session: Session, keyring: Keyring, policy: PolicySet, dsr_id: UUID, by: str, now: datetime) -> ErasurePlan:
    """Work out what an erasure will do, field by field, and put it before a second person (R-17-0, R-17-2).

    Effects: the verdicts of the request, the hash of the plan, a step and its leaf; no datum of the person changes.
    Raises: InvalidTransition (not verified, begun, no erasure, nobody known).
    """
    dsr = lifecycle.locked(session, dsr_id)
    if Right.ERASURE not in lifecycle.rights_of(session, dsr_id):
        raise InvalidTransition(f"request {dsr.reference} asks for no erasure: there is no plan to assess")
    plan = compose(session, keyring, policy, dsr, today_of(policy.controller, now))
    lifecycle.assessed(session, dsr_id, plan.sha256, by, now)
    kept = [item for item in items.read(session, dsr_id) if item.outcome in _OF_OTHER_RIGHTS]
    items.replace(session, dsr_id, [*kept, *plan.items])
    return plan


def approve(session: Session, dsr_id: UUID, plan_sha256: str, by: str, now: datetime) -> SubjectRequest:
    """Approve the very plan that was assessed; another person must have assessed it.

    Raises: InvalidTransition, Conflict (another plan stands), NotPermitted (the assessor).
    """
    return lifecycle.approved(session, dsr_id, plan_sha256, by, now)


def execute_next(
    session: Session,
    keyring: Keyring,
    policy: PolicySet,
    dsr_id: UUID,
    now: datetime,
    at: Callable[[str], None] = nowhere,
) -> bool:
    """Carry out the next step of an approved erasure in the caller's unit; True when it was the last one.

    Call it in a new unit each time, until True: a step that is done is never done again, whatever cuts it off. Who
    closes the request is the caller, once every right that it asks for was carried out.
    `at` is told `erasure.<step>` before a step, `erasure.<step>.done` after it, before the unit commits.
    Raises: InvalidTransition (not approved, closed already); Conflict (data or policies changed since the plan was
    approved: assess again); ErasureIncomplete (the search afterwards found what should be gone).
    """
    begun = lifecycle.done_steps(session, dsr_id)
    if not begun.intersection(STEPS):
        _check_plan(session, keyring, policy, dsr_id)
    dsr = lifecycle.start(session, dsr_id, now)
    name = next((step for step in STEPS if step not in begun), None)
    if name is None:
        raise InvalidTransition(f"the erasure of request {dsr.reference} was carried out already")
    if dsr.subject_ref is None:
        note_done(session, dsr, Right.ERASURE, [], now)
        return True
    verdicts = tuple(item for item in items.read(session, dsr.id) if item.outcome not in _OF_OTHER_RIGHTS)
    work = Work(session, keyring, policy, dsr, dsr.subject_ref, verdicts, now, at)
    at(f"erasure.{name}")
    STEPS[name](work)
    lifecycle.mark_step(session, dsr_id, name, now)
    at(f"erasure.{name}.done")
    return name == _LAST


def _check_plan(session: Session, keyring: Keyring, policy: PolicySet, dsr_id: UUID) -> None:
    """Refuse to carry out a plan that the data or the policies have outrun since it was assessed."""
    dsr = lifecycle.locked(session, dsr_id)
    if dsr.subject_ref is None or dsr.status not in (Status.APPROVED, Status.ERRORED, Status.EXECUTING):
        return  # nothing to compare, or `lifecycle.start` says what is wrong
    assessed_at = session.scalar(
        select(RequestTransition.at)
        .where(RequestTransition.request_id == dsr_id, RequestTransition.to_status == Status.ASSESSED.value)
        .order_by(RequestTransition.position.desc())
        .limit(1)
    )
    if assessed_at is None:
        raise InvalidTransition(f"the erasure of request {dsr.reference} was never assessed")
    plan = compose(session, keyring, policy, dsr, today_of(policy.controller, assessed_at))
    if plan.sha256 != dsr.plan_sha256:
        raise Conflict(
            f"data or policies changed since the plan of request {dsr.reference} was approved; assess it again"
        )


def _certify(work: Work) -> None:
    findings = check(work)
    work = replace(work, items=_with_ends(work, founded(work.items, findings)))
    others = [item for item in items.read(work.session, work.dsr.id) if item.outcome in _OF_OTHER_RIGHTS]
    items.replace(work.session, work.dsr.id, [*others, *work.items])
    certificate.issue_for(work, findings)
    if not findings.profile_key_destroyed:  # something lives on in place, for a purpose that has not ended
        restrictions.lift_all(work.session, work.person, work.dsr.id, work.now)
    lifecycle.mark_step(work.session, work.dsr.id, lifecycle.step_of(Right.ERASURE), work.now)


def _with_ends(work: Work, verdicts: tuple[Item, ...]) -> tuple[Item, ...]:
    """Give what is kept from the closing of the request its last day, now that this day has come."""
    rule = next((one for one in work.policy.retention_for(RETENTION) if one.starts == REQUEST_CLOSED), None)
    if rule is None:
        return verdicts
    until = due_on(rule, today_of(work.policy.controller, work.now), work.policy.controller)
    return tuple(
        replace(one, until=until, until_event=None) if until is not None and one.until_event == REQUEST_CLOSED else one
        for one in verdicts
    )


def _check(work: Work) -> None:
    check(work)


STEPS: dict[str, Callable[[Work], None]] = {
    "restrict": erasure_steps.restrict,
    "oppose": erasure_steps.oppose,
    "consents": erasure_steps.end_consents,
    "recipients": erasure_steps.tell_recipients,
    "archive": erasure_removal.archive,
    "rows": erasure_removal.remove_rows,
    "mark_keys": erasure_steps.mark_keys,
    "keys": erasure_steps.destroy_keys,
    "check": _check,
    "certificate": _certify,
}
"""The steps in their order, each by the name under which it is noted as done."""
_LAST = list(STEPS)[-1]
