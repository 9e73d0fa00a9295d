"""The one indexed read that a decision makes, by the driver's own cursor on the unit's connection.

Core alone reaches 0.29 of the driver here and a decision is asked for millions of times; this file is the exception
that spikes measured, and it stays the only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Dialect, and_, func, or_, select
from sqlalchemy.orm import Session

from consentcore.columns import UTCDateTime
from consentcore.crypto.tables import BlindIndexRow
from consentcore.subjects.tables import Objection, Restriction
from consentcore.suppression.tables import MARKETING, SuppressionEntry

_SQL = (
    "SELECT c.state, c.record_id, c.expires_at, c.at,"
    " (SELECT MAX(p.created_at) FROM cc_blind_index b JOIN cc_suppression p"
    " ON p.bidx = b.bidx AND p.gen = b.gen AND p.field_number = b.field_number"
    " WHERE b.subject_ref = s.subject_ref AND p.scope IN (?, ?) AND p.lifted_at IS NULL),"
    " (SELECT MAX(o.objected_at) FROM cc_objection o"
    " WHERE o.subject_ref = s.subject_ref AND o.purpose = ? AND o.lifted_at IS NULL),"
    " (SELECT MAX(r.placed_at) FROM cc_restriction r WHERE r.subject_ref = s.subject_ref AND r.lifted_at IS NULL)"
    " FROM cc_subject s LEFT JOIN cc_consent_state c"
    " ON c.subject_ref = s.subject_ref AND c.purpose = ? AND c.channel = ? WHERE s.subject_ref = ?"
)
_BY_MARK = {"qmark": _SQL, "format": _SQL.replace("?", "%s"), "pyformat": _SQL.replace("?", "%s")}
_INSTANT = UTCDateTime()


class HeldState(NamedTuple):
    """What the projection holds: state None means that this person never declared anything here.

    The last three say since when the person, or a contact point of the person, opposes; None: not at all.
    """

    state: str | None
    record_id: UUID | None
    expires_at: datetime | None
    at: datetime | None = None
    suppressed_at: datetime | None = None
    objected_at: datetime | None = None
    restricted_at: datetime | None = None

    @property
    def opposed(self) -> bool:
        """Whether anything stands against any purpose: rarely so, and decisions are many."""
        return self.restricted_at is not None or self.objected_at is not None or self.suppressed_at is not None


@dataclass(frozen=True, slots=True)
class Opposition:
    """Since when a person opposed a purpose in one of three ways, as far as it was known at an instant."""

    suppressed_at: datetime | None
    objected_at: datetime | None
    restricted_at: datetime | None


def held_state(
    session: Session, subject_ref: UUID, purpose: str, channel: str, *, marketing: bool = False
) -> HeldState | None:
    """Read the newest declaration of a person and what stands against it, or None when the person is unknown.

    `marketing` says whether an opposition to direct marketing as a whole counts. Reads only, from the primary.
    """
    connection = session.connection()
    dialect = connection.dialect
    cursor = connection.connection.cursor()
    wider = MARKETING if marketing else purpose
    try:
        cursor.execute(_BY_MARK[dialect.paramstyle], (purpose, wider, purpose, purpose, channel, subject_ref.bytes))
        row = cursor.fetchone()
    finally:
        cursor.close()
    return None if row is None else _held(row, dialect)


def _held(row: Any, dialect: Dialect) -> HeldState:
    state, record_id, expires_at, at, suppressed_at, objected_at, restricted_at = row
    read = _INSTANT.process_result_value
    record = None if record_id is None else UUID(bytes=bytes(record_id))
    until = None if expires_at is None else read(expires_at, dialect)
    since = None if at is None else read(at, dialect)
    if suppressed_at is None and objected_at is None and restricted_at is None:
        return HeldState(state, record, until, since)
    against = [None if one is None else read(one, dialect) for one in (suppressed_at, objected_at, restricted_at)]
    return HeldState(state, record, until, since, *against)


def opposition_as_of(
    session: Session, subject_ref: UUID, purpose: str, instant: datetime, *, marketing: bool = False
) -> Opposition:
    """Return what stood against a purpose at a past instant: entries, objections, restrictions not yet lifted."""
    suppressed = (
        select(func.max(SuppressionEntry.created_at))
        .join(
            BlindIndexRow,
            and_(
                BlindIndexRow.bidx == SuppressionEntry.bidx,
                BlindIndexRow.gen == SuppressionEntry.gen,
                BlindIndexRow.field_number == SuppressionEntry.field_number,
            ),
        )
        .where(
            BlindIndexRow.subject_ref == subject_ref,
            SuppressionEntry.scope.in_([purpose, MARKETING] if marketing else [purpose]),
            SuppressionEntry.created_at <= instant,
            or_(SuppressionEntry.lifted_at.is_(None), SuppressionEntry.lifted_at > instant),
        )
    )
    objected = select(func.max(Objection.objected_at)).where(
        Objection.subject_ref == subject_ref,
        Objection.purpose == purpose,
        Objection.objected_at <= instant,
        or_(Objection.lifted_at.is_(None), Objection.lifted_at > instant),
    )
    restricted = select(func.max(Restriction.placed_at)).where(
        Restriction.subject_ref == subject_ref,
        Restriction.placed_at <= instant,
        or_(Restriction.lifted_at.is_(None), Restriction.lifted_at > instant),
    )
    return Opposition(*(session.scalar(query) for query in (suppressed, objected, restricted)))
