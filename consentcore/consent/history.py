"""The declarations of a person in their order, with their places in the log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent.tables import ConsentRecord
from consentcore.ledger.tables import LogLeaf


def records_of(session: Session, subject_ref: UUID) -> Sequence[ConsentRecord]:
    """Return every record of a person, by declared time and then by place in the log."""
    return session.scalars(
        select(ConsentRecord)
        .outerjoin(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id)
        .where(ConsentRecord.subject_ref == subject_ref)
        .order_by(ConsentRecord.at, LogLeaf.idx)
    ).all()


def leaf_index(session: Session, event_id: UUID) -> int | None:
    """Return the place in the log of a declaration's leaf; None before its unit is committed."""
    return session.scalar(select(LogLeaf.idx).where(LogLeaf.event_id == event_id))


def leaf_indexes(session: Session, event_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the places in the log of some declarations' leaves, by event; those not yet committed are left out."""
    if not event_ids:
        return {}
    found = session.execute(select(LogLeaf.event_id, LogLeaf.idx).where(LogLeaf.event_id.in_(event_ids)))
    return {row.event_id: row.idx for row in found}
