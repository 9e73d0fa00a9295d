"""What is due to be sent, and noting what became of it; sending itself is the business of a job above the core."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.errors import NotFound
from consentcore.outbox.tables import OutboxMessage

MAX_ATTEMPTS = 12
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=6)


def due(session: Session, now: datetime, limit: int = 100) -> list[UUID]:
    """Return the messages that are to be sent now, the longest waiting first."""
    return list(
        session.scalars(
            select(OutboxMessage.id)
            .where(
                OutboxMessage.sent_at.is_(None),
                OutboxMessage.due_at <= ensure_utc(now),
                OutboxMessage.attempts < MAX_ATTEMPTS,
            )
            .order_by(OutboxMessage.due_at, OutboxMessage.id)
            .limit(limit)
        )
    )


def claim(session: Session, message_id: UUID) -> OutboxMessage | None:
    """Lock one message for sending; None when another process sends it, or it was sent.

    Raises: NotFound.
    """
    if session.get(OutboxMessage, message_id) is None:
        raise NotFound(f"there is no message {message_id}")
    query = select(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.sent_at.is_(None))
    return session.scalar(query.with_for_update(skip_locked=True).execution_options(populate_existing=True))


def sent(session: Session, row: OutboxMessage, now: datetime) -> None:
    """Note that a message was sent, and empty it: the letter is with its reader now."""
    row.sent_at, row.content, row.attempts = ensure_utc(now), None, row.attempts + 1
    session.flush()


def failed(session: Session, row: OutboxMessage, now: datetime) -> None:
    """Note that sending failed; it is tried again after a pause that doubles each time, at most twelve times."""
    row.attempts += 1
    row.due_at = ensure_utc(now) + min(_FIRST_PAUSE * 2 ** (row.attempts - 1), _LONGEST_PAUSE)
    session.flush()
