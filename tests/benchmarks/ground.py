"""The ground that benchmarks stand on: fresh databases with every table, a keyring, a bound session factory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from consentcore.binding import bind
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyring import Keyring
from consentcore.db import Base
from consentcore.ledger.append import ensure_log
from tests.builders.databases import SERVER_URLS, Database, create_tables, kinds, open_database, throw_away_urls

NOW = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ground:
    """Databases of one kind and what works on them; all of it is gone afterwards."""

    database: Database
    keyring: Keyring
    kek: FileKek
    sessions: sessionmaker[Session]
    folder: Path

    @property
    def kind(self) -> str:
        """The kind of database."""
        return self.database.kind


@contextmanager
def ground(kind: str) -> Iterator[Ground]:
    """Yield fresh databases of a kind, made as `consentcore init` would."""
    with (
        tempfile.TemporaryDirectory(prefix="consentcore-bench-") as name,
        throw_away_urls(kind, Path(name) / "db") as urls,
    ):
        yield from lay(kind, Path(name), *urls)


def lay(kind: str, folder: Path, url: str, keyring_url: str) -> Iterator[Ground]:
    """Make tables, keyring and session factory in empty databases; their connections are closed at the end."""
    database = open_database(kind, url, keyring_url)
    try:
        create_tables(database)
        kek = FileKek.create(folder / "kek.json")
        keyring = Keyring(database.keyring_engine, kek)
        keyring.initialise(NOW)
        with database.engine.begin() as connection:
            ensure_log(connection)
        sessions = sessionmaker(database.engine)
        bind(sessions, keyring)
        yield Ground(database, keyring, kek, sessions, folder)
    finally:
        database.dispose()


def analyse(made: Ground) -> None:
    """Have a server count its rows, as it does by itself after a while: it plans by what it counted."""
    if made.kind == "sqlite":
        return
    with made.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in Base.metadata.sorted_tables:
            statement = f"ANALYZE {table.name}" if made.kind == "postgresql" else f"ANALYZE TABLE {table.name}"
            connection.exec_driver_sql(statement).close()


def covered() -> list[str]:
    """Name the kinds of database that this run covers, and say which it does not."""
    covered_kinds = kinds()
    for kind, variable in SERVER_URLS.items():
        if kind not in covered_kinds:
            print(f"NOT on {kind}, because {variable} is not set")
    return covered_kinds
