"""Rotations of data, index and log keys: begun by the command, carried on by it or by a job, in bounded batches.

Where each stands is in `cc_rotation`; every step is a unit of its own and may be taken again, so that a rotation that
was cut off anywhere goes on where it was. No step stops a reader or a writer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import MetaData

from consentcore.crypto import generations, rotations
from consentcore.crypto.roots import INDEX, LOG
from consentcore.crypto.rotations import CarriedOnElsewhere, Keys, Progress
from consentcore.db import Base
from consentcore.personal_data.wall import Verb
from web.jobs import rotation_of_data, rotation_of_index, rotation_of_log
from web.jobs.crash import crash_point
from web.jobs.rotation_turn import ROWS, Step, Turn, begin
from web.transaction import reading
from web.wiring import Service

STEPS: Mapping[Keys, Mapping[str, Step]] = MappingProxyType(
    {Keys.DATA: rotation_of_data.STEPS, Keys.INDEX: rotation_of_index.STEPS, Keys.LOG: rotation_of_log.STEPS}
)
_FIRST = {Keys.DATA: rotation_of_data.FIRST, Keys.INDEX: rotation_of_index.FIRST, Keys.LOG: rotation_of_log.FIRST}
_ROOTS = {Keys.INDEX: INDEX, Keys.LOG: LOG}
STEPS_OF_A_JOB = 20
"""Most steps of one turn of the job: the others have to have their turn."""


def rotate(
    wired: Service,
    what: Keys,
    now: datetime,
    *,
    at_once: bool = False,
    rows: int = ROWS,
    most: int | None = None,
    metadata: tuple[MetaData, ...] = (Base.metadata,),
    told: Callable[[Progress], None] = lambda _progress: None,
) -> Progress:
    """Begin a rotation, or go on with the one under way, until it ends or has to wait; returns where it stands.

    `at_once` leaves out every waiting time: only when no other process uses the databases. `most` bounds the steps.
    `metadata` are those of the mapped classes, a host application's with ours. `told` hears of every step.
    Raises: CarriedOnElsewhere; UnknownStore; DecryptionFailed naming a key that does not open.
    """
    wired = wired.acting(Verb.KEYS)
    progress = standing(wired, what) or _begin(wired, what, now)
    crash = crash_point(wired.settings)
    crash(f"rotation.{what.value}.begun")
    taken = 0
    while progress.ended_at is None and not waits(progress, now, at_once=at_once) and (most is None or taken < most):
        turn = Turn(wired, progress, now, at_once, rows, crash, metadata)
        progress = STEPS[what][progress.phase](turn)
        told(progress)
        taken += 1
    return progress


def standing(wired: Service, what: Keys) -> Progress | None:
    """Return the rotation of some keys that is under way, or None."""
    with reading(wired.sessions) as session:
        return rotations.under_way(session, what)


def waits(progress: Progress, now: datetime, *, at_once: bool = False) -> bool:
    """Tell whether the next phase of a rotation may not begin yet."""
    return not at_once and progress.due_at is not None and progress.due_at > now


def carry_on_rotations(wired: Service) -> None:
    """Go on with every rotation that was begun and does not wait: what the command left, or a kill cut off."""
    for what in Keys:
        if standing(wired, what) is not None:
            try:
                rotate(wired, what, wired.now(), most=STEPS_OF_A_JOB)
            except CarriedOnElsewhere:
                continue  # the command does it


def _begin(wired: Service, what: Keys, now: datetime) -> Progress:
    with reading(wired.sessions) as session:
        before = rotations.latest(session, what)
    if what in _ROOTS:
        return begin(wired, what, generations.newest(wired.keyring, _ROOTS[what]) + 1, _FIRST[what], now)
    if before is None:
        return begin(wired, what, 1, _FIRST[what], now)
    # after the one before, though the clock stand still: a data key is told to be older by when it was made
    return begin(wired, what, before.generation + 1, _FIRST[what], max(now, before.began_at + timedelta(seconds=1)))
