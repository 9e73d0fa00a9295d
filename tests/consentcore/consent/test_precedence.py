"""Whatever the order in which declarations arrive, the same one stands, and replaying the log says the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.bulk_recording import Declaration, record_many
from consentcore.consent.decide import Reason, decide
from consentcore.consent.precedence import rank
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.replay import compare
from consentcore.consent.tables import ConsentState, ConsentStateRow
from consentcore.crypto.keyring import Keyring
from consentcore.policyset import Channel
from tests.builders.people import open_people
from tests.builders.policies import shipped

EMAIL = Channel.EMAIL
STATES = list(ConsentState)


def choice(state: ConsentState, at: datetime) -> Choice:
    return Choice("newsletter", EMAIL, state, shipped().notice("newsletter", 1, "fr"), at)


def declare(bound: sessionmaker[Session], person: UUID, *choices: Choice, now: datetime) -> list[UUID]:
    with bound.begin() as session:
        return [one.record_id for one in record(session, person, choices, shipped(), Evidence("web_form"), now)]


def held(bound: sessionmaker[Session], person: UUID) -> tuple[UUID, str, datetime]:
    with bound() as session:
        row = session.scalars(select(ConsentStateRow).where(ConsentStateRow.subject_ref == person)).one()
        return row.record_id, row.state, row.at


def told(bound: sessionmaker[Session], keyring: Keyring) -> list[str]:
    with bound() as session:
        return [one.what for one in compare(session, keyring)]


@pytest.mark.parametrize("later", [ConsentState.REQUESTED, ConsentState.UNKNOWN])
@pytest.mark.parametrize(
    "said", [ConsentState.GIVEN, ConsentState.RENEWED, ConsentState.WITHDRAWN, ConsentState.REFUSED]
)
def test_neither_a_request_nor_an_import_without_proof_overrides_what_was_said(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime, said: ConsentState, later: ConsentState
) -> None:
    (person,) = open_people(bound, keyring, now, "une@courriel.example")
    first = choice(said, now - timedelta(days=2))
    (stands,) = declare(bound, person, first, now=now)
    declare(bound, person, choice(later, now - timedelta(days=1)), now=now)
    assert held(bound, person)[0] == stands
    allowed = said in (ConsentState.GIVEN, ConsentState.RENEWED)
    with bound() as session:
        for instant in (None, now):
            answer = decide(session, person, "newsletter", EMAIL, shipped(), now, as_of=instant)
            assert answer.allowed is allowed
            assert answer.record_id == stands
    assert told(bound, keyring) == []


def test_a_request_stands_above_what_was_taken_over_and_a_yes_above_both(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    (person,) = open_people(bound, keyring, now, "une@courriel.example")
    for state, days, reason in (
        (ConsentState.UNKNOWN, 1, Reason.CONSENT_UNPROVEN),
        (ConsentState.REQUESTED, 3, Reason.REQUESTED_UNCONFIRMED),
        (ConsentState.GIVEN, 5, Reason.CONSENT_GIVEN),
    ):
        declare(bound, person, choice(state, now - timedelta(days=days)), now=now)
        with bound() as session:
            assert decide(session, person, "newsletter", EMAIL, shipped(), now).reason is reason
    assert told(bound, keyring) == []


_DECLARED = st.lists(st.tuples(st.sampled_from(STATES), st.integers(0, 3)), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(declared=_DECLARED, cuts=st.lists(st.integers(1, 4), min_size=8, max_size=8), in_bulk=st.booleans())
def test_any_sequence_of_units_leaves_the_one_that_stands(
    bound: sessionmaker[Session],
    keyring: Keyring,
    now: datetime,
    declared: list[tuple[ConsentState, int]],
    cuts: list[int],
    in_bulk: bool,
) -> None:
    (person,) = open_people(bound, keyring, now, "une@courriel.example")
    choices = [choice(state, now - timedelta(days=days)) for state, days in declared]
    ids: list[UUID] = []
    left, sizes = list(choices), iter(cuts)
    while left:
        size = next(sizes)
        part, left = left[:size], left[size:]
        if in_bulk:
            many = [Declaration(person, one) for one in part]
            with bound.begin() as session:
                found = record_many(session, many, shipped(), Evidence("import"), now)
            ids += [one.record_id for one in found]
        else:
            ids += declare(bound, person, *part, now=now)
    at = [one.at or now for one in choices]
    best = max(range(len(ids)), key=lambda place: (rank(choices[place].state), at[place], place))
    assert held(bound, person) == (ids[best], choices[best].state.value, at[best])
    assert told(bound, keyring) == []
