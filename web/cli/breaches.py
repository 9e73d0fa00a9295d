"""`consentcore breaches`: entering a breach, which starts the clock of its notification."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from consentcore.clock import iso
from registry.breaches import Nature
from registry.breaches import open as open_breach
from web.cli.command import INSTANT, Group, service
from web.transaction import unit


@click.group(cls=Group)
def breaches() -> None:
    """Enter breaches of personal data, Article 33."""


@breaches.command(name="open")
@click.option("--aware-at", required=True, type=INSTANT, help="When the organisation became aware of it.")
@click.option("--nature", required=True, help=f"One or more of {', '.join(Nature)}, with commas between them.")
@click.option("--summary", required=True, help="What happened, as far as it is known; it is kept sealed.")
def open_(aware_at: datetime, nature: str, summary: str) -> dict[str, Any]:
    """Enter a breach and say until when the authority is to be told."""
    with service() as wired, unit(wired.sessions) as session:
        opened = open_breach(session, wired.policy, aware_at, nature, summary, wired.now())
    return {
        "reference": opened.reference,
        "notify_by": iso(opened.notify_by),
        "aware_at": iso(opened.aware_at),
        "nature": list(opened.nature),
        "rule_pack": opened.rule_pack,
    }
