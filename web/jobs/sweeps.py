"""Planning and running sweeps as every face does: what open requests spare, batch by batch, released keys last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.requests.tables import Status, SubjectRequest
from consentcore.retention.due import Spared
from consentcore.retention.keys import released_keys
from consentcore.retention.sweep import BATCH, DueItem, plan, sweep_next
from consentcore.subjects import shredding
from web.transaction import reading, unit
from web.wiring import Service

STARTED = register("retention.started", "a member of staff started letting go of what is due (Art. 5(1)(e))")


@dataclass(frozen=True, slots=True)
class SweepRun:
    """What one run let go: due items by rule, rows by table, keys; `finished` is False where more is still due."""

    done: Mapping[str, int]
    rows: Mapping[str, int]
    keys_destroyed: int
    finished: bool


def due_items(session: Session, wired: Service, at: datetime) -> tuple[DueItem, ...]:
    """Count what is due at an instant, by rule and store; persons with an open request are spared."""
    return plan(session, wired.policy, at, spared())


def by_rule(items: Iterable[DueItem]) -> dict[str, int]:
    """Sum counts of due items by rule."""
    counts: Counter[str] = Counter()
    for item in items:
        counts[item.rule] += item.count
    return dict(counts)


def noon(wired: Service, day: date) -> datetime:
    """Return noon of a civil day at the controller's place, in UTC: an instant that stands for the day."""
    zone = ZoneInfo(wired.policy.controller.timezone)
    return datetime.combine(day, time(12), zone).astimezone(UTC)


def spared() -> Spared:
    """Return the query of persons whose data must not go now, because a request of theirs is open."""
    # an open request is answered from the data as they were when it came: nothing goes under its hands
    ended = (Status.CLOSED.value, Status.REFUSED.value)
    concerned = SubjectRequest.subject_ref
    return (select(concerned).where(concerned.is_not(None), SubjectRequest.status.not_in(ended)),)


def record_start(session: Session, now: datetime, by: UUID) -> None:
    """Record that a member of staff starts a run, in the caller's unit; `by` is the reference of the account."""
    queue(session, Event(type=STARTED, at=now, data={"by": str(by)}))


def run_sweep(wired: Service, now: datetime, batch: int = BATCH, most_batches: int | None = None) -> SweepRun:
    """Let everything go that is due, each batch in a unit of its own; broken off, the next run goes on.

    Effects: as `sweep_next`; keys that an earlier run was kept from destroying go first. After `most_batches`
    batches it stops, so that a page can answer in time.
    Raises: BadInput for a batch outside the bounds of a sweep.
    """
    done: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    destroyed = _destroy_released_keys(wired)
    batches = 0
    while most_batches is None or batches < most_batches:
        with unit(wired.sessions) as session:
            swept = sweep_next(session, wired.keyring, wired.policy, now, batch, spared())
        if swept.rule is None:
            return SweepRun(dict(done), dict(rows), destroyed, True)
        batches += 1
        done[swept.rule] += swept.items
        rows.update(swept.rows)
        destroyed += _destroy_released_keys(wired)
    with reading(wired.sessions) as session:
        left = due_items(session, wired, now)
    return SweepRun(dict(done), dict(rows), destroyed, not left)


def _destroy_released_keys(wired: Service) -> int:
    with reading(wired.sessions) as session:
        waiting = released_keys(session)
    if not waiting:
        return 0
    facts = [shredding.destroy(wired.keyring, pending, wired.now()) for pending in waiting]
    with unit(wired.sessions) as session:
        for pending, fact in zip(waiting, facts, strict=True):
            shredding.certify(session, pending, fact, wired.now())
    return len(waiting)
