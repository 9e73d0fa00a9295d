"""A request carried out to its end, by whoever drives it: once, in order, resumable, negative where nobody is known."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from consentcore.errors import Conflict, InvalidTransition, PolicyViolation
from consentcore.outbox.put import opened
from consentcore.outbox.tables import OutboxMessage
from consentcore.requests import erasure, identity, items, lifecycle
from consentcore.requests.intake import Intake, receive
from consentcore.requests.tables import ItemOutcome, Right, SubjectRequest
from tests.builders.people import open_people
from web.jobs import rights as driver
from web.jobs.rights import carry_out
from web.transaction import reading, unit
from web.wiring import Service

EMAIL = "camille@courriel.example"
FIRST, SECOND = "first@example.org", "second@example.org"


@pytest.fixture
def person(wired: Service) -> UUID:
    return open_people(wired.sessions, wired.keyring, wired.now(), EMAIL)[0]


def verified(wired: Service, *rights: Right, email: str = EMAIL, **more: object) -> str:
    with unit(wired.sessions) as session:
        intake = Intake(rights, email=email, **more)  # type: ignore[arg-type]
        reference = receive(session, wired.policy, intake, wired.now()).reference
    with unit(wired.sessions) as session:
        identity.verify(session, wired.policy, reference, "email_code", FIRST, wired.now())
    return reference


def state(wired: Service, reference: str) -> SubjectRequest:
    with reading(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        session.expunge(dsr)
        return dsr


def test_a_stranger_is_answered_in_the_negative(wired: Service) -> None:
    for right in (Right.ACCESS, Right.ERASURE):
        reference = verified(wired, right, email="nul@courriel.example")
        carry_out(wired, reference)
        assert (state(wired, reference).status, state(wired, reference).outcome) == ("closed", "not_found")
        with reading(wired.sessions) as session:
            letters = [opened(wired.keyring, row) for row in session.scalars(select(OutboxMessage))]
            assert items.read(session, state(wired, reference).id)[0].outcome is ItemOutcome.NOT_FOUND
        negative = [one for one in letters if one is not None and one.kind == "request_not_found"]
        assert any(reference in one.body and "CNIL" in one.body for one in negative)
        with pytest.raises(InvalidTransition):
            carry_out(wired, reference)


def test_access_and_portability_close_together(wired: Service, person: UUID) -> None:
    reference = verified(wired, Right.ACCESS, Right.PORTABILITY)
    carry_out(wired, reference)
    assert state(wired, reference).status == "closed"
    with pytest.raises(InvalidTransition):
        carry_out(wired, reference)


def test_what_was_not_verified_is_not_carried_out(wired: Service, person: UUID) -> None:
    with unit(wired.sessions) as session:
        reference = receive(session, wired.policy, Intake((Right.ACCESS,), email=EMAIL), wired.now()).reference
    with pytest.raises(InvalidTransition):
        carry_out(wired, reference)


def test_an_erasure_waits_for_a_second_person_and_ends_once(wired: Service, person: UUID) -> None:
    reference = verified(wired, Right.ERASURE)
    dsr_id = state(wired, reference).id
    with pytest.raises(InvalidTransition):
        carry_out(wired, reference)
    with unit(wired.sessions) as session:
        plan = erasure.assess(session, wired.keyring, wired.policy, dsr_id, FIRST, wired.now())
    with pytest.raises(InvalidTransition):
        carry_out(wired, reference)
    with unit(wired.sessions) as session:
        erasure.approve(session, dsr_id, plan.sha256, SECOND, wired.now())
    carry_out(wired, reference)
    assert state(wired, reference).status == "closed"
    with pytest.raises(InvalidTransition):
        carry_out(wired, reference)


def test_what_fails_is_noted_and_goes_on(wired: Service, person: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = verified(wired, Right.ACCESS, Right.PORTABILITY)

    def broken(*_: object) -> None:
        raise Conflict("not now")

    whole = driver.EXECUTE
    monkeypatch.setattr(driver, "EXECUTE", {**whole, Right.PORTABILITY: broken})
    with pytest.raises(Conflict):
        carry_out(wired, reference)
    with reading(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        assert dsr.status == "errored"
        assert lifecycle.steps_of(session, dsr)[-1].reason == "conflict"
        assert lifecycle.done_steps(session, dsr.id) == {"right.access"}
    monkeypatch.setattr(driver, "EXECUTE", whole)
    carry_out(wired, reference)
    assert state(wired, reference).status == "closed"


def test_what_this_version_cannot_do_is_left_to_people(wired: Service, person: UUID) -> None:
    reference = verified(wired, Right.ACCESS, Right.HUMAN_REVIEW)
    with pytest.raises(PolicyViolation):
        carry_out(wired, reference)
    assert state(wired, reference).status == "verified"
