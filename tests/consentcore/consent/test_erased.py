"""After an erasure every purpose is refused, the log agrees, and no new yes is taken for the old reference."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.decide import Reason, decide
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.replay import compare
from consentcore.consent.tables import ERASED, ConsentState, ConsentStateRow
from consentcore.crypto.keyring import Keyring
from consentcore.errors import Conflict
from consentcore.policyset import Channel, PolicySet
from consentcore.subjects.restrictions import Ground, place
from policies.loader import load
from tests.builders.people import open_people


@pytest.fixture(scope="module")
def policy() -> PolicySet:
    return load()


def declare(bound: sessionmaker[Session], person: UUID, state: ConsentState, policy: PolicySet, now: datetime) -> None:
    choice = Choice("newsletter", Channel.EMAIL, state, policy.notice("newsletter", 1, "fr"))
    with bound.begin() as session:
        record(session, person, [choice], policy, Evidence("web_form"), now)


def end(bound: sessionmaker[Session]) -> None:
    with bound.begin() as session:
        session.execute(update(ConsentStateRow).values(state=ERASED))


def test_a_consent_ended_by_erasure_is_refused_and_no_discrepancy(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    (person,) = open_people(bound, keyring, now, "une@courriel.example")
    declare(bound, person, ConsentState.GIVEN, policy, now)
    end(bound)
    with bound() as session:
        assert decide(session, person, "newsletter", Channel.EMAIL, policy, now).reason is Reason.ERASED
        assert list(compare(session, keyring)) == []


def test_a_withdrawal_cannot_pass_for_an_erasure(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    (person,) = open_people(bound, keyring, now, "une@courriel.example")
    declare(bound, person, ConsentState.WITHDRAWN, policy, now)
    end(bound)
    with bound() as session:
        assert [one.what for one in compare(session, keyring)]


def test_an_erased_person_may_say_no_but_never_yes(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    (person,) = open_people(bound, keyring, now, "une@courriel.example")
    with bound.begin() as session:
        place(session, person, Ground.ERASURE_RUNNING, now)
    for state in (ConsentState.GIVEN, ConsentState.RENEWED, ConsentState.REQUESTED):
        with pytest.raises(Conflict, match="erased"):
            declare(bound, person, state, policy, now)
    declare(bound, person, ConsentState.WITHDRAWN, policy, now + timedelta(seconds=1))
    with bound() as session:
        assert not decide(session, person, "newsletter", Channel.EMAIL, policy, now).allowed
