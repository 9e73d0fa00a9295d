"""The archive: rows that a law makes us keep, re-sealed under the archive key, apart from the active tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc, iso
from consentcore.crypto.fields import reveal_rows, seal_rows
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.identifiers import row_id
from consentcore.ledger import canonical
from consentcore.retention.tables import ARCHIVE_INDEX, ARCHIVED, MAX_CONTENT, ArchivedRow

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class ArchiveItem:
    """One row to archive: the fields to keep, opened, and the ground on which they stay.

    `fields` takes texts, whole numbers, booleans, None, dates, instants, decimals and references.
    Either `kept_until` (the last day) or `until_event` is given.
    """

    store: str
    source_id: UUID
    fields: Mapping[str, Any]
    rule: str
    article: str
    legal_text: str
    kept_until: date | None = None
    until_event: str | None = None


@dataclass(frozen=True, slots=True)
class ArchivedItem:
    """An archived row, opened; dates, instants, decimals and references come back as texts."""

    id: UUID
    subject_ref: UUID
    store: str
    source_id: UUID
    fields: Mapping[str, Any]
    rule: str
    article: str
    legal_text: str
    kept_until: date | None
    until_event: str | None
    archived_at: datetime


def archive_rows(
    session: Session, keyring: Keyring, subject_ref: UUID, items: Sequence[ArchiveItem], now: datetime
) -> list[UUID]:
    """Write rows into the archive, sealed under the person's archive key; returns their ids, in the order given.

    Effects: rows of cc_archived_row in the caller's unit; the source rows stay until `disposal` removes them.
    Raises: BadInput (no end or two, a value or size that cannot be kept), KeyDestroyed; IntegrityError when a source
    row was archived before.
    """
    rows = [_row(subject_ref, item, now) for item in items]
    if rows:
        session.connection().execute(insert(ARCHIVED), seal_rows(keyring, ArchivedRow, rows))
    return [row["id"] for row in rows]


def _row(subject_ref: UUID, item: ArchiveItem, now: datetime) -> dict[str, Any]:
    if (item.kept_until is None) == (item.until_event is None):
        raise BadInput(f"what is archived of {item.store} {item.source_id} needs one end: a last day or an event")
    content = canonical.encode({name: _plain(value) for name, value in item.fields.items()}).decode()
    if len(content) > MAX_CONTENT:
        raise BadInput(f"what is archived of {item.store} {item.source_id} is longer than {MAX_CONTENT} characters")
    return {
        "id": row_id(),
        "subject_ref": subject_ref,
        "store": item.store,
        "source_id": item.source_id,
        "content": content,
        "rule": item.rule,
        "article": item.article,
        "legal_text": item.legal_text,
        "kept_until": item.kept_until,
        "until_event": item.until_event,
        "archived_at": ensure_utc(now),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, UUID):
        return str(value)
    return value


def read_archive(session: Session, keyring: Keyring, subject_ref: UUID) -> list[ArchivedItem]:
    """Open everything that is archived of one person, oldest first.

    Raises: KeyDestroyed, DecryptionFailed.
    """
    found = session.execute(select(ARCHIVED).where(ARCHIVED.c.subject_ref == subject_ref).order_by(ARCHIVED.c.id)).all()
    opened = reveal_rows(keyring, found, [ArchivedRow.content])
    return [
        ArchivedItem(
            id=row.id,
            subject_ref=row.subject_ref,
            store=row.store,
            source_id=row.source_id,
            fields=canonical.decode((content or "{}").encode()),
            rule=row.rule,
            article=row.article,
            legal_text=row.legal_text,
            kept_until=row.kept_until,
            until_event=row.until_event,
            archived_at=row.archived_at,
        )
        for row, (content,) in zip(found, opened, strict=True)
    ]


def delete_archived(session: Session, ids: Sequence[UUID]) -> dict[str, int]:
    """Delete archived rows and their index rows; returns the number of rows per table.

    Deleting again changes nothing. The archive key is not touched: see `retention.keys`.
    """
    counts = {ARCHIVE_INDEX.name: 0, ARCHIVED.name: 0}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        for table, column in ((ARCHIVE_INDEX, ARCHIVE_INDEX.c.row_id), (ARCHIVED, ARCHIVED.c.id)):
            counts[table.name] += session.connection().execute(delete(table).where(column.in_(chunk))).rowcount
    return {str(name): count for name, count in counts.items() if count}  # plain texts, as the log takes them
