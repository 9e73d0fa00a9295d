"""Marks on a person that tell a decision to look further: most people carry none, and decisions are many.

A mark is set in the unit that writes what it speaks of and never taken away: a mark too many costs one more read, one
too few would let through what a person opposed.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntFlag
from uuid import UUID

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from consentcore.subjects.tables import DataSubject

_SUBJECTS: Table = DataSubject.__table__  # type: ignore[assignment]


class Standing(IntFlag):
    """What may stand on a person."""

    RESTRICTED = 1
    OBJECTED = 2
    LINKED = 4
    DECEASED = 8
    HELD_ONLY = 32
    """The contacts of the person were disposed of; what is left is evidence, archive or held by order."""
    LISTED = 16
    """Reached at a contact point that was ever on the opposition list; set on SQLite alone, by the database itself."""


def mark(session: Session, subject_refs: Collection[UUID], standing: Standing) -> None:
    """Mark persons, in the caller's unit, after the rows that the mark speaks of.

    Effects: an UPDATE of cc_subject; its row locks put two units that write about one person in an order.
    """
    if subject_refs:
        session.connection().execute(
            update(_SUBJECTS)
            .where(_SUBJECTS.c.subject_ref.in_(sorted(subject_refs)))
            .values(standing=_SUBJECTS.c.standing.bitwise_or(int(standing)))
        )
