"""The declarations of a person in their order, and what was known at a past instant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent.lookup import HeldState
from consentcore.consent.tables import ConsentRecord
from consentcore.ledger.tables import LogLeaf
from consentcore.subjects.tables import DataSubject


def records_of(session: Session, subject_ref: UUID) -> Sequence[ConsentRecord]:
    """Return every record of a person, by declared time and then by place in the log."""
    return session.scalars(
        select(ConsentRecord)
        .outerjoin(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id)
        .where(ConsentRecord.subject_ref == subject_ref)
        .order_by(ConsentRecord.at, LogLeaf.idx)
    ).all()


def state_as_of(session: Session, subject_ref: UUID, purpose: str, channel: str, instant: datetime) -> HeldState | None:
    """Return what had been declared by `instant`, or None when the person was not known here by then."""
    known = select(DataSubject.subject_ref).where(
        DataSubject.subject_ref == subject_ref, DataSubject.created_at <= instant
    )
    newest = session.execute(
        select(ConsentRecord.state, ConsentRecord.id, ConsentRecord.expires_at)
        .outerjoin(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id)
        .where(
            ConsentRecord.subject_ref == subject_ref,
            ConsentRecord.purpose == purpose,
            ConsentRecord.channel == channel,
            ConsentRecord.at <= instant,
        )
        .order_by(ConsentRecord.at.desc(), LogLeaf.idx.desc())
        .limit(1)
    ).first()
    if newest is not None:
        return HeldState(newest[0], newest[1], newest[2])
    return HeldState(None, None, None) if session.scalar(known) is not None else None


def leaf_index(session: Session, event_id: UUID) -> int | None:
    """Return the place in the log of a declaration's leaf; None before its unit is committed."""
    return session.scalar(select(LogLeaf.idx).where(LogLeaf.event_id == event_id))


def leaf_indexes(session: Session, event_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the places in the log of some declarations' leaves, by event; those not yet committed are left out."""
    if not event_ids:
        return {}
    found = session.execute(select(LogLeaf.event_id, LogLeaf.idx).where(LogLeaf.event_id.in_(event_ids)))
    return {row.event_id: row.idx for row in found}
