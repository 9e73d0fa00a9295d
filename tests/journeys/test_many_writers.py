"""Two hundred writers at once: no lost record, no gap, no fork, proofs that verify, and of two the later counts.

They share a pool of connections on a server. On SQLite, which has one writer at a time, they hand their units to one
thread and wait for its answer: two hundred that knock at the file's lock by turns would starve one another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from consentcore.binding import bind
from consentcore.consent.decide import Reason, decide
from consentcore.consent.history import leaf_indexes, records_of
from consentcore.consent.receipt import receipt
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.replay import compare
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.crypto.keyring import Keyring
from consentcore.db import make_engine
from consentcore.ledger.fsck import audit
from consentcore.ledger.tables import LogLeaf
from consentcore.ledger.verify_receipt import verify
from consentcore.policyset import Channel
from tests.builders.databases import Database, servers_in_faults
from tests.builders.people import open_people
from tests.builders.policies import shipped
from tests.builders.writers import is_deadlock, newest_note
from web.transaction import reading

WRITERS, PEOPLE, POOL, PROOFS = 200, 40, 20, 20
UNITS = {"sqlite": 1, "postgresql": 5, "mariadb": 5}
TRIES = 20
REASONS = {ConsentState.GIVEN: Reason.CONSENT_GIVEN, ConsentState.WITHDRAWN: Reason.CONSENT_WITHDRAWN}
Write = Callable[[UUID, ConsentState], UUID]


@contextmanager
def writing(database: Database, keyring: Keyring, now: datetime) -> Iterator[Write]:
    """Yield what records one declaration in a unit of its own, from whichever thread calls it."""
    policy = shipped()
    engine = make_engine(database.url, pool_size=POOL)
    factory = sessionmaker(engine)
    bind(factory, keyring)

    def once(person: UUID, state: ConsentState) -> UUID:
        choice = Choice("newsletter", Channel.EMAIL, state, policy.notice("newsletter", 1, "fr"))
        with factory.begin() as session:
            return record(session, person, [choice], policy, Evidence("web_form"), now)[0].record_id

    def until_done(person: UUID, state: ConsentState) -> UUID:
        for _ in range(TRIES - 1):
            try:
                return once(person, state)
            except DBAPIError as error:  # a deadlock's victim was rolled back whole, and tries again
                if not is_deadlock(error):
                    raise
        return once(person, state)

    try:
        if database.kind != "sqlite":
            yield until_done
            return
        with ThreadPoolExecutor(1) as writer:
            yield lambda person, state: writer.submit(once, person, state).result()
    finally:
        engine.dispose()


def all_at_once(write: Write, work: list[list[tuple[UUID, ConsentState]]]) -> list[UUID]:
    """Let everybody begin at the same moment, and return every record whose commit was acknowledged."""
    gate = threading.Barrier(len(work))

    def one(units: list[tuple[UUID, ConsentState]]) -> list[UUID]:
        gate.wait(60)
        return [write(*unit) for unit in units]

    with ThreadPoolExecutor(len(work)) as crowd:
        return [done for units in crowd.map(one, work) for done in units]


@servers_in_faults("database")
def test_two_hundred_writers_lose_nothing(
    database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    people = open_people(bound, keyring, now, *(f"personne{number}@courriel.example" for number in range(PEOPLE)))
    states, units = list(REASONS), UNITS[database.kind]
    with writing(database, keyring, now) as write:
        first = write(people[0], ConsentState.GIVEN)
        seen = newest_note(bound)
        work = [[(people[(n + k) % PEOPLE], states[(n + k) % 2]) for k in range(units)] for n in range(WRITERS)]
        acknowledged = [first, *all_at_once(write, work)]
    assert seen and len(set(acknowledged)) == WRITERS * units + 1
    check_the_log(bound, keyring, seen[0], set(acknowledged))
    proofs_hold(bound, keyring, acknowledged[:: len(acknowledged) // PROOFS])


def check_the_log(bound: sessionmaker[Session], keyring: Keyring, seen: str, acknowledged: set[UUID]) -> None:
    """Insist that what was acknowledged and nothing else stands in the log, once each, without a gap or a fork."""
    with reading(bound) as session:
        found = audit(session, [keyring.log_signer().vkey], seen)
        assert found.ok, f"first bad {found.first_bad}: {found.problem}"
        assert list(compare(session, keyring)) == []
        assert set(session.scalars(select(ConsentRecord.id))) == acknowledged
        assert session.execute(select(func.min(LogLeaf.idx), func.max(LogLeaf.idx), func.count())).one() == (
            0,
            found.size - 1,
            found.size,
        )
        proven = session.scalars(select(ConsentRecord.id).join(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id))
        assert len(proven.all()) == found.size == len(acknowledged)


def proofs_hold(bound: sessionmaker[Session], keyring: Keyring, records: list[UUID]) -> None:
    """Insist that receipts verify offline under the log's public key."""
    vkey = keyring.log_signer().vkey
    with reading(bound) as session:
        for one in records:
            assert verify(receipt(session, keyring, shipped(), one), vkey)


@servers_in_faults("database")
@pytest.mark.parametrize("writers", [20, pytest.param(WRITERS, marks=pytest.mark.faults)])
def test_of_a_yes_and_a_no_at_once_the_later_receipt_counts_and_is_named(
    database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, writers: int
) -> None:
    (person,) = open_people(bound, keyring, now, "camille@courriel.example")
    states = list(REASONS)
    with writing(database, keyring, now) as write:
        acknowledged = set(all_at_once(write, [[(person, states[n % 2])] for n in range(writers)]))
    with reading(bound) as session:
        history = records_of(session, person)
        places = leaf_indexes(session, [one.event_id for one in history])
        last = max(history, key=lambda one: places[one.event_id])
        assert {one.id for one in history} == acknowledged and len(places) == writers
        assert {one.at for one in history} == {now}  # nothing but the order of receipt tells them apart
        answer = decide(session, person, "newsletter", Channel.EMAIL, shipped(), now)
        assert (answer.reason, answer.record_id) == (REASONS[ConsentState(last.state)], last.id)
        assert decide(session, person, "newsletter", Channel.EMAIL, shipped(), now, as_of=now) == answer
        assert history[-1].id == last.id and list(compare(session, keyring)) == []
