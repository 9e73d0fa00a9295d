"""How far a rotation has come, kept in the main database so that any process can go on with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.crypto.tables import Rotation
from consentcore.errors import Conflict

_ROW = cast(Table, Rotation.__table__)


class Keys(StrEnum):
    """Which keys rotate."""

    DATA = "data"
    INDEX = "index"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a rotation stands; `due_at` is when its phase may begin, `ended_at` None while it runs."""

    what: Keys
    generation: int
    phase: str
    place: str | None
    done: int
    unopened: int
    began_at: datetime
    due_at: datetime | None
    ended_at: datetime | None


class CarriedOnElsewhere(Conflict):
    """Another process goes on with this rotation at this moment: what this one did in its unit is undone."""

    default_code = "rotation_carried_on_elsewhere"


def under_way(session: Session, what: Keys) -> Progress | None:
    """Return the rotation of some keys that has not ended, or None."""
    query = select(_ROW).where(_ROW.c.what == what.value, _ROW.c.ended_at.is_(None)).order_by(_ROW.c.generation)
    row = session.execute(query.limit(1)).first()
    return None if row is None else _progress(row)


def latest(session: Session, what: Keys) -> Progress | None:
    """Return the newest rotation of some keys, ended or not."""
    query = select(_ROW).where(_ROW.c.what == what.value).order_by(_ROW.c.generation.desc())
    row = session.execute(query.limit(1)).first()
    return None if row is None else _progress(row)


def begin(session: Session, what: Keys, generation: int, phase: str, now: datetime) -> Progress:
    """Write that a rotation begins, in the caller's unit.

    Raises: IntegrityError when another process began it at the same moment.
    """
    session.execute(
        insert(_ROW).values(
            what=what.value, generation=generation, phase=phase, done=0, unopened=0, began_at=ensure_utc(now)
        )
    )
    return Progress(what, generation, phase, None, 0, 0, ensure_utc(now), None, None)


def advance(
    session: Session,
    before: Progress,
    phase: str,
    *,
    place: str | None = None,
    changed: int = 0,
    unopened: int = 0,
    due_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> Progress:
    """Write where a rotation stands now, in the unit that brought it there.

    Raises: CarriedOnElsewhere when it does not stand where `before` says any more: roll the unit back.
    """
    done, missed = before.done + changed, before.unopened + unopened
    there = _ROW.c.place.is_(None) if before.place is None else _ROW.c.place == before.place
    written = session.connection().execute(
        update(_ROW)
        .where(_ROW.c.what == before.what.value, _ROW.c.generation == before.generation, _ROW.c.phase == before.phase)
        .where(there, _ROW.c.done == before.done, _ROW.c.ended_at.is_(None))
        .values(phase=phase, place=place, done=done, unopened=missed, due_at=due_at, ended_at=ended_at)
    )
    if written.rowcount != 1:
        raise CarriedOnElsewhere(f"another process carries on the rotation of {before.what.value} keys; let it")
    return Progress(before.what, before.generation, phase, place, done, missed, before.began_at, due_at, ended_at)


def _progress(row: object) -> Progress:
    values = {**row._mapping}  # type: ignore[attr-defined]
    return Progress(what=Keys(values.pop("what")), **values)
