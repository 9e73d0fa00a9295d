"""The one indexed read that a decision makes, by the driver's own cursor on the unit's connection.

Core alone reaches 0.29 of the driver here and a decision is asked for millions of times; this file is the exception
that spikes measured, and it stays the only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Dialect
from sqlalchemy.orm import Session

from consentcore.columns import UTCDateTime

_SQL = (
    "SELECT c.state, c.record_id, c.expires_at FROM cc_subject s LEFT JOIN cc_consent_state c"
    " ON c.subject_ref = s.subject_ref AND c.purpose = ? AND c.channel = ? WHERE s.subject_ref = ?"
)
_BY_MARK = {"qmark": _SQL, "format": _SQL.replace("?", "%s"), "pyformat": _SQL.replace("?", "%s")}
_INSTANT = UTCDateTime()


@dataclass(frozen=True, slots=True)
class HeldState:
    """What the projection holds: state None means that this person never declared anything here."""

    state: str | None
    record_id: UUID | None
    expires_at: datetime | None


def held_state(session: Session, subject_ref: UUID, purpose: str, channel: str) -> HeldState | None:
    """Read the newest declaration of a person, or None when the person is unknown; reads only, from the primary."""
    connection = session.connection()
    dialect = connection.dialect
    cursor = connection.connection.cursor()
    try:
        cursor.execute(_BY_MARK[dialect.paramstyle], (purpose, channel, subject_ref.bytes))
        row = cursor.fetchone()
    finally:
        cursor.close()
    return None if row is None else _held(row, dialect)


def _held(row: Any, dialect: Dialect) -> HeldState:
    state, record_id, expires_at = row
    if state is None:
        return HeldState(None, None, None)
    return HeldState(state, UUID(bytes=bytes(record_id)), _INSTANT.process_result_value(expires_at, dialect))
