"""What `db check` says of a database that this program cannot use as it stands."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.builders.databases import Database, create_tables
from web import schema


def test_a_database_at_head_has_no_problem(blank_database: Database) -> None:
    schema.upgrade(blank_database.engine, "main")
    assert schema.check(blank_database.engine, "main") == []
    assert schema.upgrade(blank_database.engine, "main") == []


def test_an_empty_database_wants_init(blank_database: Database) -> None:
    assert schema.current(blank_database.engine) is None
    (problem,) = schema.check(blank_database.engine, "main")
    assert "consentcore init" in problem


def test_an_older_database_wants_an_upgrade(blank_database: Database) -> None:
    known = schema.revisions("keyring")
    schema.upgrade(blank_database.keyring_engine, "keyring", revision=known[1])
    (problem,) = schema.check(blank_database.keyring_engine, "keyring")
    assert f"at revision {known[1]}, {len(known) - 2} behind" in problem
    assert "consentcore db upgrade" in problem


def test_a_newer_database_is_refused(blank_database: Database) -> None:
    schema.upgrade(blank_database.keyring_engine, "keyring")
    with blank_database.keyring_engine.begin() as connection:
        connection.execute(text("UPDATE cc_alembic_version SET version_num = 'k9999'"))
    (problem,) = schema.check(blank_database.keyring_engine, "keyring")
    assert "k9999" in problem
    assert "newer program" in problem


def test_swapped_databases_are_noticed(blank_database: Database) -> None:
    schema.upgrade(blank_database.keyring_engine, "keyring")
    (problem,) = schema.check(blank_database.keyring_engine, "main")
    assert "swapped" in problem


def test_tables_of_unknown_origin_are_not_trusted(blank_database: Database) -> None:
    create_tables(blank_database)
    (problem,) = schema.check(blank_database.engine, "main")
    assert "no revision" in problem


def test_there_are_two_histories(blank_database: Database) -> None:
    with pytest.raises(ValueError, match="third"):
        schema.check(blank_database.engine, "third")
