"""A unit is there whole or not at all; reading leaves no trace and stands in nobody's way."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.ledger.tables import LogEvent, LogLeaf
from consentcore.subjects.tables import DataSubject
from tests.builders.databases import Database
from web.transaction import reading, unit

HAPPENED = register("test.unit", "something happened in a test of units")
AT = datetime(2026, 11, 9, 9, tzinfo=UTC)


def work(session: Session) -> None:
    session.add(DataSubject(subject_ref=uuid4(), created_at=AT))
    queue(session, Event(type=HAPPENED, at=AT))


def counts(factory: sessionmaker[Session]) -> tuple[int, ...]:
    with reading(factory) as session:
        tables = (DataSubject, LogEvent, LogLeaf)
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def test_a_unit_that_ends_well_is_there_whole(bound: sessionmaker[Session]) -> None:
    with unit(bound) as session:
        work(session)
        session.flush()
        assert counts(bound) == (0, 0, 0)
    assert counts(bound) == (1, 1, 1)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_unit_that_ends_otherwise_leaves_nothing(bound: sessionmaker[Session], error: type[BaseException]) -> None:
    with pytest.raises(error), unit(bound) as session:
        work(session)
        session.flush()
        raise error
    assert counts(bound) == (0, 0, 0)
    with unit(bound) as session:  # and the connection is as good as new
        work(session)
    assert counts(bound) == (1, 1, 1)


def test_a_unit_whose_commit_fails_leaves_nothing(
    bound: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no leaf today")

    monkeypatch.setattr("consentcore.ledger.log.append_signed", broken)
    with pytest.raises(RuntimeError), unit(bound) as session:
        work(session)
    monkeypatch.undo()
    assert counts(bound) == (0, 0, 0)
    with unit(bound) as session:
        work(session)
    assert counts(bound) == (1, 1, 1)


def test_reading_never_writes(bound: sessionmaker[Session]) -> None:
    with reading(bound) as session:
        work(session)
        session.flush()
    with pytest.raises(ValueError, match="stop"), reading(bound) as session:
        work(session)
        session.flush()
        raise ValueError("stop")
    assert counts(bound) == (0, 0, 0)


def test_reading_takes_no_write_lock(bound: sessionmaker[Session], database: Database) -> None:
    with reading(bound) as reader:
        assert reader.scalar(select(func.count()).select_from(DataSubject)) == 0
        with unit(bound) as session:  # a lock held by the reader would time out here
            if database.kind == "sqlite":
                session.execute(text("PRAGMA busy_timeout = 100"))
            work(session)
    assert counts(bound) == (1, 1, 1)


def test_a_unit_takes_its_lock_at_once_on_sqlite(bound: sessionmaker[Session], database: Database) -> None:
    if database.kind != "sqlite":
        pytest.skip("servers lock rows")
    with database.engine.connect() as second:
        second.exec_driver_sql("PRAGMA busy_timeout = 50")
        second.rollback()
        with unit(bound) as session:
            session.connection()
            with pytest.raises(OperationalError, match="locked"):
                second.exec_driver_sql("SELECT 1")
            work(session)
        second.rollback()
        second.exec_driver_sql("PRAGMA busy_timeout = 30000")
    assert counts(bound) == (1, 1, 1)
