"""Throw-away databases for the suite: SQLite files, and random-named databases on the servers that were named."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, create_engine, literal, select, text, union_all
from sqlalchemy.pool import NullPool

from consentcore.db import Base, KeyringBase, make_engine, parse_url
from tests.builders.models import load_models

SERVER_URLS = {"postgresql": "CONSENTCORE_TEST_POSTGRES_URL", "mariadb": "CONSENTCORE_TEST_MARIADB_URL"}
WAIT_S = 15


def kinds() -> list[str]:
    """Name the database kinds that this run covers: SQLite always, a server where its variable names one."""
    return ["sqlite", *(kind for kind, variable in SERVER_URLS.items() if os.environ.get(variable))]


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


def open_database(kind: str, url: str, keyring_url: str) -> Database:
    """Make the two engines the way the product makes them."""
    return Database(kind, url, keyring_url, make_engine(url), make_engine(keyring_url))


def create_tables(database: Database) -> None:
    """Create the tables of both metadata from the models."""
    load_models()
    Base.metadata.create_all(database.engine)
    KeyringBase.metadata.create_all(database.keyring_engine)


def empty(database: Database) -> None:
    """Delete every row of both databases; a session that a test left open shows here as a lock that times out."""
    _empty(database.engine, Base.metadata)
    _empty(database.keyring_engine, KeyringBase.metadata)


def _empty(engine: Engine, metadata: MetaData) -> None:
    tables = metadata.sorted_tables
    if not tables:
        return
    with engine.begin() as connection:
        limit_waits(connection)
        filled = set(
            connection.scalars(union_all(*(select(literal(t.name)).where(select(t).exists()) for t in tables)))
        )
        for table in reversed(tables):
            if table.name in filled:
                connection.execute(table.delete())


def limit_waits(connection: Connection) -> None:
    """Let this connection give up on a lock rather than hang the suite."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{WAIT_S}s'"))
    elif connection.dialect.name in ("mariadb", "mysql"):
        connection.execute(text(f"SET innodb_lock_wait_timeout = {WAIT_S}, lock_wait_timeout = {WAIT_S}"))


@contextmanager
def throw_away_urls(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the URLs of a fresh, empty main database and keyring database; both are gone afterwards."""
    if kind == "sqlite":
        folder.mkdir(parents=True, exist_ok=True)
        yield f"sqlite:///{folder / 'main.db'}", f"sqlite:///{folder / 'keyring.db'}"
        return
    stem = f"cc_test_{secrets.token_hex(6)}"
    names = (f"{stem}_main", f"{stem}_keyring")
    server = parse_url(os.environ[SERVER_URLS[kind]])
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


class DatabaseSource:
    """Hands out databases with tables: one pair per server and worker process, a copied file pair on SQLite."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._prepared: dict[str, tuple[str, str]] = {}
        self._open: list[Iterator[tuple[str, str]]] = []

    def urls(self, kind: str, folder: Path) -> tuple[str, str]:
        """Return the URLs of a pair whose tables exist and are empty."""
        if kind not in self._prepared:
            self._prepared[kind] = self._prepare(kind)
        if kind != "sqlite":
            return self._prepared[kind]
        target = folder / "database"
        target.mkdir()
        for name in ("main.db", "keyring.db"):
            shutil.copyfile(self._folder / kind / name, target / name)
        return f"sqlite:///{target / 'main.db'}", f"sqlite:///{target / 'keyring.db'}"

    def _prepare(self, kind: str) -> tuple[str, str]:
        pair = _urls_iterator(kind, self._folder / kind)
        self._open.append(pair)
        urls = next(pair)
        database = open_database(kind, *urls)
        create_tables(database)
        if kind == "sqlite":
            for engine in (database.engine, database.keyring_engine):
                _fold_wal(engine)
        database.dispose()
        return urls

    @contextmanager
    def blank_urls(self, kind: str, folder: Path) -> Iterator[tuple[str, str]]:
        """Yield the URLs of a pair without any table; PostgreSQL's is swept for the next: a DROP checkpoints."""
        if kind != "postgresql":
            with throw_away_urls(kind, folder) as urls:
                yield urls
            return
        if "blank" not in self._prepared:
            pair = _urls_iterator(kind, self._folder / "blank")
            self._open.append(pair)
            self._prepared["blank"] = next(pair)
        yield self._prepared["blank"]
        for url in self._prepared["blank"]:
            _sweep(url)

    def close(self) -> None:
        """Drop what was made."""
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
    url = "sqlite://" if kind == "sqlite" else os.environ[SERVER_URLS[kind]]
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            info = connection.dialect.server_version_info or ()
            return f"{kind} {'.'.join(str(part) for part in info)}"
    finally:
        engine.dispose()
