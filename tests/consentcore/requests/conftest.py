"""The organisation's policies, and people with a newsletter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crypto.keyring import Keyring
from consentcore.policyset import Channel, PolicySet
from consentcore.requests.intake import Intake, Received, receive
from tests.builders.people import open_people
from tests.builders.policies import shipped

EMAIL = "camille@courriel.example"


@pytest.fixture(scope="session")
def policy() -> PolicySet:
    return shipped()


@pytest.fixture
def person(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> UUID:
    return open_people(bound, keyring, now, EMAIL)[0]


@pytest.fixture
def subscribe(bound: sessionmaker[Session], policy: PolicySet) -> Callable[[UUID, datetime], None]:
    def give(person: UUID, at: datetime) -> None:
        choice = Choice("newsletter", Channel.EMAIL, ConsentState.GIVEN, policy.notice("newsletter", 1, "fr"))
        with bound.begin() as session:
            record(session, person, [choice], policy, Evidence("web_form"), at)

    return give


@pytest.fixture
def take_in(bound: sessionmaker[Session], policy: PolicySet) -> Callable[[Intake, datetime], Received]:
    def receive_one(intake: Intake, at: datetime) -> Received:
        with bound.begin() as session:
            return receive(session, policy, intake, at)

    return receive_one
