"""Throw-away databases for the suite: SQLite files, and random-named databases on the servers that were named."""

from __future__ import annotations

import functools
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import (
    URL,
    Connection,
    Dialect,
    Engine,
    MetaData,
    String,
    create_engine,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.pool import NullPool

from consentcore.db import Base, KeyringBase, make_engine, parse_url
from tests.builders.models import load_models
from tests.builders.network import is_local
from web import schema
from web.schema import History

SERVER_URLS = {"postgresql": "CONSENTCORE_TEST_POSTGRES_URL", "mariadb": "CONSENTCORE_TEST_MARIADB_URL"}
WAIT_S = 15


def kinds() -> list[str]:
    """Name the database kinds that this run covers: SQLite always, a server where its variable names one."""
    return ["sqlite", *(kind for kind, variable in SERVER_URLS.items() if os.environ.get(variable))]


def servers_in_faults(fixture: str) -> pytest.MarkDecorator:
    """Run a test on SQLite in the short suite, and on the servers among the long ones (`make servers`)."""
    shown = [kind if kind == "sqlite" else pytest.param(kind, marks=pytest.mark.faults) for kind in kinds()]
    return pytest.mark.parametrize(fixture, shown, indirect=True)


@dataclass(frozen=True)
class Database:
    """A main database and a keyring database of one kind, with an engine for each."""

    kind: str
    url: str
    keyring_url: str
    engine: Engine
    keyring_engine: Engine

    def dispose(self) -> None:
        """Close the pooled connections of both engines."""
        self.engine.dispose()
        self.keyring_engine.dispose()

    def lent(self) -> Database:
        """Return the same databases through engines on which listeners may be hung that end with them.

        They share their connections, and what was learnt of the server and compiled for it, with these engines.
        """
        engines = self.engine.execution_options(), self.keyring_engine.execution_options()
        return Database(self.kind, self.url, self.keyring_url, *engines)


def open_database(kind: str, url: str, keyring_url: str) -> Database:
    """Make the two engines the way the product makes them."""
    return Database(kind, url, keyring_url, make_engine(url), make_engine(keyring_url))


def create_tables(database: Database) -> None:
    """Create the tables of both metadata from the models."""
    load_models()
    Base.metadata.create_all(database.engine)
    KeyringBase.metadata.create_all(database.keyring_engine)


def migrate(database: Database) -> None:
    """Create the tables of both histories as `consentcore init` does."""
    load_models()
    schema.upgrade(database.engine, History.MAIN)
    schema.upgrade(database.keyring_engine, History.KEYRING)


def empty(database: Database) -> None:
    """Delete every row of both databases; a session that a test left open shows here as a lock that times out."""
    _empty(database.engine, Base.metadata)
    _empty(database.keyring_engine, KeyringBase.metadata)


def _empty(engine: Engine, metadata: MetaData) -> None:
    with engine.begin() as connection:
        limit_waits(connection)
        filled = set(connection.exec_driver_sql(_which_are_filled(metadata, connection.dialect)).scalars())
        for name in _names_from_the_leaves(metadata):
            if name in filled:
                connection.exec_driver_sql(f"DELETE FROM {name}")


@functools.cache
def _names_from_the_leaves(metadata: MetaData) -> tuple[str, ...]:
    return tuple(table.name for table in reversed(metadata.sorted_tables))


@functools.cache  # a hundred selects take longer to put into words than to run
def _which_are_filled(metadata: MetaData, dialect: Dialect) -> str:
    asked = (select(literal(table.name, String)).where(select(table).exists()) for table in metadata.sorted_tables)
    return str(union_all(*asked).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def limit_waits(connection: Connection) -> None:
    """Let this connection give up on a lock rather than hang the suite."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{WAIT_S}s'"))
    elif connection.dialect.name in ("mariadb", "mysql"):
        connection.execute(text(f"SET innodb_lock_wait_timeout = {WAIT_S}, lock_wait_timeout = {WAIT_S}"))


def server_url(kind: str) -> URL:
    """Return the address under the variable of `kind`; on this machine PyMySQL is not to prepare for TLS.

    It reads every certificate of the system for each connection, which takes longer than most tests.
    """
    url = parse_url(os.environ[SERVER_URLS[kind]])
    if kind == "mariadb" and is_local(url.host) and not [name for name in url.query if name.startswith("ssl")]:
        return url.update_query_dict({"ssl_disabled": "true"})
    return url


@contextmanager
def throw_away_urls(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the URLs of a fresh, empty main database and keyring database; both are gone afterwards."""
    if kind == "sqlite":
        folder.mkdir(parents=True, exist_ok=True)
        yield f"sqlite:///{folder / 'main.db'}", f"sqlite:///{folder / 'keyring.db'}"
        return
    stem = f"cc_test_{secrets.token_hex(6)}"
    names = (f"{stem}_main", f"{stem}_keyring")
    server = server_url(kind)
    admin = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        with admin.connect() as connection:
            for name in names:
                connection.execute(text(f"CREATE DATABASE {name}{_CREATE_OPTIONS[kind]}"))
                if kind == "postgresql":  # a commit need not outlive a crash of the server here, and no test crashes it
                    connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
        main, keyring = (server.set(database=n).render_as_string(hide_password=False) for n in names)
        yield main, keyring
    finally:
        with admin.connect() as connection:
            for name in names:
                _drop(connection, kind, name)


# A server's own default is the worst case for us on MariaDB (case-folding collation): the tables must not rest on it.
_CREATE_OPTIONS = {
    "postgresql": " ENCODING 'UTF8' TEMPLATE template0",
    "mariadb": " CHARACTER SET latin1 COLLATE latin1_swedish_ci",
}


def _drop(connection: Connection, kind: str, name: str) -> None:
    if kind == "postgresql":
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        return
    limit_waits(connection)
    left_open = text("SELECT id FROM information_schema.processlist WHERE db = :name")
    for (process,) in connection.execute(left_open, {"name": name}).all():
        connection.execute(text(f"KILL {int(process)}"))
    connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))


Make = Callable[[Database], None]


class DatabaseSource:
    """Hands out databases with tables: a pair for each server and worker process, a copied pair of files on SQLite."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._prepared: dict[tuple[str, str], Database] = {}
        self._blank: tuple[str, str] | None = None
        self._open: list[Iterator[tuple[str, str]]] = []

    @contextmanager
    def lend(self, kind: str, folder: Path, make: Make = create_tables) -> Iterator[Database]:
        """Yield a pair whose tables `make` made and which are empty; afterwards its connections and rows are gone."""
        urls = self.urls(kind, folder, make)
        if kind == "sqlite":
            made = open_database(kind, *urls)
            yield made
            made.dispose()
            return
        lent = self._prepared[kind, make.__name__].lent()
        yield lent
        lent.dispose()
        empty(self._prepared[kind, f"sweep {make.__name__}"])

    def urls(self, kind: str, folder: Path, make: Make = create_tables) -> tuple[str, str]:
        """Return the URLs of a pair whose tables `make` made and which are empty."""
        name = make.__name__
        if (kind, name) not in self._prepared:
            self._prepare(kind, make)
        if kind != "sqlite":
            prepared = self._prepared[kind, name]
            return prepared.url, prepared.keyring_url
        target = folder / name
        target.mkdir()
        for file in ("main.db", "keyring.db"):
            shutil.copyfile(self._folder / f"{kind} {name}" / file, target / file)
        return f"sqlite:///{target / 'main.db'}", f"sqlite:///{target / 'keyring.db'}"

    def _prepare(self, kind: str, make: Make) -> None:
        name = make.__name__
        pair = _urls_iterator(kind, self._folder / f"{kind} {name}")
        self._open.append(pair)
        urls = next(pair)
        database = self._prepared[kind, name] = open_database(kind, *urls)
        make(database)
        if kind == "sqlite":
            for engine in (database.engine, database.keyring_engine):
                _fold_wal(engine)
        else:  # apart, so that what a test did to its connections does not reach the one that sweeps
            self._prepared[kind, f"sweep {name}"] = open_database(kind, *urls)
        database.dispose()

    @contextmanager
    def blank_urls(self, kind: str, folder: Path) -> Iterator[tuple[str, str]]:
        """Yield the URLs of a pair without any table; PostgreSQL's is swept for the next: a DROP checkpoints."""
        if kind != "postgresql":
            with throw_away_urls(kind, folder) as urls:
                yield urls
            return
        if self._blank is None:
            pair = _urls_iterator(kind, self._folder / "blank")
            self._open.append(pair)
            self._blank = next(pair)
        yield self._blank
        for url in self._blank:
            _sweep(url)

    def close(self) -> None:
        """Drop what was made."""
        for database in self._prepared.values():
            database.dispose()
        for pair in self._open:
            next(pair, None)


def _urls_iterator(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    with throw_away_urls(kind, folder) as urls:
        yield urls


def _sweep(url: str) -> None:
    engine = create_engine(parse_url(url), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        limit_waits(connection)
        connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


def _fold_wal(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()  # so that the one file is the whole database
    finally:
        raw.close()


def describe(kind: str) -> str:
    """Say which server, in which version, answers under the variable of `kind`; it is asked now."""
    url = "sqlite://" if kind == "sqlite" else server_url(kind).render_as_string(hide_password=False)
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            info = connection.dialect.server_version_info or ()
            return f"{kind} {'.'.join(str(part) for part in info)}"
    finally:
        engine.dispose()
