"""Persons known under several references: linked, never merged, so that keys, consents and oppositions stay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.errors import BadInput, Conflict, NotFound
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.subjects.standing import Standing, mark
from consentcore.subjects.tables import DataSubject, SubjectLink

LINKED = register("subject.linked", "two references were found to be one person")
UNLINKED = register("subject.unlinked", "two references were found not to be one person after all")
MOST_LINKED = 200
"""References of one person at most: more is a mistake of matching, not a person."""


def link(session: Session, subject_ref: UUID, other_ref: UUID, by: str, now: datetime) -> bool:
    """Record that two references are one person, in the caller's unit; False when they were linked already.

    Decisions take the most restrictive answer of all references of a person from now on; nothing is moved
    (crypto design 1.9). Effects: two rows, a mark on both, a leaf `subject.linked` for each, `by` sealed in it.
    Raises: BadInput (the same reference twice), NotFound, Conflict (more than MOST_LINKED references).
    """
    if subject_ref == other_ref:
        raise BadInput("a reference cannot be linked to itself")
    known = set(
        session.scalars(select(DataSubject.subject_ref).where(DataSubject.subject_ref.in_([subject_ref, other_ref])))
    )
    for ref in (subject_ref, other_ref):
        if ref not in known:
            raise NotFound(f"no person {ref} is known here")
    together = linked_refs(session, [subject_ref])[subject_ref]
    if other_ref in together:
        return False
    if len(together) + len(linked_refs(session, [other_ref])[other_ref]) > MOST_LINKED:
        raise Conflict(f"one person would have more than {MOST_LINKED} references; look at the matches again")
    for ref, other in ((subject_ref, other_ref), (other_ref, subject_ref)):
        session.add(SubjectLink(subject_ref=ref, other_ref=other, linked_at=ensure_utc(now)))
        queue(session, Event(type=LINKED, at=now, subject_ref=ref, payload={"other": str(other), "by": by}))
    session.flush()
    mark(session, [subject_ref, other_ref], Standing.LINKED)
    return True


def unlink(session: Session, subject_ref: UUID, other_ref: UUID, by: str, now: datetime) -> bool:
    """Take a link back, both ways, in the caller's unit; False when none stood between the two.

    Effects: leaf `subject.unlinked` for each.
    """
    between = or_(
        and_(SubjectLink.subject_ref == subject_ref, SubjectLink.other_ref == other_ref),
        and_(SubjectLink.subject_ref == other_ref, SubjectLink.other_ref == subject_ref),
    )
    rows = session.scalars(
        select(SubjectLink).where(between, SubjectLink.unlinked_at.is_(None)).with_for_update()
    ).all()
    for row in rows:
        row.unlinked_at = ensure_utc(now)
        payload = {"other": str(row.other_ref), "by": by}
        queue(session, Event(type=UNLINKED, at=now, subject_ref=row.subject_ref, payload=payload))
    session.flush()
    return bool(rows)


def linked_refs(
    session: Session, subject_refs: Collection[UUID], instant: datetime | None = None
) -> dict[UUID, frozenset[UUID]]:
    """Return, for each reference, all references of that person, itself included; `instant` asks for the past.

    Links are followed through: whoever is the same as the same is the same.
    """
    stands: ColumnElement[bool] = SubjectLink.unlinked_at.is_(None)
    if instant is not None:
        stands = and_(
            SubjectLink.linked_at <= instant, or_(SubjectLink.unlinked_at.is_(None), SubjectLink.unlinked_at > instant)
        )
    neighbours: dict[UUID, set[UUID]] = {}
    wave = set(subject_refs)
    while wave:
        for ref in wave:
            neighbours.setdefault(ref, set())
        rows = session.execute(
            select(SubjectLink.subject_ref, SubjectLink.other_ref).where(SubjectLink.subject_ref.in_(wave), stands)
        )
        for ref, other in rows:
            neighbours[ref].add(other)
        wave = {other for ref in wave for other in neighbours[ref]} - set(neighbours)
    return {ref: _reached(ref, neighbours) for ref in subject_refs}


def _reached(start: UUID, neighbours: dict[UUID, set[UUID]]) -> frozenset[UUID]:
    reached, wave = {start}, {start}
    while wave:
        wave = {other for ref in wave for other in neighbours[ref]} - reached
        reached |= wave
    return frozenset(reached)
