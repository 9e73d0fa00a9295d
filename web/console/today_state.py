"""How the log and the outgoing mail stand, for the cards of Today."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from consentcore.clock import parse_instant
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.tables import MAIN, LogEvent, LogLeaf
from consentcore.outbox.sending import MAX_ATTEMPTS
from consentcore.outbox.tables import OutboxMessage


@dataclass(frozen=True, slots=True)
class LogState:
    """Size of the log and the time of its newest entry, under which the newest checkpoint was signed."""

    size: int
    at: datetime | None
    href: str | None


@dataclass(frozen=True, slots=True)
class OutboxState:
    """Counts of messages: not sent yet, of those failed at least once, of those tried for the last time."""

    waiting: int
    failed: int
    given_up: int
    last_at: datetime | None


def log_state(session: Session, href: str | None) -> LogState | None:
    """Return how the log stands; None while it is empty.

    Raises: LedgerTampered when the newest leaf carries no checkpoint.
    """
    newest = latest_checkpoint(session)
    if newest is None:
        return None
    header = session.scalar(
        select(LogEvent.header)
        .join(LogLeaf, LogLeaf.event_id == LogEvent.id)
        .where(LogLeaf.log == MAIN, LogLeaf.idx == newest.size - 1)
    )
    written = json.loads(header).get("ts") if header else None
    return LogState(newest.size, parse_instant(written) if written else None, href)


def outbox_state(session: Session) -> OutboxState:
    """Return how the outgoing mail stands, in one statement."""
    waits = OutboxMessage.sent_at.is_(None)
    failed = waits & (OutboxMessage.attempts > 0)
    given_up = waits & (OutboxMessage.attempts >= MAX_ATTEMPTS)
    numbers = [func.coalesce(func.sum(case((one, 1), else_=0)), 0) for one in (waits, failed, given_up)]
    row = session.execute(select(*numbers, func.max(OutboxMessage.sent_at))).one()
    return OutboxState(int(row[0]), int(row[1]), int(row[2]), row[3])
