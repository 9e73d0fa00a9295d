"""Driver-level SQL for the log's hot paths: one spelling, run on each driver's own placeholder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult


@lru_cache(maxsize=256)
def _spell(text: str, paramstyle: str) -> str:
    return text if paramstyle == "qmark" else text.replace("?", "%s")


def run(connection: Connection, text: str, *values: Any) -> CursorResult[*tuple[Any, ...]]:
    """Run one statement; `?` stands for each value (bytes, int, str, None only: nothing is converted)."""
    return connection.exec_driver_sql(_spell(text, connection.dialect.paramstyle), values)


def insert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows in one call of the driver (a multi-row INSERT or a pipeline, as the driver does it)."""
    text = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
    connection.exec_driver_sql(_spell(text, connection.dialect.paramstyle), list(rows))
