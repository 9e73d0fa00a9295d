"""Leafing through the log: what kind of thing happened when, at which place; never what an entry says of anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consentcore.clock import parse_instant
from consentcore.errors import BadInput
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import MAIN, LogEvent, LogLeaf

PAGE = 500
MOST_READ = 20_000
"""Entries that one call reads at most, so that a page of a long log answers in time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf as anyone may see it: its place, its type and its time (to the second)."""

    index: int
    type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Entries:
    """A page of the log, newest first, with the count of each type among everything that was read for it."""

    shown: tuple[Entry, ...]
    counts: Mapping[str, int]
    older: int | None
    """Place from which the next page goes on; None where nothing older lies within the time asked for."""
    complete: bool
    """False where reading stopped at `MOST_READ` before the time asked for was reached."""


def log_size(session: Session) -> int:
    """Return how many leaves the log has."""
    newest = session.scalar(select(func.max(LogLeaf.idx)).where(LogLeaf.log == MAIN))
    return 0 if newest is None else newest + 1


def newest_entry(session: Session) -> Entry | None:
    """Return the newest entry, or None while the log is empty."""
    return next(_newest_first(session), None)


def entries(
    session: Session, since: datetime, *, kind: str | None = None, before: int | None = None, limit: int = 50
) -> Entries:
    """Return the entries since an instant, newest first: at most `limit`, below place `before`, of one type or of any.

    Reads headers alone. Leaves stand in the order of their commits, so reading stops at the first page that is older.
    """
    shown: list[Entry] = []
    counts: Counter[str] = Counter()
    older: int | None = None
    for read, entry in enumerate(_newest_first(session)):
        if entry.at < since:
            return Entries(tuple(shown), counts, older, True)
        if read == MOST_READ:
            return Entries(tuple(shown), counts, older, False)
        counts[entry.type] += 1
        if (kind is None or entry.type == kind) and (before is None or entry.index < before):
            if len(shown) < limit:
                shown.append(entry)
            elif older is None:
                older = shown[-1].index
    return Entries(tuple(shown), counts, older, True)


def _newest_first(session: Session) -> Iterator[Entry]:
    upper = log_size(session)
    while upper > 0:
        rows = session.execute(
            select(LogLeaf.idx, LogEvent.header)
            .join(LogEvent, LogEvent.id == LogLeaf.event_id)
            .where(LogLeaf.log == MAIN, LogLeaf.idx < upper, LogLeaf.idx >= upper - PAGE)
            .order_by(LogLeaf.idx.desc())
        ).all()
        for index, header in rows:
            entry = _read(index, header)
            if entry is not None:
                yield entry
        upper -= PAGE


def _read(index: int, header: bytes) -> Entry | None:
    try:
        said = read_header(header)
        return Entry(index, str(said.get("type")), parse_instant(str(said.get("ts"))))
    except BadInput:  # somebody changed it: the audit says so, and this page must open for it to be run
        return None
