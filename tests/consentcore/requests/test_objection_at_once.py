"""An objection stops what it is about at receipt, also where part of it has to be weighed first (Art. 21, R-21-1/2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.decide import Reason, decide
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crypto.keyring import Keyring
from consentcore.policyset import Channel, PolicySet
from consentcore.requests import lifecycle, objection
from consentcore.requests.intake import Intake, Received, receive
from consentcore.requests.tables import Right, Status
from consentcore.subjects.objections import ObjectionState, open_objections
from tests.builders.people import open_people
from tests.builders.policies import shipped

EMAIL = Channel.EMAIL
ADDRESS = "camille@courriel.example"


@pytest.fixture(scope="module")
def policy() -> PolicySet:
    return shipped()


@pytest.fixture
def person(bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime) -> UUID:
    ref = open_people(bound, keyring, now - timedelta(days=9), ADDRESS)[0]
    choice = Choice("newsletter", EMAIL, ConsentState.GIVEN, policy.notice("newsletter", 1, "fr"))
    with bound.begin() as session:
        record(session, ref, [choice], policy, Evidence("web_form", ADDRESS), now - timedelta(days=9))
    return ref


def objecting(bound: sessionmaker[Session], policy: PolicySet, now: datetime, scope: str | None) -> Received:
    with bound.begin() as session:
        return receive(session, policy, Intake((Right.OBJECTION,), email=ADDRESS, scope=scope), now)


def reason(bound: sessionmaker[Session], person: UUID, purpose: str, policy: PolicySet, now: datetime) -> Reason:
    with bound() as session:
        return decide(session, person, purpose, EMAIL, policy, now).reason


def states(bound: sessionmaker[Session], person: UUID) -> dict[str, str]:
    with bound() as session:
        return {row.purpose: row.state for row in open_objections(session, person)}


def test_an_objection_to_everything_stops_marketing_and_profiling_at_receipt(
    bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime
) -> None:
    received = objecting(bound, policy, now, None)
    assert received.status == Status.RECEIVED, "the rest of it has to be weighed"
    assert reason(bound, person, "newsletter", policy, now) in (Reason.SUPPRESSED, Reason.CONSENT_WITHDRAWN)
    assert reason(bound, person, "scoring", policy, now) is Reason.OBJECTION
    assert reason(bound, person, "satisfaction_survey", policy, now) is Reason.OBJECTION, "it stops while it is weighed"
    found = states(bound, person)
    assert found["scoring"] == ObjectionState.ABSOLUTE
    assert found["satisfaction_survey"] == ObjectionState.PENDING


def test_an_objection_that_is_weighed_is_upheld_where_it_was_pending(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, policy: PolicySet, now: datetime
) -> None:
    received = objecting(bound, policy, now, "satisfaction_survey")
    assert states(bound, person) == {"satisfaction_survey": ObjectionState.PENDING}
    with bound.begin() as session:
        objection.execute(session, keyring, policy, received.request_id, now)
        assert lifecycle.step_of(Right.OBJECTION) in lifecycle.done_steps(session, received.request_id)
    assert states(bound, person) == {"satisfaction_survey": ObjectionState.UPHELD}
    assert reason(bound, person, "newsletter", policy, now) is Reason.CONSENT_GIVEN, "nothing else was objected to"


def test_an_objection_to_marketing_is_settled_at_receipt(
    bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime
) -> None:
    assert objecting(bound, policy, now, "marketing").status == Status.CLOSED
    assert reason(bound, person, "scoring", policy, now) is Reason.OBJECTION
    assert "satisfaction_survey" not in states(bound, person)
