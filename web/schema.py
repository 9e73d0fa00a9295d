"""Bring a database's tables to what this version of the program expects, and tell when they are not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from consentcore.db import BEGIN_OPTION
from consentcore.errors import Conflict
from web.migrations.environment import CONNECTION, VERSION_TABLE

_LOCK_WAIT_S = 120
_POSTGRES_LOCK = 0x6363_6D69_6772  # any number that nothing else in the database locks: "ccmigr"

_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps the running environment in module globals
_BUSY = "another process is changing this database's tables; try again when it has finished"


class History(StrEnum):
    """Which of the two databases, and so which line of revisions."""

    MAIN = "main"
    KEYRING = "keyring"


def upgrade(engine: Engine, which: str, *, revision: str = "head") -> list[str]:
    """Take every step up to `revision` and return the steps taken, oldest first; safe to repeat.

    `which` is `main` or `keyring`. Several processes may start it at once: one works, the others find it done.
    Effects: DDL in one transaction; on MariaDB, where DDL cannot be taken back, step by step.
    Raises: Conflict when another process holds the schema for too long.
    """
    with _sole_unit(engine) as connection:
        before = _revision(connection)
        command.upgrade(_config(which, connection), revision)
        after = _revision(connection)
    known = revisions(which)
    return list(known[_position(known, before) : _position(known, after)])


def downgrade(engine: Engine, which: str, *, revision: str) -> None:
    """Take steps back down to `revision` (`base` takes all); rows in dropped tables are lost.

    Raises: Conflict when another process holds the schema for too long.
    """
    with _sole_unit(engine) as connection:
        command.downgrade(_config(which, connection), revision)


def revisions(which: str) -> tuple[str, ...]:
    """Return the revisions of a history, oldest first, as the names of their files tell (every command asks)."""
    files = (_folder(which) / "versions").glob("[a-z][0-9]*_*.py")
    return tuple(sorted(path.name.partition("_")[0] for path in files))


def current(engine: Engine) -> str | None:
    """Return the revision that a database says it is at; None where it has none yet."""
    with engine.connect().execution_options(**{BEGIN_OPTION: "DEFERRED"}) as connection:
        return _revision(connection)


def check(engine: Engine, which: str) -> list[str]:
    """Return what keeps this program from using a database, as sentences; empty when all is well."""
    known = revisions(which)
    at = current(engine)
    if at == known[-1]:
        return []
    if at is None:
        return [_without_revision(engine)]
    if at in known:
        behind = len(known) - _position(known, at)
        return [f"it is at revision {at}, {behind} behind this program; run `consentcore db upgrade`"]
    return [
        f"it is at revision {at}, which this program does not know: a newer program wrote it, "
        "or the URLs of the two databases are swapped"
    ]


def _without_revision(engine: Engine) -> str:
    with engine.connect().execution_options(**{BEGIN_OPTION: "DEFERRED"}) as connection:
        names = inspect(connection).get_table_names()
    ours = [name for name in names if name.startswith("cc_") and name != VERSION_TABLE]
    if ours:
        return (
            f"it has {len(ours)} of our tables but no revision, so nobody knows what they lack: "
            "restore a backup, or start with an empty database"
        )
    return "it has no tables yet; run `consentcore init`"


def _position(known: tuple[str, ...], revision: str | None) -> int:
    return 0 if revision is None else known.index(revision) + 1


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def _folder(which: str) -> Path:
    return Path(__file__).parent / "migrations" / History(which)


def _config(which: str, connection: Connection) -> Config:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations" / History(which)).replace("%", "%%")
    )
    config.set_main_option("path_separator", "os")
    config.attributes[CONNECTION] = connection
    return config


@contextmanager
def _sole_unit(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that no other upgrade runs beside (SQLite: BEGIN IMMEDIATE does that)."""
    with _ONE_AT_A_TIME, engine.connect() as connection:
        name = connection.dialect.name
        mariadb = name in ("mariadb", "mysql")
        try:
            with connection.begin():
                if name == "postgresql":
                    _wait_on_postgres(connection)
                elif mariadb:
                    _wait_on_mariadb(connection)
                yield connection
        finally:
            if mariadb:  # after the commit: whoever waits would otherwise still read the revision before ours
                connection.execute(text("SELECT RELEASE_LOCK(CONCAT('cc_schema.', MD5(DATABASE())))"))


def _wait_on_postgres(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT_S}s'"))
    try:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
    except OperationalError:
        raise Conflict(_BUSY) from None


def _wait_on_mariadb(connection: Connection) -> None:
    lock = text("SELECT GET_LOCK(CONCAT('cc_schema.', MD5(DATABASE())), :wait)")
    if connection.scalar(lock, {"wait": _LOCK_WAIT_S}) != 1:
        raise Conflict(_BUSY)
