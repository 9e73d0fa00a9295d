"""A no is always accepted, even of somebody whose evidence key is gone; a yes dated before an erasure never is."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.bulk_recording import Declaration, record_many
from consentcore.consent.decide import Reason, decide
from consentcore.consent.record import Choice, Evidence, RecordedChoice, record
from consentcore.consent.replay import compare
from consentcore.consent.tables import ERASED, ConsentRecord, ConsentState, ConsentStateRow
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.errors import Conflict
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogContent, LogEvent
from consentcore.policyset import Channel
from consentcore.subjects import restrictions, shredding
from consentcore.subjects.restrictions import Ground
from consentcore.suppression.entries import entries_at
from tests.builders.people import open_people
from tests.builders.policies import shipped

EMAIL = Channel.EMAIL
ADDRESS = "une@courriel.example"
NO = (ConsentState.WITHDRAWN, ConsentState.REFUSED)


def choice(state: ConsentState, at: datetime | None = None) -> Choice:
    return Choice("newsletter", EMAIL, state, shipped().notice("newsletter", 1, "fr"), at)


def declare(
    bound: sessionmaker[Session],
    person: UUID,
    state: ConsentState,
    now: datetime,
    at: datetime | None = None,
    point: str | None = None,
) -> RecordedChoice:
    with bound.begin() as session:
        evidence = Evidence("web_form", contact_point=point)
        return record(session, person, [choice(state, at)], shipped(), evidence, now)[0]


def told(bound: sessionmaker[Session], keyring: Keyring) -> list[str]:
    with bound() as session:
        return [one.what for one in compare(session, keyring)]


@pytest.fixture
def person(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> UUID:
    return open_people(bound, keyring, now, ADDRESS)[0]


def destroy_evidence(bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime) -> None:
    with bound.begin() as session:
        shredding.request(session, person, KeyClass.EVIDENCE, "test", "dpo", now)
    with bound() as session:
        (pending,) = shredding.open_requests(session)
    facts = shredding.destroy(keyring, pending, now)
    with bound.begin() as session:
        shredding.certify(session, pending, facts, now)


@pytest.mark.parametrize("state", NO)
def test_a_no_without_an_evidence_key_is_written_unsealed_and_kept_out(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime, state: ConsentState
) -> None:
    declare(bound, person, ConsentState.GIVEN, now - timedelta(days=1))
    destroy_evidence(bound, keyring, person, now)
    with pytest.raises(KeyDestroyed):
        declare(bound, person, ConsentState.GIVEN, now)
    done = declare(bound, person, state, now, point="Autre.Adresse@courriel.example")
    with bound() as session:
        answer = decide(session, person, "newsletter", EMAIL, shipped(), now)
        assert not answer.allowed
        assert answer.record_id == done.record_id
        assert Reason.SUPPRESSED in answer.chain
        for address in (ADDRESS, "autre.adresse@courriel.example"):
            assert [one.scope for one in entries_at(session, keyring, EMAIL, address)] == ["newsletter"]
        leaf = session.get(LogEvent, done.event_id)
        assert leaf is not None
        header = read_header(leaf.header)
        assert header["type"] == f"consent.{state.value}"
        assert not {"subj", "commit"} & set(header)
        assert str(person) not in leaf.header.decode()
        assert session.get(LogContent, done.event_id) is None
    assert told(bound, keyring) == []


def test_among_many_only_the_one_without_a_key_is_unsealed(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime
) -> None:
    (other,) = open_people(bound, keyring, now, "autre@courriel.example")
    destroy_evidence(bound, keyring, person, now)
    many = [Declaration(ref, choice(ConsentState.WITHDRAWN)) for ref in (other, person, other)]
    with bound.begin() as session:
        done = record_many(session, many, shipped(), Evidence("import"), now)
    with bound() as session:
        assert [session.get(LogContent, one.event_id) is None for one in done] == [False, True, False]
    with pytest.raises(KeyDestroyed), bound.begin() as session:
        record_many(session, [*many, Declaration(person, choice(ConsentState.GIVEN))], shipped(), Evidence("api"), now)
    assert told(bound, keyring) == []


def test_a_leaf_without_commitment_cannot_stand_behind_a_yes(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime
) -> None:
    destroy_evidence(bound, keyring, person, now)
    done = declare(bound, person, ConsentState.WITHDRAWN, now)
    with bound.begin() as session:
        session.execute(update(ConsentRecord).where(ConsentRecord.id == done.record_id).values(state="given"))
    assert told(bound, keyring)


@pytest.mark.parametrize("state", [ConsentState.GIVEN, ConsentState.RENEWED, ConsentState.UNKNOWN])
def test_nothing_dated_before_an_erasure_comes_back_and_what_follows_it_does(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime, state: ConsentState
) -> None:
    request = UUID(int=7 << 64)
    declare(bound, person, ConsentState.GIVEN, now - timedelta(days=9))
    with bound.begin() as session:
        restrictions.place(session, person, Ground.ERASURE_RUNNING, now, request_id=request)
        session.execute(update(ConsentStateRow).values(state=ERASED))
        restrictions.lift_all(session, person, request, now)
    with pytest.raises(Conflict, match="erased"):
        declare(bound, person, state, now, at=now - timedelta(days=1))
    declare(bound, person, ConsentState.GIVEN, now + timedelta(seconds=2), at=now + timedelta(seconds=1))
    with bound() as session:
        assert decide(session, person, "newsletter", EMAIL, shipped(), now + timedelta(seconds=2)).allowed
    assert told(bound, keyring) == []


@pytest.mark.parametrize("before", [ConsentState.GIVEN, ConsentState.REQUESTED])
def test_an_older_no_recorded_after_an_erasure_keeps_the_log_and_the_states_in_step(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime, before: ConsentState
) -> None:
    declare(bound, person, before, now - timedelta(days=1))
    with bound.begin() as session:
        restrictions.place(session, person, Ground.ERASURE_RUNNING, now)
        session.execute(update(ConsentStateRow).values(state=ERASED))
    declare(bound, person, ConsentState.WITHDRAWN, now, at=now - timedelta(days=5))
    with bound() as session:
        found = session.scalars(select(ConsentStateRow.state)).one()
        assert found == (ERASED if before is ConsentState.GIVEN else ConsentState.WITHDRAWN)
        assert not decide(session, person, "newsletter", EMAIL, shipped(), now).allowed
    assert told(bound, keyring) == []
    for _ in range(2):
        declare(bound, person, ConsentState.WITHDRAWN, now)
        with bound() as session:
            assert session.scalars(select(ConsentStateRow.state)).one() == ConsentState.WITHDRAWN
        assert told(bound, keyring) == []
