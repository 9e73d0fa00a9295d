"""The verdicts of a request, one for each field or row, and the outcome that they make together (R-12-9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from consentcore.errors import BadInput
from consentcore.identifiers import row_id
from consentcore.requests.tables import MAX_GROUND, ItemOutcome, Outcome, RequestItem

KEPT = frozenset({ItemOutcome.RETAINED, ItemOutcome.ARCHIVED})
_FULL = frozenset(
    {ItemOutcome.DONE, ItemOutcome.ERASED, ItemOutcome.ANONYMISED, ItemOutcome.RECTIFIED, ItemOutcome.RESTRICTED}
)


@dataclass(frozen=True, slots=True)
class Item:
    """A verdict on one field of one row (`field` is `*` for the whole row, `ref` None for a whole store)."""

    store: str
    ref: UUID | None
    field: str
    outcome: ItemOutcome
    ground: str | None = None
    article: str | None = None
    until: date | None = None
    until_event: str | None = None


def write(session: Session, request_id: UUID, items: Iterable[Item]) -> int:
    """Add verdicts to a request; returns how many.

    Raises: BadInput for a kept item that states no article (R-17-2), or a ground that is too long.
    """
    rows = []
    for item in items:
        if item.outcome in KEPT and not item.article:
            raise BadInput(f"{item.store}.{item.field} is kept and cites no article")
        if item.ground is not None and len(item.ground) > MAX_GROUND:
            raise BadInput(f"the ground of {item.store}.{item.field} is longer than {MAX_GROUND} characters")
        rows.append(
            {
                "id": row_id(),
                "request_id": request_id,
                "store": item.store,
                "ref": item.ref,
                "field": item.field,
                "outcome": item.outcome.value,
                "ground": item.ground,
                "article": item.article,
                "until": item.until,
                "until_event": item.until_event,
            }
        )
    if rows:
        session.execute(insert(RequestItem), rows)
    return len(rows)


def replace(session: Session, request_id: UUID, items: Iterable[Item]) -> int:
    """Put verdicts in the place of all that a request had; returns how many."""
    session.execute(delete(RequestItem).where(RequestItem.request_id == request_id))
    return write(session, request_id, items)


def read(session: Session, request_id: UUID) -> list[Item]:
    """Return the verdicts of a request by store, row and field."""
    rows = session.scalars(
        select(RequestItem)
        .where(RequestItem.request_id == request_id)
        .order_by(RequestItem.store, RequestItem.ref, RequestItem.field, RequestItem.id)
    )
    return [
        Item(
            row.store, row.ref, row.field, ItemOutcome(row.outcome), row.ground, row.article, row.until, row.until_event
        )
        for row in rows
    ]


def outcome_of(items: Sequence[Item]) -> Outcome:
    """Return what verdicts amount to: all done, nothing found, all refused, or partly done.

    A kept item makes an erasure partial: a partial refusal, answered under Art. 12(4) (R-17-0).
    """
    outcomes = {item.outcome for item in items}
    if outcomes <= {ItemOutcome.NOT_FOUND}:
        return Outcome.NOT_FOUND
    if outcomes <= _FULL:
        return Outcome.DONE
    if outcomes <= {ItemOutcome.REFUSED}:
        return Outcome.REFUSED
    return Outcome.PARTIAL
