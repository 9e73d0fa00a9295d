"""The queue of requests: which of them, in which order, with all that a list of them shows (Art. 12(3), R-5-5).

A list costs the same few statements however many requests it holds. A request whose applicant nobody has identified
yet is left out of the everyday list, but never of what is late or due soon: its clock runs all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from consentcore.crm.contacts import Contact
from consentcore.crypto.fields import reveal_rows
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.requests.content import read_content, read_step
from consentcore.requests.intake import IntakeChannel
from consentcore.requests.tables import (
    RequestRight,
    RequestStep,
    RequestTransition,
    Right,
    Status,
    SubjectRequest,
)
from consentcore.requests.tasks import Task, tasks_for

PAGE = 50
ENDED = (Status.CLOSED.value, Status.REFUSED.value)


class Group(StrEnum):
    """Which requests, by where they stand."""

    OPEN = "open"
    """Those that run and whose applicant was identified."""
    RUNNING = "running"
    """All that have not ended."""
    APPROVAL = "approval"
    """Plans that wait for a second person."""
    LATE = "late"
    SOON = "soon"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    """Executions that an error cut off."""
    CLOSED = "closed"
    """Those that ended, answered or refused."""


class Order(StrEnum):
    """In which order."""

    DUE = "due"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Horizon:
    """The civil day it is, and the last day that counts as soon."""

    today: date
    soon_until: date


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of requests is narrowed to; None does not narrow it. `due_from` and `due_until` are both included."""

    group: Group = Group.OPEN
    right: Right | None = None
    channel: IntakeChannel | None = None
    due_from: date | None = None
    due_until: date | None = None
    order: Order = Order.DUE


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a list. `initials` are the first letters of the person's names, never the names."""

    dsr: SubjectRequest
    rights: tuple[Right, ...]
    initials: tuple[str, ...]
    email: str | None
    """The address that asked, where the request names no person (yet)."""
    tasks: tuple[Task, ...]
    """Empty for a request that has ended."""
    done_steps: frozenset[str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of all that the filters leave; pages count from 1."""

    lines: tuple[Line, ...]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requests each group holds."""

    open: int
    running: int
    approval: int
    late: int
    soon: int
    unverified: int
    failed: int
    closed: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """Who made the plan that stands, and when it was last made; `by` are the actors that may not approve it."""

    by: frozenset[str]
    at: datetime


def page_of(session: Session, filters: Filters, horizon: Horizon, number: int = 1, size: int = PAGE) -> Page:
    """Return one page of the requests that the filters leave.

    Statements: one for the requests, one for their rights, one for their done steps, one for names, one for keys.
    Raises: DecryptionFailed.
    """
    number = max(number, 1)
    query = _selected(filters, horizon).limit(size).offset((number - 1) * size)
    rows = session.execute(query).all()
    return Page(_lines(session, [row[0] for row in rows]), rows[0][1] if rows else 0, number)


def counts(session: Session, horizon: Horizon) -> Counts:
    """Return how many requests each group holds, in one statement."""
    wanted = [func.coalesce(func.sum(case((_condition(group, horizon), 1), else_=0)), 0) for group in Group]
    row = session.execute(select(*wanted)).one()
    return Counts(**{group.value: int(number) for group, number in zip(Group, row, strict=True)})


def next_due(session: Session) -> tuple[str, date] | None:
    """Return reference and last day of the request that is due first among those that have not ended."""
    query = (
        select(SubjectRequest.reference, SubjectRequest.due_on)
        .where(SubjectRequest.status.not_in(ENDED))
        .order_by(SubjectRequest.due_on, SubjectRequest.reference)
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else (row[0], row[1])


def assessments(session: Session, requests: Iterable[SubjectRequest]) -> dict[UUID, Assessment]:
    """Return who made the plans of some requests, by their ids; one statement, and each step's notes are opened."""
    plans = {dsr.id: dsr.plan_sha256 for dsr in requests if dsr.plan_sha256}
    if not plans:
        return {}
    keyring = _keyring(session)
    rows = session.scalars(
        select(RequestTransition)
        .where(RequestTransition.request_id.in_(plans), RequestTransition.to_status == Status.ASSESSED.value)
        .order_by(RequestTransition.position)
    ).all()
    keyring.warm({row.subject_ref for row in rows if row.subject_ref is not None}, KeyClass.EVIDENCE)
    found: dict[UUID, Assessment] = {}
    for row in rows:
        notes = read_step(keyring, row)
        if notes.get("plan_sha256") == plans[row.request_id]:
            before = found.get(row.request_id)
            by = frozenset({str(notes["by"])}) | (before.by if before else frozenset())
            found[row.request_id] = Assessment(by, row.at)
    return found


def _selected(filters: Filters, horizon: Horizon) -> Select[SubjectRequest, int]:
    query = select(SubjectRequest, func.count().over()).where(_condition(filters.group, horizon))
    if filters.right is not None:
        asking = select(RequestRight.request_id).where(RequestRight.right == filters.right.value)
        query = query.where(SubjectRequest.id.in_(asking))
    if filters.channel is not None:
        query = query.where(SubjectRequest.channel == filters.channel.value)
    if filters.due_from is not None:
        query = query.where(SubjectRequest.due_on >= filters.due_from)
    if filters.due_until is not None:
        query = query.where(SubjectRequest.due_on <= filters.due_until)
    return query.order_by(*_ORDERS[filters.order])


_ORDERS = {
    Order.DUE: (SubjectRequest.due_on, SubjectRequest.received_at, SubjectRequest.reference),
    Order.NEWEST: (SubjectRequest.received_at.desc(), SubjectRequest.reference),
    Order.OLDEST: (SubjectRequest.received_at, SubjectRequest.reference),
}


def _condition(group: Group, horizon: Horizon) -> ColumnElement[bool]:
    status, due = SubjectRequest.status, SubjectRequest.due_on
    running = status.not_in(ENDED)
    conditions = {
        Group.OPEN: and_(running, status != Status.RECEIVED.value),
        Group.RUNNING: running,
        Group.APPROVAL: status == Status.ASSESSED.value,
        Group.LATE: and_(running, due < horizon.today),
        Group.SOON: and_(running, due >= horizon.today, due <= horizon.soon_until),
        Group.UNVERIFIED: status == Status.RECEIVED.value,
        Group.FAILED: status == Status.ERRORED.value,
        Group.CLOSED: status.in_(ENDED),
    }
    return conditions[group]


def _lines(session: Session, requests: Sequence[SubjectRequest]) -> tuple[Line, ...]:
    if not requests:
        return ()
    keyring = _keyring(session)
    ids = [dsr.id for dsr in requests]
    rights = rights_of_all(session, ids)
    done: dict[UUID, set[str]] = defaultdict(set)
    steps = select(RequestStep.request_id, RequestStep.step).where(RequestStep.request_id.in_(ids))
    for request_id, step in session.execute(steps):
        done[request_id].add(step)
    initials = _initials(session, keyring, {dsr.subject_ref for dsr in requests if dsr.subject_ref is not None})
    return tuple(
        Line(
            dsr=dsr,
            rights=rights[dsr.id],
            initials=initials.get(dsr.subject_ref, ()) if dsr.subject_ref else (),
            email=None if dsr.subject_ref else read_content(keyring, dsr).get("email"),
            tasks=()
            if dsr.status in ENDED
            else tasks_for(Status(dsr.status), rights[dsr.id], dsr.subject_ref is not None, done[dsr.id]),
            done_steps=frozenset(done[dsr.id]),
        )
        for dsr in requests
    )


def rights_of_all(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[Right, ...]]:
    """Return the rights that some requests ask for, by their ids, in the order of the articles; one statement."""
    asked: dict[UUID, set[Right]] = {one: set() for one in ids}
    rows = select(RequestRight.request_id, RequestRight.right).where(RequestRight.request_id.in_(ids))
    for request_id, right in session.execute(rows):
        asked[request_id].add(Right(right))
    return {one: tuple(right for right in Right if right in found) for one, found in asked.items()}


def _initials(session: Session, keyring: Keyring, persons: set[UUID]) -> Mapping[UUID, tuple[str, ...]]:
    """Return the first letters of persons' names, from the oldest contact that has any; none of a person erased."""
    if not persons:
        return {}
    names = (Contact.first_name, Contact.last_name)
    rows = session.execute(
        select(Contact.id, Contact.subject_ref, *names).where(Contact.subject_ref.in_(persons)).order_by(Contact.id)
    ).all()
    alive = keyring.ciphers({row.subject_ref.bytes for row in rows}, KeyClass.PROFILE)
    readable = [row for row in rows if row.subject_ref.bytes in alive]
    found: dict[UUID, tuple[str, ...]] = {}
    for row, opened in zip(readable, reveal_rows(keyring, readable, names), strict=True):
        letters = tuple(name.strip()[:1] for name in opened if name and name.strip())
        if letters and row.subject_ref not in found:
            found[row.subject_ref] = letters
    return found


def _keyring(session: Session) -> Keyring:
    keyring: Keyring = session.info[KEYRING_KEY]
    return keyring
