"""The projection of consent: the newest declaration per person, purpose and channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql import Insert

from consentcore.consent.tables import ConsentStateRow

_COLUMNS = ("subject_ref", "purpose", "channel", "state", "at", "expires_at", "record_id")
_CHANGING = ("state", "expires_at", "record_id", "at")  # `at` last: MariaDB assigns from left to right
_TABLE = ConsentStateRow.__table__


def project(session: Session, records: Sequence[Mapping[str, Any]]) -> None:
    """Let records take effect: the later `at` wins, among equals the one written later (R-7-1).

    Rows are locked in one order, so that two units that record for the same person cannot deadlock.
    """
    rows = [
        {**{name: record[name] for name in _COLUMNS if name != "record_id"}, "record_id": record["id"]}
        for record in records
    ]
    rows.sort(key=lambda row: (row["subject_ref"], row["purpose"], row["channel"], row["at"]))
    if rows:
        session.connection().execute(_upsert(session.get_bind().dialect.name), rows)


def _upsert(dialect: str) -> Insert:
    if dialect in ("mariadb", "mysql"):
        return _upsert_mariadb()
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = build(ConsentStateRow)
    return statement.on_conflict_do_update(
        index_elements=["subject_ref", "purpose", "channel"],
        set_={name: statement.excluded[name] for name in _CHANGING},
        where=statement.excluded["at"] >= _TABLE.c.at,
    )


def _upsert_mariadb() -> Insert:
    statement = mysql.insert(ConsentStateRow)
    newer = statement.inserted["at"] >= _TABLE.c.at
    return statement.on_duplicate_key_update(
        [(name, func.if_(newer, statement.inserted[name], _TABLE.c[name])) for name in _CHANGING]
    )
