"""`consentcore jobs`: the work that runs by itself."""

from __future__ import annotations

import time
from typing import Any

import click

from consentcore.personal_data.wall import Verb
from web.cli.command import Group, service
from web.jobs.deliver import deliver
from web.jobs.refresh import refresh_in_turn
from web.jobs.rotation import carry_on_rotations
from web.jobs.witnessing import witness_log

PAUSE_SECONDS = 30


@click.group(cls=Group)
def jobs() -> None:
    """Run what waits: rotations of keys, consents that grow old, witnesses to be asked, messages to be sent."""


@jobs.command()
@click.option("--once", is_flag=True, help="Do what is due now and end.")
def run(once: bool) -> dict[str, Any]:
    """Carry on rotations, refresh consents, ask witnesses, send what is due; without --once, until interrupted."""
    sent = failed = 0
    while True:
        with service() as wired:
            carry_on_rotations(wired)
            refresh_in_turn(wired.acting(Verb.RECORD))
            witness_log(wired)
            done = deliver(wired)
        sent, failed = sent + done.sent, failed + done.failed
        if once:
            return {"sent": sent, "failed": failed}
        try:
            time.sleep(PAUSE_SECONDS)
        except KeyboardInterrupt:
            return {"sent": sent, "failed": failed}
