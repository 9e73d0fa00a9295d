"""The few steps that revisions are made of. One per revision: MariaDB ends a transaction at every DDL statement.

Should a process die on MariaDB between a step and the note that it was done, the step is found done and passed over.
"""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import CheckConstraint, Column
from sqlalchemy.sql.schema import SchemaItem

# What tables were made with from the first revision on; consentcore.db.TABLEOPTIONS may move, history may not.
OPTIONS = {
    "mysql_engine": "InnoDB",
    "mysql_default_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_nopad_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_default_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
}


def create_table(name: str, *parts: SchemaItem) -> None:
    """Create a table with its columns and inline constraints, exact comparison and InnoDB on MariaDB."""
    op.create_table(name, *parts, if_not_exists=_may_be_half_done(), **OPTIONS)


def drop_table(name: str) -> None:
    """Drop a table with its rows."""
    op.drop_table(name, if_exists=_may_be_half_done())


def add_column(table: str, column: Column[Any]) -> None:
    """Add a column to a table; rows that are there get nothing, so it must allow that or name a default."""
    op.add_column(table, column, if_not_exists=_may_be_half_done())


def drop_column(table: str, name: str) -> None:
    """Drop a column with what it held."""
    op.drop_column(table, name, if_exists=_may_be_half_done())


def create_index(name: str, table: str, columns: list[str], **options: Any) -> None:
    """Create an index."""
    op.create_index(name, table, columns, if_not_exists=_may_be_half_done(), **options)


def drop_index(name: str, table: str, *, foreign_key: tuple[str, list[str]] | None = None) -> None:
    """Drop an index.

    `foreign_key` (its name, its columns) is given where the index serves one: MariaDB made an index of that name by
    itself, let it go when ours came, and wants it back before ours may go.
    """
    if foreign_key and _may_be_half_done():
        own, columns = foreign_key
        back = f"ADD INDEX IF NOT EXISTS {own} ({', '.join(columns)})"
        op.execute(f"ALTER TABLE {table} {back}, DROP INDEX IF EXISTS {name}")
    else:
        op.drop_index(name, table_name=table, if_exists=_may_be_half_done())


def sqlite_only(statement: str) -> None:
    """Run a statement where the database is SQLite, whose DDL is part of the transaction."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(statement)


def sealed_check(column: str, name: str) -> CheckConstraint:
    """Return the check behind a sealed column as of envelope suite 1: at least 31 bytes, and the first one a 1."""
    first = r"'\x01'::bytea" if op.get_context().dialect.name == "postgresql" else "x'01'"
    return CheckConstraint(f"length({column}) >= 31 AND substr({column}, 1, 1) IN ({first})", name=name)


def _may_be_half_done() -> bool:
    return op.get_context().dialect.name in ("mariadb", "mysql")
