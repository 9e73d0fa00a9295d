"""The projection of consent: the declaration that stands per person, purpose and channel."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from consentcore.bulk import insert_rows
from consentcore.consent.precedence import newest_first, rank, rank_sql
from consentcore.consent.tables import ERASED, ConsentRecord, ConsentStateRow
from consentcore.ledger.tables import LogLeaf

_COLUMNS = ("subject_ref", "purpose", "channel", "state", "at", "expires_at", "record_id", "quality")
_CHANGING = ("record_id", "expires_at", "quality", "at", "state")
"""`at` and `state` last, in this order: MariaDB assigns from left to right, and the comparison reads both."""
_TABLE = cast(Table, ConsentStateRow.__table__)


def project(session: Session, records: Sequence[Mapping[str, Any]]) -> None:
    """Let records take effect by the order of `precedence` (R-7-1), in one statement.

    Rows are locked in one order, so that two units that record for the same person cannot deadlock.
    """
    if not records:
        return
    rows = [_projected(record) for record in records]
    if len(rows) > 1:
        rows.sort(key=lambda row: (row["subject_ref"].bytes, row["purpose"], row["channel"], row["at"]))
    connection = session.connection()
    insert_rows(connection, _TABLE, rows, then=_otherwise(connection.dialect.name))


def settle(session: Session, keys: Collection[tuple[UUID, str, str]], fresh: Sequence[UUID]) -> None:
    """Work the projection of some (person, purpose, channel) out from the records, where an erasure ended some of it.

    What the erasure ended stays ended unless another declaration stands now. `fresh` are the records of this unit in
    their order, which have no place in the log yet.
    """
    written = {record_id: place for place, record_id in enumerate(fresh, 1)}
    for key in sorted(keys):
        held = session.execute(select(_TABLE).where(_same(_TABLE, key)).with_for_update()).first()
        found = session.execute(
            select(ConsentRecord.__table__)
            .outerjoin(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id)
            .where(_same(ConsentRecord.__table__, key))
            .order_by(*newest_first())
        ).all()
        newest = found[0]
        for row in found:  # of equals the one of this unit that was written last
            equal = (row.at, rank(row.state)) == (newest.at, rank(newest.state))
            if equal and written.get(row.id, 0) > written.get(newest.id, 0):
                newest = row
        if held is not None and held.state == ERASED and held.record_id == newest.id:
            continue
        session.execute(delete(_TABLE).where(_same(_TABLE, key)))
        insert_rows(session.connection(), _TABLE, [_projected(dict(newest._mapping))])


def _same(table: Any, key: tuple[UUID, str, str]) -> Any:
    subject_ref, purpose, channel = key
    return (table.c.subject_ref == subject_ref) & (table.c.purpose == purpose) & (table.c.channel == channel)


def _projected(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record["id" if name == "record_id" else name] for name in _COLUMNS}


@lru_cache
def _otherwise(dialect: str) -> str:
    """Return what an INSERT says of a row that is there already: the one that stands higher stays."""
    if dialect in ("mariadb", "mysql"):
        wins = _wins("cc_consent_state.{}", "VALUES({})")
        changes = ", ".join(f"{name} = IF({wins}, VALUES({name}), cc_consent_state.{name})" for name in _CHANGING)
        return f"ON DUPLICATE KEY UPDATE {changes}"
    changes = ", ".join(f"{name} = excluded.{name}" for name in _CHANGING)
    wins = _wins("cc_consent_state.{}", "excluded.{}")
    return f"ON CONFLICT (subject_ref, purpose, channel) DO UPDATE SET {changes} WHERE {wins}"


def _wins(held: str, comes: str) -> str:
    held_rank, new_rank = rank_sql(held.format("state")), rank_sql(comes.format("state"))
    later = f"{comes.format('at')} >= {held.format('at')}"
    return f"({new_rank} > {held_rank} OR ({new_rank} = {held_rank} AND {later}))"
