"""The suite's databases are fresh for each test and gone afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from consentcore.db import Base, KeyringBase, check_promises
from tests.builders.databases import SERVER_URLS, Database, empty, kinds, open_database, throw_away_urls


def test_both_databases_hold_their_tables(database: Database) -> None:
    assert set(inspect(database.engine).get_table_names()) == set(Base.metadata.tables)
    assert set(inspect(database.keyring_engine).get_table_names()) == set(KeyringBase.metadata.tables)
    check_promises(database.engine)
    check_promises(database.keyring_engine)


def test_a_blank_database_has_no_table(blank_database: Database) -> None:
    assert inspect(blank_database.engine).get_table_names() == []
    assert inspect(blank_database.keyring_engine).get_table_names() == []


@pytest.mark.parametrize("kind", SERVER_URLS)
def test_a_server_database_is_dropped_even_while_someone_holds_it(kind: str, tmp_path: Path) -> None:
    if kind not in kinds():
        pytest.skip(f"{SERVER_URLS[kind]} is not set")
    with throw_away_urls(kind, tmp_path) as urls:
        database = open_database(kind, *urls)
        held = database.engine.connect()
        held.execute(text("SELECT 1"))
    with pytest.raises(SQLAlchemyError):
        held.execute(text("SELECT 1"))
    held.invalidate()
    held.close()
    with pytest.raises(SQLAlchemyError):
        database.engine.connect()
    database.dispose()


def test_emptying_an_empty_database_is_no_error(database: Database) -> None:
    empty(database)
