"""Queueing and appending: what commits has its leaf, what was undone has none, and misuse is refused."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, delete, event, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.envelope import open_sealed
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KEYRING_KEY, KeyDestroyed
from consentcore.errors import BadInput, ConfigurationError, InvalidTransition, LedgerTampered
from consentcore.ledger import log
from consentcore.ledger.checkpoint import Checkpoint, sign_checkpoint
from consentcore.ledger.events import read_header
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.tables import CONTENT_FIELD, LogContent, LogEvent, LogLeaf
from tests.builders.databases import Database

from .conftest import TESTED, Ledger

Count = Callable[[str], int]


def test_leaves_follow_the_order_of_queueing(ledger: Ledger) -> None:
    ids = ledger.append(1, 3, 0, 300, 1)
    with ledger.factory() as session:
        assert list(session.scalars(select(LogLeaf.event_id).order_by(LogLeaf.idx))) == ids
        newest = latest_checkpoint(session)
    assert newest is not None
    audit = ledger.audit(newest.note)
    assert (audit.ok, audit.size, audit.root) == (True, 305, newest.root)


def test_a_payload_is_sealed_for_its_place_and_not_in_the_header(ledger: Ledger) -> None:
    (event_id,) = ledger.append(1)
    with ledger.factory() as session:
        content = session.get_one(LogContent, event_id)
        header = session.get_one(LogEvent, event_id).header
    assert content.payload is not None
    assert b"cret" not in content.payload + header
    assert str(ledger.subjects[0]).encode() not in header
    cipher = ledger.keyring.field_cipher(ledger.subjects[0], KeyClass.EVIDENCE)
    opened = open_sealed(cipher, CONTENT_FIELD, event_id.bytes, ledger.subjects[0].bytes, content.payload)
    assert "sécret".encode() in opened
    assert {"commit", "subj", "data"} <= set(read_header(header))


def test_an_event_without_subject_has_only_data(ledger: Ledger, count: Count) -> None:
    with ledger.factory.begin() as session:
        log.queue(session, ledger.event(subject_ref=None, payload=None))
    assert (count("cc_log_event"), count("cc_log_content")) == (1, 0)
    with ledger.factory() as session, pytest.raises(BadInput, match="no subject"):
        log.queue(session, ledger.event(subject_ref=None))


@pytest.mark.parametrize(
    "parts",
    [
        {"type": "test.unheard_of"},
        {"data": {"x": 1.5}},
        {"data": {"é": 1}},
        {"data": {"x": "y" * 9_000}},
        {"payload": {"x": "y" * 70_000}},
        {"notice_sha256": "short"},
        {"purpose": 'a"b'},
        {"purpose_v": 0},
        {"id": uuid.UUID(int=5)},
    ],
)
def test_events_outside_the_grammar_are_refused_and_leave_nothing(
    ledger: Ledger, count: Count, parts: dict[str, object]
) -> None:
    with ledger.factory() as session:
        with pytest.raises(BadInput):
            log.queue_many(session, [ledger.event(), ledger.event(**parts)])
        session.commit()
    assert (count("cc_log_event"), count("cc_log_leaf")) == (0, 0)


def test_savepoints_rolled_back_lose_their_events_only(ledger: Ledger) -> None:
    with ledger.factory.begin() as session:
        first = log.queue(session, ledger.event())
        with session.begin_nested():
            kept = log.queue(session, ledger.event())
        undone = session.begin_nested()
        log.queue(session, ledger.event())
        undone.rollback()
        core = session.connection().begin_nested()  # a savepoint that the session knows nothing of
        log.queue(session, ledger.event())
        core.rollback()
        last = log.queue(session, ledger.event())
    with ledger.factory() as session:
        assert list(session.scalars(select(LogLeaf.event_id).order_by(LogLeaf.idx))) == [first, kept, last]
    assert ledger.audit().ok


def test_a_rolled_back_unit_leaves_nothing_and_the_session_goes_on(ledger: Ledger, count: Count) -> None:
    with ledger.factory() as session:
        log.queue(session, ledger.event())
        session.rollback()
        log.queue(session, ledger.event())
        session.commit()
        log.queue(session, ledger.event())
        session.commit()
    assert (count("cc_log_event"), count("cc_log_leaf")) == (2, 2)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["queue", "open", "release", "undo", "commit", "rollback"]), max_size=25))
def test_any_sequence_of_savepoints_keeps_the_log_whole(ledger: Ledger, steps: list[str]) -> None:
    with ledger.factory() as session:
        before = list(session.scalars(select(LogLeaf.event_id).order_by(LogLeaf.idx)))
        session.rollback()
        committed: list[uuid.UUID] = []
        frames: list[list[uuid.UUID]] = [[]]
        for step in [*steps, "commit"]:
            if step == "queue":
                frames[-1].append(log.queue(session, ledger.event()))
            elif step == "open":
                session.begin_nested()
                frames.append([])
            elif step == "release" and len(frames) > 1:
                nested = session.get_nested_transaction()
                assert nested is not None
                nested.commit()
                released = frames.pop()
                frames[-1] += released
            elif step == "undo" and len(frames) > 1:
                nested = session.get_nested_transaction()
                assert nested is not None
                nested.rollback()
                frames.pop()
            elif step == "commit":
                session.commit()
                committed += [each for frame in frames for each in frame]
                frames = [[]]
            elif step == "rollback":
                session.rollback()
                frames = [[]]
        after = list(session.scalars(select(LogLeaf.event_id).order_by(LogLeaf.idx)))
    assert after == before + committed
    assert ledger.audit().ok


def test_queueing_after_the_leaves_were_appended_is_refused(ledger: Ledger, count: Count) -> None:
    factory = sessionmaker(ledger.factory.kw["bind"], info=ledger.factory.kw["info"])
    log.attach(factory)

    @event.listens_for(factory, "before_commit")
    def late(session: Session) -> None:
        log.queue(session, ledger.event())

    for prepare in (lambda _: None, lambda session: log.queue(session, ledger.event())):
        with factory() as session:
            prepare(session)
            with pytest.raises(InvalidTransition):
                session.commit()
    assert count("cc_log_event") == 0


def test_events_queued_while_flushing_get_their_leaf(ledger: Ledger, count: Count) -> None:
    factory = sessionmaker(ledger.factory.kw["bind"], info=ledger.factory.kw["info"])
    log.attach(factory)
    log.attach(factory)

    @event.listens_for(factory, "before_flush")
    def on_flush(session: Session, *_: object) -> None:
        log.queue(session, ledger.event())

    with factory.begin() as session:
        session.add(LogContent(event_id=uuid.uuid4()))
    assert (count("cc_log_event"), count("cc_log_leaf")) == (1, 1)


def test_sessions_never_bound_are_refused(ledger: Ledger) -> None:
    engine = ledger.factory.kw["bind"]
    for factory in (sessionmaker(engine), sessionmaker(engine, info={KEYRING_KEY: ledger.keyring})):
        with factory() as session, pytest.raises(ConfigurationError, match="not bound"):
            log.queue(session, ledger.event())


def test_two_phase_sessions_are_refused(ledger: Ledger) -> None:
    with ledger.factory(twophase=True) as session, pytest.raises(ConfigurationError, match="two-phase"):
        log.queue(session, ledger.event())


def test_other_isolation_levels_are_refused(ledger: Ledger, count: Count) -> None:
    engine = ledger.factory.kw["bind"]
    levels = ["AUTOCOMMIT"] if ledger.kind == "sqlite" else ["AUTOCOMMIT", "REPEATABLE READ", "SERIALIZABLE"]
    for level in levels:
        other = create_engine(engine.url, isolation_level=level)
        with ledger.factory(bind=other) as session, pytest.raises(ConfigurationError):
            log.queue(session, ledger.event())
        other.dispose()
    assert count("cc_log_event") == 0


def test_a_destroyed_key_refuses_new_events(ledger: Ledger) -> None:
    ledger.keyring.destroy_key(ledger.subjects[0], KeyClass.EVIDENCE, ledger.now)
    with ledger.factory() as session, pytest.raises(KeyDestroyed):
        log.queue(session, ledger.event(0))


def test_a_tail_that_was_tampered_with_is_not_signed_over(ledger: Ledger, count: Count) -> None:
    ledger.append(2)
    signer = ledger.keyring.log_signer()
    other = sign_checkpoint(Checkpoint(signer.name, 2, bytes(32)), [signer]).encode()
    for values in ({"frontier": bytes(32)}, {"checkpoint": other}, {"checkpoint": None}, {"checkpoint": b"x\n\ny\n"}):
        with ledger.factory() as session:
            session.execute(update(LogLeaf).where(LogLeaf.idx == 1).values(values))
            log.queue(session, ledger.event())
            with pytest.raises((LedgerTampered, BadInput)):
                session.commit()
            with pytest.raises(Exception, match="roll it back"):
                session.commit()  # a second try must not commit without the leaf
    assert (count("cc_log_event"), count("cc_log_leaf")) == (2, 2)


def test_without_a_lock_row_mariadb_says_what_to_do(ledger: Ledger) -> None:
    with ledger.factory() as session:
        session.execute(text("DELETE FROM cc_log_lock"))
        log.queue(session, ledger.event())
        if ledger.kind == "mariadb":
            with pytest.raises(ConfigurationError, match="init"):
                session.commit()
        else:
            session.commit()


def test_the_same_event_twice_is_refused_by_the_database(ledger: Ledger) -> None:
    item = ledger.event()
    with ledger.factory() as session, pytest.raises(DBAPIError):
        log.queue_many(session, [item, item])


def test_writers_at_once_make_one_history(ledger: Ledger) -> None:
    failures: list[BaseException] = []

    def write(seed: int) -> None:
        try:
            for number in range(8):
                with ledger.factory() as session:
                    log.queue(session, ledger.event(seed))
                    with session.begin_nested() as nested:
                        log.queue(session, ledger.event(seed))
                        if number % 2:
                            nested.rollback()
                    if number % 4 == 3:
                        session.rollback()
                    session.commit()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    audit = ledger.audit()
    assert (audit.ok, audit.size) == (True, 4 * (8 - 2 + 4))


def test_an_event_whose_leaf_is_lost_is_not_committed_by_core(database: Database, ledger: Ledger) -> None:
    ledger.append(2)
    with database.engine.begin() as connection:
        connection.execute(delete(LogLeaf).where(LogLeaf.idx == 1))
    assert ledger.audit().first_bad == 0  # the newest leaf left carries no checkpoint


def test_types_are_registered_once() -> None:
    from consentcore.ledger.events import register, registered

    assert register(TESTED, "something happened in a test") in registered()
    for name, description in ((TESTED, "another meaning"), ("nodot", "x"), ("A.b", "x"), ("a.b.c", "x")):
        with pytest.raises(ConfigurationError):
            register(name, description)
