"""Whatever persons declared, rotating keys changes no answer: not whom a letter may reach, nor what is on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consentcore.consent.decide import decide
from consentcore.consent.tables import ConsentState
from consentcore.crm.contacts import EMAIL_INDEX
from consentcore.crypto.rotations import Keys
from consentcore.policyset import Channel
from consentcore.retention.disposal import dispose, of_classes
from consentcore.subjects.matching import find_subjects
from consentcore.suppression.entries import SuppressionReason, entries_at, lift, suppress, suppress_person
from consentcore.suppression.tables import MARKETING
from tests.builders.choices import declare
from tests.builders.people import open_people
from web.jobs.audit import audit_log
from web.jobs.rotation import rotate
from web.wiring import Service

EMAILS = [f"p{number}@courriel.example" for number in range(3)]
ACTS = ("open", "give", "withdraw", "oppose", "oppose_person", "lift", "erase", *Keys)
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(EMAILS)), min_size=4, max_size=7)


class History:
    """What happened to persons at a few addresses, and every answer that is given of them."""

    def __init__(self, service: Service, now: datetime) -> None:
        self.service, self.at = service, now
        self.persons: list[UUID] = []

    def act(self, act: str, email: str) -> None:
        """Let one thing happen; where there is nobody to do it, nothing does."""
        self.at += timedelta(minutes=1)
        keyring, sessions = self.service.keyring, self.service.sessions
        with sessions() as session:
            here = find_subjects(session, keyring, EMAIL_INDEX, email)
        if act == "open":
            self.persons += open_people(sessions, keyring, self.at, email)
        elif act in ("give", "withdraw"):
            for person in here[:1]:
                state = ConsentState.GIVEN if act == "give" else ConsentState.WITHDRAWN
                declare(self.service, person, "newsletter", state, self.at)
        elif act in tuple(Keys):
            before = self.answers()
            assert rotate(self.service, Keys(act), self.at, at_once=True).unopened == 0
            assert self.answers() == before, act
        else:
            self._oppose(act, email, here)

    def _oppose(self, act: str, email: str, here: list[UUID]) -> None:
        keyring, reason = self.service.keyring, SuppressionReason.OBJECTION
        with self.service.sessions.begin() as session:
            if act == "oppose":
                suppress(session, keyring, Channel.EMAIL, email, MARKETING, reason, self.at)
            elif act == "lift":
                for entry in entries_at(session, keyring, Channel.EMAIL, email):
                    lift(session, entry.id, "portal", self.at)
            for person in here[:1]:
                if act == "oppose_person":
                    suppress_person(session, person, MARKETING, reason, self.at)
                elif act == "erase":
                    dispose(session, person, of_classes("contact", "transaction", "blind_index"))

    def answers(self) -> list[object]:
        """Give every answer: of each person now and before, and of each address."""
        policy, keyring = self.service.policy, self.service.keyring
        with self.service.sessions() as session:
            decided = [
                decide(session, person, "newsletter", Channel.EMAIL, policy, self.at, as_of=as_of)
                for person in self.persons
                for as_of in (None, self.at - timedelta(minutes=3))
            ]
            found = [sorted(find_subjects(session, keyring, EMAIL_INDEX, email)) for email in EMAILS]
            listed = [entries_at(session, keyring, Channel.EMAIL, email) for email in EMAILS]
        return [decided, found, listed]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_rotation_changes_an_answer(wired: Service, now: datetime, steps: list[tuple[str, str]]) -> None:
    history = History(wired, now)  # upon what earlier examples left: their persons answer for themselves
    for act, email in steps:
        history.act(act, email)
    for what in Keys:
        history.act(what, EMAILS[0])
    with wired.sessions() as session:
        found = audit_log(session, wired.keyring)
    assert found.ok, found.problem or found.discrepancies
