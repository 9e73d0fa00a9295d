"""Figures about requests: how the running ones stand under each right, and how those that ended went (Art. 5(2))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.requests.intake import IntakeChannel
from consentcore.requests.queue import ENDED, Horizon
from consentcore.requests.tables import Outcome, RequestRight, Right, SubjectRequest


@dataclass(frozen=True, slots=True)
class Standing:
    """How many running requests ask for one right; a request that asks for two counts under both."""

    right: Right
    late: int
    soon: int
    in_time: int


@dataclass(frozen=True, slots=True)
class Course:
    """How many requests came in by one channel for one right and ended in one way."""

    channel: IntakeChannel
    right: Right
    outcome: Outcome
    number: int


def standings(session: Session, horizon: Horizon) -> tuple[Standing, ...]:
    """Return how the running requests stand, for each right that somebody asks for, in the order of the articles."""
    due = SubjectRequest.due_on
    late = func.sum(case((due < horizon.today, 1), else_=0))
    soon = func.sum(case(((due >= horizon.today) & (due <= horizon.soon_until), 1), else_=0))
    rows = session.execute(
        select(RequestRight.right, late, soon, func.count())
        .join(SubjectRequest, SubjectRequest.id == RequestRight.request_id)
        .where(SubjectRequest.status.not_in(ENDED))
        .group_by(RequestRight.right)
    )
    found = {
        Right(right): Standing(Right(right), int(a), int(b), int(whole) - int(a) - int(b))
        for right, a, b, whole in rows
    }
    return tuple(found[right] for right in Right if right in found)


def courses(session: Session, since: datetime) -> tuple[Course, ...]:
    """Return how the requests went that ended since an instant, by channel, right and outcome in their orders."""
    rows = session.execute(
        select(SubjectRequest.channel, RequestRight.right, SubjectRequest.outcome, func.count())
        .join(SubjectRequest, SubjectRequest.id == RequestRight.request_id)
        .where(SubjectRequest.status.in_(ENDED), SubjectRequest.closed_at >= ensure_utc(since))
        .group_by(SubjectRequest.channel, RequestRight.right, SubjectRequest.outcome)
    )
    found = [Course(IntakeChannel(a), Right(b), Outcome(c), int(number)) for a, b, c, number in rows if c is not None]
    places = {one: place for place, one in enumerate((*IntakeChannel, *Right, *Outcome))}
    return tuple(sorted(found, key=lambda one: (places[one.channel], places[one.right], places[one.outcome])))
