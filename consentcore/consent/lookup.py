"""The one indexed read that a decision makes, by the driver's own cursor on the unit's connection.

Core alone reaches 0.29 of the driver here and a decision is asked for millions of times; this file is the exception
that spikes measured, and it stays the only one. What it reads decides for people on whom nothing stands; of anybody
else it only says that `gathering` has to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Dialect
from sqlalchemy.orm import Session

from consentcore.columns import UTCDateTime
from consentcore.consent.tables import Quality

_READER = "cc_decision_reader"
_ONE = (
    "SELECT s.standing, c.state, c.record_id, c.expires_at <= ?, c.quality, {listed}"
    " FROM cc_subject s LEFT JOIN cc_consent_state c"
    " ON c.subject_ref = s.subject_ref AND c.purpose = ? AND c.channel = ? WHERE s.subject_ref = ?"
)
_MANY = (
    "SELECT b.subject_ref, b.state, b.record_id, b.expires_at <= ?, b.quality, s.standing"
    " FROM cc_consent_state b JOIN cc_subject s ON s.subject_ref = b.subject_ref"
    " WHERE {among} AND b.purpose = ? AND b.channel = ?"
)
_SILENT = "SELECT b.subject_ref FROM cc_subject b WHERE {among} AND b.standing = 0"
_ON_LIST = "SELECT DISTINCT b.subject_ref FROM cc_blind_index b JOIN cc_suppression p ON p.bidx = b.bidx WHERE {among}"
_LISTED = (  # with a LIMIT, PostgreSQL looks at this one person; it would hash the whole list otherwise
    "(SELECT 1 FROM cc_blind_index b JOIN cc_suppression p ON p.bidx = b.bidx"
    " WHERE b.subject_ref = s.subject_ref LIMIT 1)"
)
_SPECIAL = "SELECT subject_ref FROM cc_subject WHERE standing > 0"
_SPECIAL_BY_LIST = (
    " UNION SELECT b.subject_ref FROM cc_suppression p JOIN cc_blind_index b"
    " ON b.field_number = p.field_number AND b.gen = p.gen AND b.bidx = p.bidx"
)
_PERMITTED = (
    "SELECT c.subject_ref FROM cc_consent_state c WHERE c.purpose = ? AND c.channel = ?"
    " AND c.state IN ('given', 'renewed') AND c.quality IN (0, 1) AND (c.expires_at IS NULL OR c.expires_at > ?)"
    " AND c.subject_ref NOT IN ({special})"
)
_FORBIDDEN = (
    "SELECT c.state, c.quality, count(*) FROM cc_consent_state c WHERE c.purpose = ? AND c.channel = ?"
    " AND (c.state NOT IN ('given', 'renewed') OR c.quality NOT IN (0, 1) OR c.expires_at <= ?)"
    " AND c.subject_ref NOT IN ({special}) GROUP BY c.state, c.quality"
)
_EVERYBODY = "SELECT count(*) FROM cc_subject"
_ALL_AT_LARGE = "SELECT c.subject_ref FROM cc_subject c WHERE c.subject_ref NOT IN ({special})"
_INSTANT = UTCDateTime()
_CHUNK = 1_000
_PLAIN_QUALITY = (None, 0, Quality.EXPLICIT.value)


Row = tuple[Any, ...]
"""State, record, whether it expired (1 or 0; None without an end), as the driver gives them."""
_NOTHING: Row = (None, None, None)


class _Reader:
    """The driver's cursor and statements for one transaction of a session."""

    def __init__(self, session: Session) -> None:
        connection = session.connection()
        self.transaction = session.get_transaction()
        self.cursor: Any = connection.connection.cursor()
        self.dialect: Dialect = connection.dialect
        self.now: datetime | None = None
        self.bound: Any = None
        self.marks_listed = self.dialect.name == "sqlite"  # see suppression.marking
        self.one = self.text(_ONE)

    def text(self, statement: str, refs: int = 0) -> str:
        """Return a statement in the driver's own marks, for so many references in its list."""
        parts = {
            "special": _SPECIAL if self.marks_listed else _SPECIAL + _SPECIAL_BY_LIST,
            "listed": "NULL" if self.marks_listed else _LISTED,
            "among": f"b.subject_ref IN ({', '.join('?' * refs)})",
        }
        if self.dialect.name == "postgresql":
            parts["among"] = "b.subject_ref = ANY(?)"
        for name, part in parts.items():
            statement = statement.replace(f"{{{name}}}", part)
        return statement if self.dialect.paramstyle == "qmark" else statement.replace("?", "%s")

    def listed(self, keys: list[bytes]) -> list[Any]:
        """Return references as the parameters of a list."""
        return [keys] if self.dialect.name == "postgresql" else keys

    def rows(self, statement: str, keys: list[bytes], before: tuple[Any, ...] = (), after: tuple[Any, ...] = ()) -> Any:
        """Return every row of a statement about some references."""
        self.cursor.execute(self.text(statement, len(keys)), (*before, *self.listed(keys), *after))
        return self.cursor.fetchall()

    def bind(self, now: datetime) -> Any:
        """Return an instant as the driver stores it; the same one is asked for again and again."""
        if now is not self.now:
            processor = _INSTANT.dialect_impl(self.dialect).bind_processor(self.dialect)
            self.now, self.bound = now, now if processor is None else processor(now)
        return self.bound


def held(session: Session, subject_ref: UUID, purpose: str, channel: str, now: datetime) -> Row | None:
    """Read the newest declaration of a person, or None when the person is unknown. Reads only, from the primary.

    Returns the values of `Row`, and whether they alone decide: no mark stands on the person, no contact point of the
    person was ever on the list.
    """
    reader: _Reader | None = session.info.get(_READER)
    if reader is None or reader.transaction is not session.get_transaction():
        reader = _reader(session)
    at = reader.bound if now is reader.now else reader.bind(now)
    cursor = reader.cursor
    cursor.execute(reader.one, (at, purpose, channel, subject_ref.bytes))
    rows = cursor.fetchall()  # to the end: SQLite keeps a statement open that was not read out
    if not rows:
        return None
    standing, state, record, expired, quality, listed = rows[0]
    return state, record, expired, not standing and listed is None and quality in _PLAIN_QUALITY


def held_many(
    session: Session, subject_refs: Sequence[UUID], purpose: str, channel: str, now: datetime
) -> dict[bytes, Row]:
    """Read the newest declarations of those of many persons about whom they alone decide, by reference.

    A person who is known and declared nothing is there, with state None. Reads only, from the primary.
    """
    reader = _reader(session)
    keys = list(dict.fromkeys([ref.bytes for ref in subject_refs]))
    found: dict[bytes, Row] = {}
    for start in range(0, len(keys), _CHUNK):
        found |= _held_chunk(reader, keys[start : start + _CHUNK], purpose, channel, reader.bind(now))
    return found


def people_to_look_at(session: Session) -> list[UUID]:
    """Return the persons about whom the projection alone does not decide."""
    reader = _reader(session)
    reader.cursor.execute(reader.text("{special}"))
    return [UUID(bytes=bytes(row[0])) for row in reader.cursor.fetchall()]


def permitted(session: Session, purpose: str, channel: str, now: datetime) -> list[bytes]:
    """Return the references of all persons whose consent stands, but for those that have to be looked at.

    One statement, one snapshot: who is marked meanwhile is not in it. Reads only, from the primary.
    """
    reader = _reader(session)
    reader.cursor.execute(reader.text(_PERMITTED, 0), (purpose, channel, reader.bind(now)))
    return [row[0] for row in reader.cursor.fetchall()]


def at_large(session: Session) -> list[bytes]:
    """Return the references of all persons but for those that have to be looked at."""
    reader = _reader(session)
    reader.cursor.execute(reader.text(_ALL_AT_LARGE, 0))
    return [row[0] for row in reader.cursor.fetchall()]


def forbidden(session: Session, purpose: str, channel: str, now: datetime) -> list[tuple[str, int, int]]:
    """Count declarations that permit nothing, by state and quality; one that expired is counted as given.

    The persons that have to be looked at are left out.
    """
    reader = _reader(session)
    reader.cursor.execute(reader.text(_FORBIDDEN, 0), (purpose, channel, reader.bind(now)))
    return [(row[0], row[1], row[2]) for row in reader.cursor.fetchall()]


def people_known(session: Session) -> int:
    """Count the persons known here."""
    reader = _reader(session)
    reader.cursor.execute(reader.text(_EVERYBODY, 0))
    return int(reader.cursor.fetchall()[0][0])


def _held_chunk(reader: _Reader, keys: list[bytes], purpose: str, channel: str, now: Any) -> dict[bytes, Row]:
    rows = reader.rows(_MANY, keys, (now,), (purpose, channel))
    found: dict[bytes, Row] = {row[0]: row[1:4] for row in rows if not row[5] and row[4] in _PLAIN_QUALITY}
    if len(rows) < len(keys):
        declared = {row[0] for row in rows}
        silent = [key for key in keys if key not in declared]
        found |= dict.fromkeys((bytes(row[0]) for row in reader.rows(_SILENT, silent)), _NOTHING)
    if not reader.marks_listed:
        for row in reader.rows(_ON_LIST, keys):
            found.pop(bytes(row[0]), None)
    return found


def _reader(session: Session) -> _Reader:
    reader: _Reader | None = session.info.get(_READER)
    if reader is None or reader.transaction is None or reader.transaction is not session.get_transaction():
        reader = session.info[_READER] = _Reader(session)
    return reader
