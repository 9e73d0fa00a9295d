"""Rows made from nothing but a table's reflected shape, to stand in a migration's way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, func, inspect, select, table
from sqlalchemy.types import Boolean, Date, DateTime, Integer, LargeBinary, Numeric, String, _Binary

SEALED = b"\x01" + bytes(range(1, 40))  # what the check on a sealed column lets through
OURS = "cc_alembic_version"


class GenericRows:
    """Fills every table it is shown with one row, parents before children, and counts what is still there."""

    def __init__(self) -> None:
        self._filled: dict[str, dict[str, Any]] = {}

    def fill(self, connection: Connection) -> None:
        """Insert one row into each table that has none from us yet."""
        for found in self._without_row(connection):
            if found.name not in self._filled:
                row = {column.name: self._value(column, connection) for column in found.columns if _wants(column)}
                connection.execute(found.insert(), [row])
                self._filled[found.name] = row

    def filled(self) -> set[str]:
        """Name the tables that hold a row from us."""
        return set(self._filled)

    def missing(self, connection: Connection) -> list[str]:
        """Name the filled tables that still stand but lost their row; tables that went are forgotten."""
        standing = set(inspect(connection).get_table_names())
        self._filled = {name: row for name, row in self._filled.items() if name in standing}
        counts = {name: connection.scalar(select(func.count()).select_from(table(name))) for name in self._filled}
        return [name for name, count in counts.items() if count != 1]

    def _without_row(self, connection: Connection) -> list[Table]:
        metadata = MetaData()  # those that they refer to are reflected with them; all at each step would take long
        metadata.reflect(connection, only=lambda name, _: name != OURS and name not in self._filled)
        return metadata.sorted_tables

    def _value(self, column: Column[Any], connection: Connection) -> Any:
        for key in column.foreign_keys:
            return self._filled[key.column.table.name][key.column.name]
        return _example(column)


def _wants(column: Column[Any]) -> bool:
    return not column.nullable or isinstance(column.type, _Binary)


def _example(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, (LargeBinary, _Binary)):
        length = getattr(kind, "length", None)
        return SEALED if length is None else SEALED[:length].ljust(length, b"\x07")
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, DateTime):
        return datetime(2026, 11, 9, 9, tzinfo=UTC)
    if isinstance(kind, Date):
        return date(2026, 11, 9)
    if isinstance(kind, (Integer, Numeric)):
        return 1
    if isinstance(kind, String):
        return "x" * min(kind.length or 8, 8)
    raise NotImplementedError(f"no example for {column} of type {kind!r}")
