"""`consentcore jobs`: the work that runs by itself."""

from __future__ import annotations

import time
from typing import Any

import click

from web.cli.command import Group, service
from web.jobs.deliver import deliver

PAUSE_SECONDS = 30


@click.group(cls=Group)
def jobs() -> None:
    """Run what waits: messages to be sent."""


@jobs.command()
@click.option("--once", is_flag=True, help="Do what is due now and end.")
def run(once: bool) -> dict[str, Any]:
    """Send the messages that are due; without --once, go on until interrupted."""
    sent = failed = 0
    while True:
        with service() as wired:
            done = deliver(wired)
        sent, failed = sent + done.sent, failed + done.failed
        if once:
            return {"sent": sent, "failed": failed}
        try:
            time.sleep(PAUSE_SECONDS)
        except KeyboardInterrupt:
            return {"sent": sent, "failed": failed}
