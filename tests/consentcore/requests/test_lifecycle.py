"""One machine of states: no way around verification, a second person for an erasure, nothing done twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, Conflict, IdentityNotProven, InvalidTransition, NotFound, NotPermitted
from consentcore.ledger.tables import LogEvent, LogLeaf
from consentcore.policyset import PolicySet
from consentcore.requests import identity, lifecycle, states
from consentcore.requests.content import read_content
from consentcore.requests.intake import Intake, Received, Role
from consentcore.requests.tables import Outcome, Right, Status
from tests.builders.people import open_people

EMAIL = "camille@courriel.example"
FIRST, SECOND = "first@example.org", "second@example.org"
PLAN, OTHER = "a" * 64, "b" * 64
TakeIn = Callable[[Intake, datetime], Received]


def prove(bound: sessionmaker[Session], policy: PolicySet, reference: str, now: datetime, **more: UUID) -> None:
    with bound.begin() as session:
        identity.verify(session, policy, reference, "email_code", FIRST, now, subject_ref=more.get("subject_ref"))


@pytest.fixture
def erasure(bound: sessionmaker[Session], policy: PolicySet, person: UUID, take_in: TakeIn, now: datetime) -> UUID:
    done = take_in(Intake((Right.ERASURE,), email=EMAIL), now)
    prove(bound, policy, done.reference, now)
    return done.request_id


def test_an_erasure_from_receipt_to_its_end(
    bound: sessionmaker[Session], keyring: Keyring, erasure: UUID, now: datetime
) -> None:
    with bound.begin() as session:
        lifecycle.assessed(session, erasure, PLAN, FIRST, now)
    with bound.begin() as session:
        lifecycle.approved(session, erasure, PLAN.upper(), SECOND, now)
    with bound.begin() as session:
        lifecycle.start(session, erasure, now)
    with bound.begin() as session:
        lifecycle.failed(session, erasure, "unexpected", now)
    with bound.begin() as session:
        lifecycle.start(session, erasure, now)
    with bound.begin() as session:
        lifecycle.closed(session, erasure, Outcome.PARTIAL, now)
    with bound() as session:
        dsr = lifecycle.locked(session, erasure)
        steps = lifecycle.steps_of(session, dsr)
        assert [step.to_status.value for step in steps] == [
            "received", "verified", "assessed", "approved", "executing", "errored", "executing", "closed",
        ]  # fmt: skip
        assert [step.by for step in steps][1:4] == [FIRST, FIRST, SECOND]
        assert (dsr.status, dsr.outcome, dsr.executed_at) == ("closed", "partial", now)
        headers = [bytes(header) for header in session.scalars(select(LogEvent.header))]
        assert session.scalar(select(func.count()).select_from(LogLeaf)) == len(headers)
    named = [header for header in headers if b'"request.' in header]
    assert len(named) == len(steps)
    assert not [header for header in headers if b"example" in header or dsr.reference.encode() in header]
    with bound() as session, pytest.raises(InvalidTransition):
        lifecycle.start(session, erasure, now)


def test_whoever_assessed_cannot_approve(bound: sessionmaker[Session], erasure: UUID, now: datetime) -> None:
    with bound.begin() as session:
        lifecycle.assessed(session, erasure, PLAN, FIRST, now)
    for same in (FIRST, FIRST.upper(), f"  {FIRST} "):
        with bound() as session, pytest.raises(NotPermitted):
            lifecycle.approved(session, erasure, PLAN, same, now)
    with bound() as session, pytest.raises(Conflict):
        lifecycle.approved(session, erasure, OTHER, SECOND, now)
    with bound.begin() as session:  # the plan changed, and another person assessed it: now the first may approve
        lifecycle.assessed(session, erasure, OTHER, SECOND, now)
    with bound() as session, pytest.raises(Conflict):
        lifecycle.approved(session, erasure, PLAN, FIRST, now)
    with bound() as session, pytest.raises(NotPermitted):
        lifecycle.approved(session, erasure, OTHER, SECOND, now)
    with bound.begin() as session:
        assert lifecycle.approved(session, erasure, OTHER, FIRST, now).status == Status.APPROVED
    with bound() as session, pytest.raises(InvalidTransition):
        lifecycle.approved(session, erasure, OTHER, FIRST, now)


def test_an_erasure_waits_for_its_approval(bound: sessionmaker[Session], erasure: UUID, now: datetime) -> None:
    with bound() as session, pytest.raises(InvalidTransition, match="approved"):
        lifecycle.start(session, erasure, now)
    with bound.begin() as session:
        lifecycle.assessed(session, erasure, PLAN, FIRST, now)
    with bound() as session, pytest.raises(InvalidTransition):
        lifecycle.start(session, erasure, now)


def test_a_plan_that_is_being_carried_out_stands(bound: sessionmaker[Session], erasure: UUID, now: datetime) -> None:
    with bound.begin() as session:
        lifecycle.assessed(session, erasure, PLAN, FIRST, now)
        lifecycle.approved(session, erasure, PLAN, SECOND, now)
        lifecycle.start(session, erasure, now)
        lifecycle.mark_step(session, erasure, "restrict", now)
        lifecycle.failed(session, erasure, "unexpected", now)
    with bound() as session, pytest.raises(InvalidTransition):
        lifecycle.assessed(session, erasure, OTHER, FIRST, now)


def test_a_step_is_done_once(bound: sessionmaker[Session], erasure: UUID, now: datetime) -> None:
    with bound.begin() as session:
        lifecycle.mark_step(session, erasure, "erasure.rows", now)
    with bound() as session, pytest.raises(IntegrityError):
        lifecycle.mark_step(session, erasure, "erasure.rows", now)
    with bound() as session:
        assert lifecycle.done_steps(session, erasure) == {"erasure.rows"}


def test_nothing_is_executed_that_was_not_verified(
    bound: sessionmaker[Session], person: UUID, take_in: TakeIn, now: datetime
) -> None:
    for rights in ((Right.ACCESS,), (Right.ERASURE,), (Right.ACCESS, Right.PORTABILITY)):
        done = take_in(Intake(rights, email=EMAIL), now)  # a duplicate takes no short cut
        with bound() as session, pytest.raises(InvalidTransition):
            lifecycle.start(session, done.request_id, now)
        with bound() as session, pytest.raises(InvalidTransition):
            lifecycle.assessed(session, done.request_id, PLAN, FIRST, now)
        with bound() as session, pytest.raises(InvalidTransition):
            lifecycle.closed(session, done.request_id, Outcome.DONE, now)


def test_a_refusal_ends_a_request(bound: sessionmaker[Session], erasure: UUID, now: datetime) -> None:
    with bound() as session, pytest.raises(BadInput):
        lifecycle.refused(session, erasure, "manifestly_unfounded", "  ", FIRST, now)
    with bound.begin() as session:
        assert lifecycle.refused(session, erasure, "manifestly_unfounded", "why", FIRST, now).outcome == "refused"
    with bound() as session, pytest.raises(InvalidTransition):
        lifecycle.assessed(session, erasure, PLAN, FIRST, now)


def test_a_step_needs_an_actor(bound: sessionmaker[Session], erasure: UUID, now: datetime) -> None:
    for nobody in ("", "   ", "x" * 255):
        with bound() as session, pytest.raises(BadInput):
            lifecycle.assessed(session, erasure, PLAN, nobody, now)


def test_an_unknown_reference_is_told(bound: sessionmaker[Session], erasure: UUID) -> None:
    with bound() as session, pytest.raises(NotFound):
        lifecycle.find(session, "AAAA-AAAA")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["VERIFY", "ASSESS", "APPROVE", "START", "FAIL", "CLOSE", "REFUSE"]), max_size=9))
def test_no_path_leads_from_receipt_to_execution_but_through_verification(verbs: list[str]) -> None:
    status, seen = Status.RECEIVED, []
    for name in verbs:
        verb: states.Verb = getattr(states, name)
        if status in verb.froms:
            status = verb.to
            seen.append(name)
    if "START" in seen:
        assert "VERIFY" in seen[: seen.index("START")]
    assert status not in (Status.CLOSED, Status.REFUSED) or seen[-1] in ("CLOSE", "REFUSE")


def test_a_shared_address_is_settled_by_a_person(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, take_in: TakeIn, now: datetime
) -> None:
    one, _ = open_people(bound, keyring, now, "foyer@courriel.example", "foyer@courriel.example")
    other = open_people(bound, keyring, now, EMAIL)[0]
    done = take_in(Intake((Right.ACCESS,), email="foyer@courriel.example"), now)
    with pytest.raises(Conflict):
        prove(bound, policy, done.reference, now)
    with pytest.raises(IdentityNotProven):
        prove(bound, policy, done.reference, now, subject_ref=other)
    prove(bound, policy, done.reference, now, subject_ref=one)
    with bound() as session:
        dsr = lifecycle.find(session, done.reference)
        assert (dsr.subject_ref, read_content(keyring, dsr)["method"]) == (one, "email_code")
        assert {step.by for step in lifecycle.steps_of(session, dsr)} == {"applicant", FIRST}
    with pytest.raises(InvalidTransition):
        prove(bound, policy, done.reference, now)


def test_an_unknown_person_can_be_verified_and_found_later(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, take_in: TakeIn, now: datetime
) -> None:
    stranger = take_in(Intake((Right.ERASURE,), email="nul@courriel.example"), now)
    prove(bound, policy, stranger.reference, now)
    with bound() as session, pytest.raises(InvalidTransition):
        lifecycle.assessed(session, stranger.request_id, PLAN, FIRST, now)
    with bound.begin() as session:  # answered in the negative, without any plan
        assert lifecycle.start(session, stranger.request_id, now).status == Status.EXECUTING
    early = take_in(Intake((Right.ACCESS,), email="tard@courriel.example"), now)
    late = open_people(bound, keyring, now, "tard@courriel.example")[0]
    prove(bound, policy, early.reference, now)
    with bound() as session:
        assert lifecycle.find(session, early.reference).subject_ref == late


def test_an_agent_needs_a_mandate(
    bound: sessionmaker[Session], policy: PolicySet, person: UUID, take_in: TakeIn, now: datetime
) -> None:
    asked = {"email": EMAIL, "requester": "agent@courriel.example", "role": Role.MANDATE}
    bare = take_in(Intake((Right.ACCESS,), **asked), now)  # type: ignore[arg-type]
    with pytest.raises(IdentityNotProven):
        prove(bound, policy, bare.reference, now)
    founded = take_in(Intake((Right.ACCESS,), evidence="sha256:00", **asked), now)  # type: ignore[arg-type]
    prove(bound, policy, founded.reference, now)


def test_an_unknown_method_proves_nothing(
    bound: sessionmaker[Session], policy: PolicySet, person: UUID, take_in: TakeIn, now: datetime
) -> None:
    done = take_in(Intake((Right.ACCESS,), email=EMAIL), now)
    with bound() as session, pytest.raises(BadInput):
        identity.verify(session, policy, done.reference, "good_faith", FIRST, now)
