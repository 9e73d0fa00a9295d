"""Counting contacts that share an address or number with another person: a match to look at, never a link."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX, PointKind
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.blindindex import digest
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.tables import INDEX

Point = tuple[int, str]
"""Field number of the index and the normalised value."""
_CHUNK = 500


def points_of(draft: ContactDraft) -> frozenset[Point]:
    """Return the indexed contact points of a contact."""
    return frozenset(
        (EMAIL_INDEX if point.kind is PointKind.EMAIL else PHONE_INDEX, point.normalised)
        for point in draft.points
        if point.normalised is not None
    )


def held(session: Session, keyring: Keyring, points: Collection[Point]) -> set[Point]:
    """Return those points at which somebody is reached already, under any live generation of the index key."""
    found: set[Point] = set()
    for generation in keyring.index_generations():
        for field_number in {field_number for field_number, _ in points}:
            named = {
                digest(keyring, field_number, point[1], generation)[1]: point
                for point in points
                if point[0] == field_number
            }
            values = list(named)
            for start in range(0, len(values), _CHUNK):
                query = (
                    select(INDEX.c.bidx)
                    .where(
                        INDEX.c.field_number == field_number,
                        INDEX.c.gen == generation,
                        INDEX.c.bidx.in_(values[start : start + _CHUNK]),
                    )
                    .distinct()
                )
                found.update(named[bidx] for (bidx,) in session.connection().execute(query))
    return found


def count_matches(
    written: Iterable[tuple[ContactDraft, bool]], here: Collection[Point], meet: Callable[[str], bool]
) -> int:
    """Count the new ones among contacts, in file order, that share a point with one that was there before them.

    `written` pairs each contact with whether it is new; `meet` remembers a text and says False when it knew it.
    """
    matches = 0
    for draft, new in written:
        points = points_of(draft)
        met_before = [point for point in points if not meet(f"{point[0]}\x1f{point[1]}")]
        matches += new and (bool(met_before) or any(point in here for point in points))
    return matches
