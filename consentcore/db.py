"""Declarative bases, naming convention and engine set-up for the databases this product runs on.

Supported: SQLite (3.38 or later), PostgreSQL (13 or later), MariaDB (10.6 or later). MySQL is refused: never run.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

from consentcore.errors import ConfigurationError

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
# Exact comparison: MariaDB's default collations find ABC = abc, and even utf8mb4_bin finds 'x' = 'x '.
TABLE_OPTIONS = {
    "mysql_engine": "InnoDB",
    "mysql_default_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_nopad_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_default_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
}
BEGIN_OPTION = "cc_begin"
_BEGIN_MODES = {"IMMEDIATE": "BEGIN IMMEDIATE", "DEFERRED": "BEGIN DEFERRED"}
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mariadb": "mariadb+pymysql",
    "mariadb+pymysql": "mariadb+pymysql",
    "mysql": "mariadb+pymysql",  # MariaDB is often named so; a real MySQL server is refused on connecting
    "mysql+pymysql": "mariadb+pymysql",
    "sqlite+pysqlite": "sqlite+pysqlite",
}
BUSY_TIMEOUT_MS = 30_000
# PostgreSQL: deadlock, lock not had in time. MariaDB: lock wait timed out, deadlock. Never a failed serialisation:
# nothing here runs above READ COMMITTED, and a unit that does has to hear of it.
_LOST_LOCKS = frozenset({"40P01", "55P03", 1205, 1213})


class Base(DeclarativeBase):
    """Base of every table of the main database (`cc_*`)."""

    metadata = MetaData(naming_convention=NAMING)
    __table_args__: Any = TABLE_OPTIONS


class KeyringBase(DeclarativeBase):
    """Base of the tables of the keyring's own database, which is backed up apart (crypto design, 1.6)."""

    metadata = MetaData(naming_convention=NAMING)
    __table_args__: Any = TABLE_OPTIONS


def table_args(*parts: Any) -> tuple[Any, ...]:
    """Return `__table_args__` for a table that has constraints or indexes besides the common options."""
    return (*parts, TABLE_OPTIONS)


def parse_url(text: str) -> URL:
    """Read a database URL and settle the driver.

    Raises: ConfigurationError when it is no URL or names a database this product was never run on.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigurationError(
            "a database URL cannot be read; write it such as sqlite:///var/consentcore.db"
        ) from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ConfigurationError(
            f"database {url.drivername!r} is not supported; use sqlite, postgresql or mariadb (10.6 or later)"
        )
    return url.set(drivername=driver)


def make_engine(text: str, *, prepare_threshold: int | None = 5, pool_size: int = 5) -> Engine:
    """Build an engine that keeps this product's promises on its database.

    SQLite: WAL, synchronous=FULL, foreign keys and secure_delete on, own BEGIN (IMMEDIATE unless the execution
    option `cc_begin` says DEFERRED). Servers: READ COMMITTED. `prepare_threshold` is psycopg's; None behind pgbouncer
    in transaction mode. Error texts never show parameters.
    Raises: ConfigurationError.
    """
    url = parse_url(text)
    backend = url.get_backend_name()
    options: dict[str, Any] = {"hide_parameters": True}
    if backend == "sqlite":
        options["connect_args"] = {"timeout": BUSY_TIMEOUT_MS / 1000}
    else:
        options |= {"isolation_level": "READ COMMITTED", "pool_size": pool_size, "pool_pre_ping": True}
        if backend == "postgresql":
            options["connect_args"] = {"prepare_threshold": prepare_threshold}
        else:
            options["connect_args"] = {"charset": "utf8mb4"}
    engine = create_engine(url, **options)
    if backend == "sqlite":
        _prepare_sqlite(engine)
    elif backend in ("mariadb", "mysql"):
        event.listen(engine, "connect", _require_mariadb)
    return engine


def _prepare_sqlite(engine: Engine) -> None:
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)


def _sqlite_connect(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # our own BEGIN below: the driver's would come late and DEFERRED
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get(BEGIN_OPTION, "IMMEDIATE")
    connection.exec_driver_sql(_BEGIN_MODES[mode])


def _require_mariadb(connection: Any, _entry: ConnectionPoolEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        version = str(cursor.fetchone()[0])
    found = re.match(r"(\d+)\.(\d+)\..*mariadb", version, re.IGNORECASE)
    if found is None:
        raise ConfigurationError(f"server version {version} is not MariaDB; MySQL is not supported, it was never run")
    if (int(found[1]), int(found[2])) < (10, 6):
        raise ConfigurationError(f"MariaDB {version} is too old; 10.6 or later is needed")


def check_promises(engine: Engine) -> None:
    """Assert at start what durability and isolation rest on; refuse to start otherwise.

    Raises: ConfigurationError naming the promise that does not hold.
    """
    with engine.connect().execution_options(**{BEGIN_OPTION: "DEFERRED"}) as connection:
        if engine.dialect.name == "sqlite":
            _check_sqlite(connection)
        elif connection.get_isolation_level() != "READ COMMITTED":
            raise ConfigurationError("the database does not run at READ COMMITTED; see docs/operations.md")


def _check_sqlite(connection: Connection) -> None:
    in_memory = not connection.engine.url.database or connection.engine.url.database == ":memory:"
    wanted = {"synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    for pragma, value in wanted.items():
        if connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() != value:
            raise ConfigurationError(f"SQLite does not keep PRAGMA {pragma}={value}; use a SQLite that does")
    if not in_memory and connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
        raise ConfigurationError("SQLite could not switch to WAL; the folder must be on a local, writable disk")


def is_deadlock(error: DBAPIError) -> bool:
    """Tell whether a unit lost a lock to another one: the victim of a deadlock, or out of time waiting for a row.

    Nothing is wrong with what it wanted: roll the whole unit back (MariaDB undid one statement only) and do it again.
    """
    arguments = getattr(error.orig, "args", ()) or (None,)
    return getattr(error.orig, "sqlstate", None) in _LOST_LOCKS or arguments[0] in _LOST_LOCKS
