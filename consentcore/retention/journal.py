"""The journal of disposals: what sweeps let go, when and under which rule; it names nobody (Art. 5(2), R-RET-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consentcore.ledger.tables import LogLeaf
from consentcore.retention.tables import DisposalJournal


@dataclass(frozen=True, slots=True)
class Disposed:
    """What one sweep let go under one rule, all its batches together."""

    at: datetime
    rule: str
    items: int
    rows: int
    batches: int
    last_leaf: int | None
    """Place in the log of its last batch."""


def disposed(session: Session, limit: int = 50) -> list[Disposed]:
    """Return the newest disposals, by sweep and rule; batches of one sweep bear one instant."""
    rows = session.execute(
        select(
            DisposalJournal.at,
            DisposalJournal.rule,
            func.sum(DisposalJournal.item_count),
            func.sum(DisposalJournal.row_count),
            func.count(),
            func.max(LogLeaf.idx),
        )
        .outerjoin(LogLeaf, LogLeaf.event_id == DisposalJournal.event_id)
        .group_by(DisposalJournal.at, DisposalJournal.rule)
        .order_by(DisposalJournal.at.desc(), DisposalJournal.rule)
        .limit(limit)
    )
    return [Disposed(at, rule, int(items), int(count), batches, leaf) for at, rule, items, count, batches, leaf in rows]
