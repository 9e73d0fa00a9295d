"""Holding the records and the projection of consent against the log: what a changed row cannot hide from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from consentcore.clock import iso
from consentcore.consent.declarations import ENDING
from consentcore.consent.events import EVENT_OF, STATE_OF
from consentcore.consent.precedence import newest_first
from consentcore.consent.tables import ERASED, PERMITTING, ConsentRecord, ConsentState, ConsentStateRow, Quality
from consentcore.crypto.keyring import Keyring
from consentcore.ledger.canonical import decode
from consentcore.ledger.content import open_contents
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogEvent, LogLeaf

_BATCH = 1_000
_ENDABLE = frozenset({*(state.value for state in PERMITTING), ConsentState.REQUESTED.value})


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A place where stored consent and the log say different things; it names ids, never persons."""

    where: str
    what: str


def compare(session: Session, keyring: Keyring) -> Iterator[Discrepancy]:
    """Compare every consent record with its leaf and sealed content, and the projection with the records.

    Reads only, in streams. Nothing yielded means: each record stands in the log under the type, purpose, notice and
    policies it claims; it is the one that its sealed content names, of the same person, over the same channel and
    dates (as long as the person's evidence key lives); and replaying the records gives exactly the projection
    (Art. 5(2), R-5-2).
    """
    yield from _records(session, keyring)
    yield from _leaves_without_record(session)
    yield from _projection(session)


def _records(session: Session, keyring: Keyring) -> Iterator[Discrepancy]:
    for batch in _pages(session):
        claims = [(row[0].event_id.bytes, row[0].subject_ref.bytes, row[1]) for row in batch if row[1] is not None]
        contents = open_contents(session, keyring, claims)
        for record, header, index in batch:
            what = _difference(record, header, index, contents)
            if what is not None:
                yield Discrepancy(f"record {record.id}", what)


def _pages(session: Session) -> Iterator[Sequence[Any]]:
    # by key, not by a stream: contents are read on the same connection between two pages
    query = (
        select(ConsentRecord, LogEvent.header, LogLeaf.idx)
        .outerjoin(LogEvent, LogEvent.id == ConsentRecord.event_id)
        .outerjoin(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id)
        .order_by(ConsentRecord.id)
        .limit(_BATCH)
    )
    page = session.execute(query).all()
    while page:
        yield page
        last = page[-1][0].id
        session.expunge_all()
        page = session.execute(query.where(ConsentRecord.id > last)).all()


def _difference(
    record: ConsentRecord, header: bytes | None, index: int | None, contents: dict[bytes, bytes | str | None]
) -> str | None:
    if header is None or index is None:
        return "has no leaf in the log"
    public = {
        "type": EVENT_OF[ConsentState(record.state)],
        "purpose": record.purpose,
        "purpose_v": record.purpose_version,
        "notice_sha256": record.notice_sha256,
        "data": {"policy_sha256": record.policy_sha256},
    }
    said = read_header(header)
    for name, value in public.items():
        if said.get(name) != value:
            return f"claims another {name} than its leaf {index}"
    if "commit" not in said:  # a no of a person whose evidence key was destroyed: nothing could be sealed any more
        return None if record.state in ENDING and "subj" not in said else f"is not committed to by its leaf {index}"
    content = contents.get(record.event_id.bytes)
    if isinstance(content, str):
        return f"{content} (leaf {index})"
    if content is None:  # erased under a certificate, or its key was destroyed: nothing left to hold it against
        return None
    sealed = decode(content)
    for name, value in _claims(record).items():
        if sealed.get(name) != value:
            return f"claims another {name} than the content of its leaf {index}"
    return None


def _claims(record: ConsentRecord) -> dict[str, Any]:
    return {
        "record_id": str(record.id),
        "subject_ref": str(record.subject_ref),
        "channel": record.channel,
        "at": iso(record.at),
        "expires_at": iso(record.expires_at) if record.expires_at else None,
        "method": record.method,
        "notice": f"{record.notice_id}@{record.notice_version}/{record.notice_language}",
        "explicit": True if record.quality & Quality.EXPLICIT else None,
        "parent_missing": True if record.quality & Quality.PARENT_MISSING else None,
    }


def _leaves_without_record(session: Session) -> Iterator[Discrepancy]:
    rows = session.execute(
        select(LogLeaf.idx, LogEvent.header)
        .join(LogEvent, LogEvent.id == LogLeaf.event_id)
        .outerjoin(ConsentRecord, ConsentRecord.event_id == LogLeaf.event_id)
        .where(ConsentRecord.id.is_(None))
        .execution_options(yield_per=_BATCH)
    )
    for index, header in rows:
        if read_header(header).get("type") in STATE_OF:
            yield Discrepancy(f"leaf {index}", "declares a consent of which no record is left")


def _newest() -> Select[Any]:
    return select(
        ConsentRecord.subject_ref,
        ConsentRecord.purpose,
        ConsentRecord.channel,
        ConsentRecord.id,
        ConsentRecord.state,
        ConsentRecord.at,
        ConsentRecord.expires_at,
        ConsentRecord.quality,
        func.row_number()
        .over(
            partition_by=(ConsentRecord.subject_ref, ConsentRecord.purpose, ConsentRecord.channel),
            order_by=newest_first(),
        )
        .label("place"),
    ).outerjoin(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id)


def _ended_by_erasure(row: Sequence[Any]) -> bool:
    """Tell whether an erasure ended what was declared: the record stays, decisions read `erased` (and refuse)."""
    return row[1] in _ENDABLE and row[6] == ERASED and (row[0], *row[2:5]) == (row[5], *row[7:10])


def _projection(session: Session) -> Iterator[Discrepancy]:
    newest, held = _newest().subquery(), ConsentStateRow
    same = (
        (held.subject_ref == newest.c.subject_ref)
        & (held.purpose == newest.c.purpose)
        & (held.channel == newest.c.channel)
    )
    said: Sequence[Any] = (newest.c.id, newest.c.state, newest.c.at, newest.c.expires_at, newest.c.quality)
    read: Sequence[Any] = (held.record_id, held.state, held.at, held.expires_at, held.quality)
    rows = session.execute(
        select(*said, *read).outerjoin(held, same).where(newest.c.place == 1).execution_options(yield_per=_BATCH)
    )
    for row in rows:
        if tuple(row[:5]) != tuple(row[5:]) and not _ended_by_erasure(row):
            yield Discrepancy(f"record {row[0]}", "is the newest of its kind, but decisions read another state")
    unsupported = session.scalar(
        select(func.count())
        .select_from(held)
        .outerjoin(newest, same & (newest.c.place == 1))
        .where(newest.c.id.is_(None))
    )
    if unsupported:
        yield Discrepancy("the projection", f"holds {unsupported} states that no record supports")
