"""The same column means the same on every database, and no database is used that does not keep its promises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Column, MetaData, Table, event, insert, select
from sqlalchemy.exc import StatementError

from consentcore.columns import Blob, Digest, Ref, UTCDateTime, code
from consentcore.db import BEGIN_OPTION, TABLE_OPTIONS, check_promises, make_engine, parse_url
from consentcore.errors import ConfigurationError
from tests.builders.databases import Database

SAMPLE = Table(
    "cc_column_sample",
    MetaData(),
    Column("id", Ref, primary_key=True),
    Column("at", UTCDateTime),
    Column("word", code(32), unique=True),
    Column("digest", Digest(16)),
    Column("blob", Blob),
    **TABLE_OPTIONS,
)


@pytest.fixture
def sample(database: Database) -> Iterator[Database]:
    SAMPLE.create(database.engine)
    yield database
    SAMPLE.drop(database.engine)


def test_values_come_back_as_they_went(sample: Database) -> None:
    instant = datetime(2026, 3, 29, 1, 59, 59, 123_456, tzinfo=timezone(timedelta(hours=-3)))
    row = {"id": uuid4(), "at": instant, "word": "Émile ", "digest": b"\x00" * 16, "blob": bytes(range(256)) * 400}
    with sample.engine.begin() as connection:
        connection.execute(insert(SAMPLE), [row])
        found = connection.execute(select(SAMPLE)).one()
    assert isinstance(found.id, UUID)
    assert found._asdict() == {**row, "at": instant.astimezone(UTC)}
    assert found.at.tzinfo is UTC


def test_words_differ_by_case_accent_and_trailing_space(sample: Database) -> None:
    words = ["abc", "ABC", "abc ", "émile", "emile"]
    with sample.engine.begin() as connection:
        connection.execute(insert(SAMPLE), [{"id": uuid4(), "word": word} for word in words])
        for word in words:
            assert connection.execute(select(SAMPLE.c.word).where(SAMPLE.c.word == word)).scalars().all() == [word]


@pytest.mark.parametrize("bad", [{"at": datetime(2026, 1, 1)}, {"digest": b"short"}, {"id": b"short"}])  # noqa: DTZ001
def test_a_naive_time_or_a_wrong_length_is_refused(sample: Database, bad: dict[str, object]) -> None:
    with sample.engine.begin() as connection, pytest.raises(StatementError):
        connection.execute(insert(SAMPLE), [{"id": uuid4(), **bad}])


def test_the_statement_in_an_error_quotes_no_values(sample: Database) -> None:
    secret = "camille@courriel.example"
    with sample.engine.begin() as connection:
        connection.execute(insert(SAMPLE), [{"id": uuid4(), "word": secret}])
    with pytest.raises(Exception) as refused, sample.engine.begin() as connection:
        connection.execute(insert(SAMPLE), [{"id": uuid4(), "word": secret}])
    assert "hide_parameters" in str(refused.value)


def test_promises_are_kept(database: Database) -> None:
    check_promises(database.engine)


def test_a_reader_does_not_wait_for_a_writer_on_sqlite(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/one.db")
    SAMPLE.create(engine)
    with engine.begin() as writer:
        writer.execute(insert(SAMPLE), [{"id": uuid4()}])
        with engine.execution_options(**{BEGIN_OPTION: "DEFERRED"}).connect() as reader:
            assert reader.execute(select(SAMPLE)).all() == []
    engine.dispose()


def test_weakened_durability_is_refused_at_start(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/weak.db")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=NORMAL"))
    with pytest.raises(ConfigurationError, match="synchronous"):
        check_promises(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("sqlite:///var/x.db", "sqlite+pysqlite"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("mariadb://u@h/d", "mariadb+pymysql"),
        ("mysql+pymysql://u@h/d", "mariadb+pymysql"),
    ],
)
def test_urls_settle_their_driver(text: str, driver: str) -> None:
    assert parse_url(text).drivername == driver


@pytest.mark.parametrize("text", ["oracle://u@h/d", "mssql://u@h/d", "nonsense", ""])
def test_other_databases_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_url(text)
