"""How often something may be tried in a stretch of time, counted in the database so that every process counts the same.

Whoever tries is known by a keyed hash alone: an address, or the network address of a connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql import Insert

from consentcore.clock import ensure_utc
from consentcore.crypto.blindindex import digest
from consentcore.crypto.keyring import Keyring
from consentcore.errors import Conflict
from web.security.tables import ATTEMPT_INDEX, AttemptRow

_KEPT = timedelta(days=1)
_SWEPT_AT_ONCE = 50
_COUNT = AttemptRow.__table__.c["count"]


class TooOften(Conflict):
    """Something was tried too often; it is possible again after a while."""

    default_code = "too_often"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` times in each stretch of `every`."""

    kind: str
    most: int
    every: timedelta


def spend(session: Session, keyring: Keyring, limit: Limit, who: str, now: datetime) -> None:
    """Count one attempt of `who`; the caller commits it before the attempt itself, so that failing costs too.

    Raises: TooOften.
    """
    instant = ensure_utc(now)
    began = _began(instant, limit.every)
    _, name = digest(keyring, ATTEMPT_INDEX, f"{limit.kind}\0{who}")
    row = {"kind": limit.kind, "who": name, "began_at": began, "ends_at": began + limit.every, "count": 1}
    session.connection().execute(_upsert(session.get_bind().dialect.name), row)
    key = (AttemptRow.kind == limit.kind, AttemptRow.who == name, AttemptRow.began_at == began)
    count = session.scalar(select(AttemptRow.count).where(*key)) or 0
    if count > limit.most:
        raise TooOften("this was tried too often; wait a while and try again")
    if count == 1:
        _sweep(session, instant)


def _upsert(dialect: str) -> Insert:
    """Add a row or one to its count in one statement: two that wait for each other's row would be a deadlock."""
    if dialect in ("mariadb", "mysql"):
        return mysql.insert(AttemptRow).on_duplicate_key_update(count=_COUNT + 1)
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return build(AttemptRow).on_conflict_do_update(
        index_elements=["kind", "who", "began_at"], set_={"count": _COUNT + 1}
    )


def _sweep(session: Session, now: datetime) -> None:
    """Remove a few rows of days gone by, by their keys in order, so that sweepers do not cross."""
    key = (AttemptRow.kind, AttemptRow.who, AttemptRow.began_at)
    old = session.execute(
        select(*key).where(AttemptRow.began_at < now - _KEPT).order_by(AttemptRow.began_at).limit(_SWEPT_AT_ONCE)
    ).all()
    if old:
        session.execute(delete(AttemptRow).where(tuple_(*key).in_(sorted(tuple(row) for row in old))))


def _began(instant: datetime, every: timedelta) -> datetime:
    seconds = int(every.total_seconds())
    return datetime.fromtimestamp(int(instant.timestamp()) // seconds * seconds, tz=instant.tzinfo)
