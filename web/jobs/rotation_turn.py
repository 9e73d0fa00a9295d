"""One turn of a rotation: what its steps work with, and how a step notes where it came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from consentcore.crypto import rotations
from consentcore.crypto.rotations import Keys, Progress
from consentcore.crypto.walking import Walked
from consentcore.db import Base, is_deadlock
from consentcore.errors import Conflict
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from web.transaction import unit
from web.wiring import Service

STARTED = register("keys.rotation_started", "a rotation of data, index or log keys began")
BATCH = register("keys.rotation_batch", "a batch of rows was brought under newer keys (counts only)")
ENDED = register("keys.rotation_ended", "a rotation of data, index or log keys came to its end")
ROWS = 200
"""Rows of one unit: few enough that nobody waits long for a row that it holds."""
END = "end"
T = TypeVar("T")
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Turn:
    """One step to be taken: the service, where the rotation stands, the instant, and whether waiting is left out."""

    wired: Service
    progress: Progress
    now: datetime
    at_once: bool = False
    rows: int = ROWS
    crash: Callable[[str], None] = lambda _step: None
    metadata: tuple[MetaData, ...] = (Base.metadata,)

    def go(self, phase: str, *, after: timedelta | None = None) -> Progress:
        """Go over to another phase, which may begin after a while."""
        due_at = None if after is None or self.at_once else self.now + after
        with unit(self.wired.sessions) as session:
            return rotations.advance(session, self.progress, phase, due_at=due_at)

    def end(self, facts: dict[str, Any]) -> Progress:
        """End the rotation and record it: `facts` are counts and numbers of generations."""
        with unit(self.wired.sessions) as session:
            ended = rotations.advance(session, self.progress, END, ended_at=self.now)
            queue(session, self.event(ENDED, facts))
        return ended

    def event(self, kind: str, facts: dict[str, Any]) -> Event:
        """Return an event of this rotation."""
        said = {"what": self.progress.what.value, "generation": self.progress.generation}
        return Event(type=kind, at=self.now, data=said | facts)


Step = Callable[[Turn], Progress]
"""Takes one step, each in a unit of its own, and returns where the rotation stands then; it may be taken again."""
Walk = Callable[[Session, UUID | None, int], Walked]


class Stage(NamedTuple):
    """One table that a phase walks over."""

    name: str
    walk: Walk


def walk(turn: Turn, stages: Sequence[Stage], following: Callable[[Turn], Progress]) -> Progress:
    """Take the next batch of a phase that walks over several tables; `following` goes on when all are done.

    A batch lost to another unit is undone and taken again.
    """
    name, after = _place(turn.progress.place)
    names = [stage.name for stage in stages]
    at = names.index(name) if name in names else 0
    progress = again(lambda: _batch(turn, stages, at, after))
    return following(replace(turn, progress=progress)) if progress.place is None else progress


def again(attempt: Callable[[], T]) -> T:
    """Do something in a unit of its own, and do it again where other units took what it needed.

    Raises: Conflict when that goes on for too long.
    """
    for _ in range(_TRIES):
        try:
            return attempt()
        except DBAPIError as error:
            if not isinstance(error, IntegrityError) and not is_deadlock(error):
                raise
    raise Conflict("other units hold the rows of this batch; the rotation goes on when it is run again")


def _batch(turn: Turn, stages: Sequence[Stage], at: int, after: UUID | None) -> Progress:
    progress = turn.progress
    with unit(turn.wired.sessions) as session:
        walked = stages[at].walk(session, after, turn.rows)
        if walked.last is not None:
            place: str | None = f"{stages[at].name} {walked.last}"
        else:
            place = f"{stages[at + 1].name} -" if at + 1 < len(stages) else None
        changed, unopened = walked.changed, walked.unopened
        if changed:
            queue(session, turn.event(BATCH, {"store": stages[at].name, "rows": changed}))
        moved = rotations.advance(
            session, progress, progress.phase, place=place, changed=changed, unopened=unopened, due_at=progress.due_at
        )
    turn.crash(f"rotation.{progress.what.value}.{progress.phase}")
    return moved


def _place(text: str | None) -> tuple[str | None, UUID | None]:
    if text is None:
        return None, None
    name, _, row = text.partition(" ")
    return name, None if row == "-" else UUID(row)


def begin(wired: Service, what: Keys, generation: int, phase: str, now: datetime) -> Progress:
    """Begin a rotation and record it; another process that began it first is joined."""
    try:
        with unit(wired.sessions) as session:
            progress = rotations.begin(session, what, generation, phase, now)
            queue(session, Turn(wired, progress, now).event(STARTED, {}))
        return progress
    except IntegrityError:
        with unit(wired.sessions) as session:
            found = rotations.under_way(session, what)
        if found is None:
            raise
        return found
