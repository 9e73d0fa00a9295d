"""`consentcore retention`: what is due to go, what will be, and letting it go."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from consentcore.clock import add_period
from consentcore.retention.sweep import BATCH
from web.cli.command import Group, service
from web.jobs.sweeps import SweepRun, by_rule, due_items, noon, run_sweep
from web.transaction import reading
from web.wiring import Service

AHEAD = "P1Y"
"""How far a forecast looks where no day is named."""
DAY = click.DateTime(["%Y-%m-%d"])
NOTHING = SweepRun({}, {}, 0, False)


@click.group(cls=Group)
def retention() -> None:
    """See what is due to go, and let it go."""


@retention.command(name="plan")
@click.option("--at", type=DAY, help="The day to plan for; today, if not said.")
def plan_due(at: datetime | None) -> dict[str, Any]:
    """Count what is due, by rule; nothing is changed."""
    with service() as wired:
        return _planned(wired, wired.now() if at is None else noon(wired, at.date()))


@retention.command()
@click.option("--at", type=DAY, help="The day to look ahead to; a year from today, if not said.")
def forecast(at: datetime | None) -> dict[str, Any]:
    """Count what will be due by a day to come if nothing happens until then; nothing is changed."""
    with service() as wired:
        return _planned(wired, add_period(wired.now(), AHEAD) if at is None else noon(wired, at.date()))


@retention.command()
@click.option("--dry-run", is_flag=True, help="Count what would go; change nothing.")
@click.option("--batch", type=click.IntRange(1, 500), default=BATCH, show_default=True, help="Items per unit of work.")
def sweep(dry_run: bool, batch: int) -> dict[str, Any]:
    """Let everything go that is due today, batch by batch; broken off, run it again."""
    with service() as wired:
        now = wired.now()
        due = _planned(wired, now)["due"]
        run = NOTHING if dry_run else run_sweep(wired, now, batch)
        return {
            "due": due,
            "done": dict(run.done),
            "rows": dict(run.rows),
            "keys_destroyed": run.keys_destroyed,
            "dry_run": dry_run,
        }


def _planned(wired: Service, now: datetime) -> dict[str, Any]:
    with reading(wired.sessions) as session:
        items = due_items(session, wired, now)
    return {"at": now.astimezone(ZoneInfo(wired.policy.controller.timezone)).date().isoformat(), "due": by_rule(items)}
