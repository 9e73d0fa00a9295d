"""An objection stands until it is lifted; made again, it stands above what was consented to in between (Art. 21)."""

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
from consentcore.subjects import objections
from consentcore.subjects.objections import ObjectionState
from tests.builders.people import open_people
from tests.builders.policies import shipped

DAY = timedelta(days=1)


@pytest.fixture
def person(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> UUID:
    return open_people(bound, keyring, now - 30 * DAY, "camille@courriel.example")[0]


def objects(bound: sessionmaker[Session], person: UUID, state: ObjectionState, at: datetime) -> list[str]:
    with bound.begin() as session:
        return objections.record(session, person, ["newsletter"], state, at)


def test_made_again_it_stands_above_a_consent_in_between(
    bound: sessionmaker[Session], person: UUID, now: datetime
) -> None:
    policy: PolicySet = shipped()

    def reason(**asked: datetime) -> Reason:
        with bound() as session:
            return decide(session, person, "newsletter", Channel.EMAIL, policy, now, as_of=asked.get("as_of")).reason

    assert objects(bound, person, ObjectionState.ABSOLUTE, now - 9 * DAY) == ["newsletter"]
    assert reason() is Reason.OBJECTION
    choice = Choice("newsletter", Channel.EMAIL, ConsentState.GIVEN, policy.notice("newsletter", 1, "fr"))
    with bound.begin() as session:
        record(session, person, [choice], policy, Evidence("web_form"), now - 6 * DAY)
    assert reason() is Reason.CONSENT_GIVEN
    assert objects(bound, person, ObjectionState.ABSOLUTE, now - 3 * DAY) == []
    assert reason() is Reason.OBJECTION
    assert reason(as_of=now - 5 * DAY) is Reason.CONSENT_GIVEN
    assert reason(as_of=now - 8 * DAY) is Reason.OBJECTION


def test_an_older_one_that_comes_to_be_known_changes_nothing(
    bound: sessionmaker[Session], person: UUID, now: datetime
) -> None:
    objects(bound, person, ObjectionState.ABSOLUTE, now - 3 * DAY)
    with bound.begin() as session:
        since = now - 6 * DAY
        assert objections.record(session, person, ["newsletter"], ObjectionState.PENDING, now, since=since) == []
        [standing] = objections.open_objections(session, person)
        assert (standing.objected_at, standing.state) == (now - 3 * DAY, "absolute")


def test_what_was_decided_stays_decided_when_it_is_made_again(
    bound: sessionmaker[Session], person: UUID, now: datetime
) -> None:
    objects(bound, person, ObjectionState.PENDING, now - 6 * DAY)
    objects(bound, person, ObjectionState.UPHELD, now - 6 * DAY)
    objects(bound, person, ObjectionState.PENDING, now - 3 * DAY)
    with bound() as session:
        [standing] = objections.open_objections(session, person)
        assert (standing.objected_at, standing.state) == (now - 3 * DAY, "upheld")
