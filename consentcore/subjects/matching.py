"""Finding persons by what they are reached at, and seeing who else is reached there."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from consentcore.crypto.blindindex import find
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.tables import BlindIndexRow
from consentcore.subjects.tables import DataSubject


@dataclass(frozen=True, slots=True)
class Match:
    """Another person reached at an equal contact point: a question for a human, never an answer by itself."""

    subject_ref: UUID
    fields: tuple[int, ...]
    """Field numbers of the indexes in which the two agree."""


def find_subjects(session: Session, keyring: Keyring, field_number: int, normalised: str) -> list[UUID]:
    """Return the persons reached at one contact point, oldest reference first.

    Units: `normalised` as consentcore.crypto.blindindex normalises it.
    """
    refs = {hit.subject_ref for hit in find(session, keyring, field_number, normalised)}
    if not refs:
        return []
    ordered = (
        select(DataSubject.subject_ref)
        .where(DataSubject.subject_ref.in_(refs))
        .order_by(DataSubject.created_at, DataSubject.subject_ref)
    )
    return list(session.scalars(ordered))


def matches_of(session: Session, subject_ref: UUID) -> list[Match]:
    """Return every other person who shares an e-mail address or telephone number with this one.

    Links are decided later by somebody, never made by an equal value alone (family mailboxes, switchboards).
    """
    ours, theirs = aliased(BlindIndexRow), aliased(BlindIndexRow)
    rows = session.execute(
        select(theirs.subject_ref, theirs.field_number)
        .join(
            ours,
            (ours.field_number == theirs.field_number) & (ours.gen == theirs.gen) & (ours.bidx == theirs.bidx),
        )
        .where(ours.subject_ref == subject_ref, theirs.subject_ref != subject_ref)
        .distinct()
    )
    shared: dict[UUID, set[int]] = {}
    for other, field_number in rows:
        shared.setdefault(other, set()).add(field_number)
    return [Match(other, tuple(sorted(fields))) for other, fields in sorted(shared.items())]
