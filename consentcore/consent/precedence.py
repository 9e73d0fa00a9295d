"""Which of a person's declarations about one purpose and channel stands: the one order that every reader follows.

What a person said stands above what was only asked for, and that above what was taken over without proof; within one
of these the later time wins, and among equal times the one written later. Being an order of single records, it gives
the same answer in whatever sequence they arrive, so that replaying the log reproduces the projection (R-7-1).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case

from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.ledger.tables import LogLeaf

_RANKS = {ConsentState.UNKNOWN.value: 0, ConsentState.REQUESTED.value: 1}
"""A pending request never overrides a consent, and an import without proof never anything that was proven."""
_SAID = 2


def rank(state: str) -> int:
    """Return how much a declaration of this state weighs, before its time is looked at."""
    return _RANKS.get(state, _SAID)


def rank_sql(column: str) -> str:
    """Return the same as SQL on a column."""
    cases = " ".join(f"WHEN '{state}' THEN {weight}" for state, weight in _RANKS.items())
    return f"CASE {column} {cases} ELSE {_SAID} END"


def newest_first() -> tuple[ColumnElement[Any], ...]:
    """Return the order of consent records joined with their leaves in which the one that stands comes first."""
    weight = case(*[(ConsentRecord.state == state, rank) for state, rank in _RANKS.items()], else_=_SAID)
    return (weight.desc(), ConsentRecord.at.desc(), LogLeaf.idx.desc())
