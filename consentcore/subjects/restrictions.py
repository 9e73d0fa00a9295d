"""Restriction of processing: placed at once, lifted only after the person was told (Art. 18)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.errors import InvalidTransition, NotFound
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.subjects.standing import Standing, mark
from consentcore.subjects.tables import Restriction

PLACED = register("restriction.placed", "processing of a person's data was restricted (Art. 18(1))")
LIFTED = register("restriction.lifted", "a restriction of processing was lifted, the person having been told")


class Ground(StrEnum):
    """Why processing is restricted: the four points of Art. 18(1), and an erasure on its way."""

    ACCURACY_CONTESTED = "accuracy_contested"
    UNLAWFUL = "unlawful"
    LEGAL_CLAIMS = "legal_claims"
    OBJECTION_PENDING = "objection_pending"
    ERASURE_RUNNING = "erasure_running"


def place(
    session: Session, subject_ref: UUID, ground: Ground, now: datetime, *, request_id: UUID | None = None
) -> UUID:
    """Restrict the processing of a person's data, in the caller's unit; returns the restriction's id.

    An open one of the same ground and request is returned as it is, so that a resumed step places no second.
    Effects: a row, a leaf `restriction.placed`; `decide` answers `restricted` from now on.
    """
    standing = session.scalar(
        select(Restriction.id).where(
            Restriction.subject_ref == subject_ref,
            Restriction.ground == ground.value,
            Restriction.request_id == request_id if request_id else Restriction.request_id.is_(None),
            Restriction.lifted_at.is_(None),
        )
    )
    if standing is not None:
        return standing
    row = Restriction(subject_ref=subject_ref, ground=ground.value, request_id=request_id, placed_at=ensure_utc(now))
    session.add(row)
    session.flush()
    mark(session, [subject_ref], Standing.RESTRICTED)
    payload = {"restriction_id": str(row.id), "request_id": str(request_id) if request_id else None}
    queue(session, Event(type=PLACED, at=now, subject_ref=subject_ref, payload=payload, data={"ground": ground.value}))
    return row.id


def inform(session: Session, restriction_id: UUID, now: datetime) -> None:
    """Note that the person was told that a restriction will be lifted (Art. 18(3)).

    Raises: NotFound.
    """
    _open(session, restriction_id).informed_at = ensure_utc(now)
    session.flush()


def lift(session: Session, restriction_id: UUID, now: datetime) -> None:
    """Lift a restriction, of which the person was told before (R-18-2); leaf `restriction.lifted`.

    Raises: NotFound; InvalidTransition when the person was not told.
    """
    row = _open(session, restriction_id)
    if row.informed_at is None and row.ground != Ground.ERASURE_RUNNING:
        raise InvalidTransition("tell the person before lifting the restriction (Art. 18(3))")
    row.lifted_at = ensure_utc(now)
    session.flush()
    payload = {"restriction_id": str(row.id)}
    queue(
        session, Event(type=LIFTED, at=now, subject_ref=row.subject_ref, payload=payload, data={"ground": row.ground})
    )


def lift_all(session: Session, subject_ref: UUID, request_id: UUID, now: datetime) -> int:
    """Take away the restrictions that one request placed, where the data they stood on are gone; returns how many."""
    result = session.execute(
        update(Restriction)
        .where(
            Restriction.subject_ref == subject_ref,
            Restriction.request_id == request_id,
            Restriction.lifted_at.is_(None),
        )
        .values(lifted_at=ensure_utc(now))
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def is_restricted(session: Session, subject_ref: UUID, ground: Ground | None = None) -> bool:
    """Tell whether a restriction stands on a person, of one ground or of any.

    That of an erasure stands for ever once everything of the person went; where a contract keeps the data it is lifted.
    """
    standing = select(Restriction.id).where(Restriction.subject_ref == subject_ref, Restriction.lifted_at.is_(None))
    if ground is not None:
        standing = standing.where(Restriction.ground == ground.value)
    return session.scalar(standing.limit(1)) is not None


def standing(session: Session, subject_ref: UUID) -> list[Restriction]:
    """Return the restrictions that stand on a person, oldest first."""
    return list(
        session.scalars(
            select(Restriction)
            .where(Restriction.subject_ref == subject_ref, Restriction.lifted_at.is_(None))
            .order_by(Restriction.placed_at, Restriction.id)
        )
    )


def _open(session: Session, restriction_id: UUID) -> Restriction:
    row = session.scalar(
        select(Restriction).where(Restriction.id == restriction_id, Restriction.lifted_at.is_(None)).with_for_update()
    )
    if row is None:
        raise NotFound(f"no restriction {restriction_id} stands")
    return row
