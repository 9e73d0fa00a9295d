"""Holding the records and the projection of consent against the log: what a changed row cannot hide from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consentcore.consent.events import EVENT_OF, STATE_OF
from consentcore.consent.tables import ConsentRecord, ConsentState, ConsentStateRow
from consentcore.ledger.canonical import decode
from consentcore.ledger.tables import LogEvent, LogLeaf

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A place where stored consent and the log say different things; it names ids, never persons."""

    where: str
    what: str


def compare(session: Session) -> list[Discrepancy]:
    """Compare every consent record with its leaf, and the projection with the records (Art. 5(2), R-5-2).

    Reads only, in streams. An empty list means that replaying the records gives exactly the projection and that each
    record stands in the log under the type, purpose, notice and policies it claims.
    """
    return [*_records_against_leaves(session), *_leaves_without_record(session), *_projection(session)]


def _records_against_leaves(session: Session) -> Iterator[Discrepancy]:
    rows = session.execute(
        select(
            ConsentRecord.id,
            ConsentRecord.state,
            ConsentRecord.purpose,
            ConsentRecord.purpose_version,
            ConsentRecord.notice_sha256,
            ConsentRecord.policy_sha256,
            LogEvent.header,
            LogLeaf.idx,
        )
        .outerjoin(LogEvent, LogEvent.id == ConsentRecord.event_id)
        .outerjoin(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id)
        .execution_options(yield_per=_BATCH)
    )
    for row in rows:
        if row.header is None or row.idx is None:
            yield Discrepancy(f"record {row.id}", "has no leaf in the log")
        elif (difference := _difference(row)) is not None:
            yield Discrepancy(f"record {row.id}", f"its leaf {row.idx} says another {difference}")


def _difference(row: Any) -> str | None:
    header = decode(row.header)
    claimed = {
        "type": EVENT_OF[ConsentState(row.state)],
        "purpose": row.purpose,
        "purpose_v": row.purpose_version,
        "notice_sha256": row.notice_sha256,
        "data": {"policy_sha256": row.policy_sha256},
    }
    return next((name for name, value in claimed.items() if header.get(name) != value), None)


def _leaves_without_record(session: Session) -> Iterator[Discrepancy]:
    rows = session.execute(
        select(LogLeaf.idx, LogEvent.header)
        .join(LogEvent, LogEvent.id == LogLeaf.event_id)
        .outerjoin(ConsentRecord, ConsentRecord.event_id == LogLeaf.event_id)
        .where(ConsentRecord.id.is_(None))
        .execution_options(yield_per=_BATCH)
    )
    for idx, header in rows:
        if decode(header).get("type") in STATE_OF:
            yield Discrepancy(f"leaf {idx}", "declares a consent of which no record is left")


def _projection(session: Session) -> Iterator[Discrepancy]:
    newest = (
        select(
            ConsentRecord.subject_ref,
            ConsentRecord.purpose,
            ConsentRecord.channel,
            ConsentRecord.id,
            ConsentRecord.state,
            ConsentRecord.expires_at,
            func.row_number()
            .over(
                partition_by=(ConsentRecord.subject_ref, ConsentRecord.purpose, ConsentRecord.channel),
                order_by=(ConsentRecord.at.desc(), LogLeaf.idx.desc()),
            )
            .label("place"),
        )
        .outerjoin(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id)
        .subquery()
    )
    held = ConsentStateRow
    same = (
        (held.subject_ref == newest.c.subject_ref)
        & (held.purpose == newest.c.purpose)
        & (held.channel == newest.c.channel)
    )
    rows = session.execute(
        select(newest.c.id, newest.c.state, newest.c.expires_at, held.record_id, held.state, held.expires_at)
        .outerjoin(held, same)
        .where(newest.c.place == 1)
        .execution_options(yield_per=_BATCH)
    )
    for record_id, state, expires_at, held_id, held_as, held_until in rows:
        if (record_id, state, expires_at) != (held_id, held_as, held_until):
            yield Discrepancy(
                f"record {record_id}", "is the newest of its kind, but the state that decisions read differs"
            )
    orphans = session.scalar(
        select(func.count())
        .select_from(held)
        .outerjoin(newest, same & (newest.c.place == 1))
        .where(newest.c.id.is_(None))
    )
    if orphans:
        yield Discrepancy("the projection", f"holds {orphans} states that no record supports")
