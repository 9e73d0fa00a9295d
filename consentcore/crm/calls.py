"""Telephone calls with a person, as far as the rules on calling ask for them (R-FR-3)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from consentcore.clock import ensure_utc
from consentcore.columns import Category, Erasure, Provenance, Ref, UTCDateTime, code, impersonal, personal
from consentcore.db import Base, table_args
from consentcore.errors import BadInput, NotFound
from consentcore.identifiers import row_id
from consentcore.policyset import PolicySet
from consentcore.subjects.tables import DataSubject

RETENTION = "contact"


class Direction(StrEnum):
    """Who called."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"


class CallOutcome(StrEnum):
    """How a call ended; `refused` says that the person wants no such calls."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"


def _observed(category: Category) -> dict[str, object]:
    return personal(category, retention=RETENTION, provenance=Provenance.OBSERVED, erasure=Erasure.DELETE_ROW)


class Call(Base):
    """One call, or try of one, for one purpose."""

    __tablename__ = "cc_call"
    __table_args__ = table_args(Index("ix_cc_call_subject_ref", "subject_ref", "at"))

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(
        Ref, ForeignKey("cc_subject.subject_ref"), info=_observed(Category.PSEUDONYM)
    )
    purpose: Mapped[str] = mapped_column(code(64), info=impersonal("id of a purpose in the policies"))
    direction: Mapped[str] = mapped_column(code(16), info=impersonal("closed list of directions"))
    outcome: Mapped[str] = mapped_column(code(16), info=_observed(Category.BEHAVIOR))
    at: Mapped[datetime] = mapped_column(UTCDateTime, info=_observed(Category.BEHAVIOR))


def record_call(
    session: Session,
    subject_ref: UUID,
    purpose_id: str,
    direction: Direction,
    outcome: CallOutcome,
    at: datetime,
    policy: PolicySet,
    now: datetime,
) -> UUID:
    """Record a call, in the caller's unit; returns its id. Decisions count it and keep the quiet after a refusal.

    Raises: NotFound (person, purpose); BadInput for a time to come.
    """
    purpose = policy.purpose(purpose_id)
    when = ensure_utc(at)
    if when > now:
        raise BadInput("a call cannot be recorded for a time to come")
    if session.scalar(select(DataSubject.subject_ref).where(DataSubject.subject_ref == subject_ref)) is None:
        raise NotFound(f"no person {subject_ref} is known here")
    row = Call(subject_ref=subject_ref, purpose=purpose.id, direction=direction, outcome=outcome, at=when)
    session.add(row)
    session.flush()
    return row.id
