"""`consentcore retention`: what is due to go, what will be, and letting it go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

from consentcore.clock import add_period
from consentcore.requests.tables import Status, SubjectRequest
from consentcore.retention.due import Spared
from consentcore.retention.keys import released_keys
from consentcore.retention.sweep import BATCH, DueItem, plan, sweep_next
from consentcore.subjects import shredding
from web.cli.command import Group, service
from web.transaction import reading, unit
from web.wiring import Service

AHEAD = "P1Y"
"""How far a forecast looks where no day is named."""
DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Group)
def retention() -> None:
    """See what is due to go, and let it go."""


@retention.command(name="plan")
@click.option("--at", type=DAY, help="The day to plan for; today, if not said.")
def plan_due(at: datetime | None) -> dict[str, Any]:
    """Count what is due, by rule; nothing is changed."""
    with service() as wired:
        return _planned(wired, wired.now() if at is None else _noon(wired, at))


@retention.command()
@click.option("--at", type=DAY, help="The day to look ahead to; a year from today, if not said.")
def forecast(at: datetime | None) -> dict[str, Any]:
    """Count what will be due by a day to come if nothing happens until then; nothing is changed."""
    with service() as wired:
        return _planned(wired, add_period(wired.now(), AHEAD) if at is None else _noon(wired, at))


@retention.command()
@click.option("--dry-run", is_flag=True, help="Count what would go; change nothing.")
@click.option("--batch", type=click.IntRange(1, 500), default=BATCH, show_default=True, help="Items per unit of work.")
def sweep(dry_run: bool, batch: int) -> dict[str, Any]:
    """Let everything go that is due today, batch by batch; broken off, run it again."""
    with service() as wired:
        now = wired.now()
        due = _planned(wired, now)["due"]
        done: Counter[str] = Counter()
        rows: Counter[str] = Counter()
        destroyed = 0
        if not dry_run:
            destroyed += _destroy_released_keys(wired)  # what an earlier sweep was kept from
            while True:
                with unit(wired.sessions) as session:
                    swept = sweep_next(session, wired.keyring, wired.policy, now, batch, _spared())
                if swept.rule is None:
                    break
                done[swept.rule] += swept.items
                rows.update(swept.rows)
                destroyed += _destroy_released_keys(wired)
        return {"due": due, "done": dict(done), "rows": dict(rows), "keys_destroyed": destroyed, "dry_run": dry_run}


def _planned(wired: Service, now: datetime) -> dict[str, Any]:
    with reading(wired.sessions) as session:
        items = plan(session, wired.policy, now, _spared())
    return {"at": now.astimezone(ZoneInfo(wired.policy.controller.timezone)).date().isoformat(), "due": _by_rule(items)}


def _by_rule(items: Iterable[DueItem]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for item in items:
        counts[item.rule] += item.count
    return dict(counts)


def _noon(wired: Service, day: datetime) -> datetime:
    zone = ZoneInfo(wired.policy.controller.timezone)
    return datetime.combine(day.date(), time(12), zone).astimezone(UTC)


def _spared() -> Spared:
    # an open request is answered from the data as they were when it came: nothing goes under its hands
    ended = (Status.CLOSED.value, Status.REFUSED.value)
    concerned = SubjectRequest.subject_ref
    return (select(concerned).where(concerned.is_not(None), SubjectRequest.status.not_in(ended)),)


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
