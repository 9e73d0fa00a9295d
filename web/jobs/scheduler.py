"""Jobs beside a serving process, every few seconds: mail, executions, rotations, consents, witnesses (APScheduler).

One process runs them; a job that is still running is not begun again, and what failed is tried at the next turn.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

from consentcore.personal_data.wall import Verb
from web.jobs.deliver import deliver
from web.jobs.executions import carry_on
from web.jobs.refresh import refresh_in_turn
from web.jobs.rotation import carry_on_rotations
from web.jobs.witnessing import witness_log
from web.wiring import Service

LOG = logging.getLogger("consentcore.jobs")
EVERY_SECONDS = 2
VERB_OF = {
    "carry_on": Verb.DISPOSE,
    "carry_on_rotations": Verb.KEYS,
    "refresh_in_turn": Verb.RECORD,
    "witness_log": Verb.AUDIT,
    "deliver": Verb.DELIVER,
}
"""What each job says to the second wall (docs/operations.md)."""
JOBS: tuple[Callable[[Service], object], ...] = (
    carry_on,
    carry_on_rotations,
    refresh_in_turn,
    witness_log,
    deliver,
)


@contextmanager
def running(service: Service) -> Iterator[None]:
    """Run the jobs until the block ends; a job under way is waited for."""
    scheduler = BackgroundScheduler(timezone="UTC", daemon=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for job in JOBS:
        scheduler.add_job(
            _quietly,
            "interval",
            args=(job, service.acting(VERB_OF.get(job.__name__, Verb.MAINTAIN))),
            seconds=EVERY_SECONDS,
            max_instances=1,
            coalesce=True,
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)


def _quietly(job: Callable[[Service], object], service: Service) -> None:
    try:
        job(service)
    except Exception as error:  # the next turn tries again; a message might hold a value, so only its kind is told
        LOG.error("job=%s failed kind=%s", job.__name__, type(error).__name__)
