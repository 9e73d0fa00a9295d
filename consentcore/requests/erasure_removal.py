"""Archiving what a law wants kept, and removing the rows: the middle of an erasure (Art. 17, R-17-2, R-17-3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Table, delete, select, update

from consentcore.crypto.fields import reveal_rows
from consentcore.crypto.sealedtext import SealedText
from consentcore.db import Base
from consentcore.errors import Conflict
from consentcore.importing.tables import QuarantinedRow
from consentcore.requests.erasure_plan import WHOLE_ROW
from consentcore.requests.erasure_rows import held_rows, keeps_its_own_term, tables_of_persons
from consentcore.requests.erasure_steps import Work
from consentcore.requests.items import Item
from consentcore.requests.tables import ItemOutcome
from consentcore.retention.archive import ArchiveItem, archive_rows
from consentcore.retention.archive_index import index_points, points_of
from consentcore.retention.disposal import FOLLOWERS, dispose, dispose_rows

_CHUNK = 500
REMOVED_RULE = "approved_plan"
"""Stands for a rule that the policies no longer hold when an approved plan is carried out."""
_NEVER_ARCHIVED = frozenset({"id", "subject_ref"})
Verdicts = Mapping[str, Mapping[UUID, Mapping[str, Item]]]
"""Table -> row -> column (or `*`) -> verdict, of rows that are still in the active tables' care."""


def archive(work: Work) -> None:
    """Seal what stays by law under the archive key, with an index of its own that only `locate` opens."""
    items = [
        archived
        for store, rows in _verdicts(work).items()
        if store not in FOLLOWERS
        for archived in _to_archive(work, Base.metadata.tables[store], rows)
    ]
    ids = archive_rows(work.session, work.keyring, work.person, items, work.now)
    work.at("erasure.archive.sealed")
    if ids:
        points = points_of(work.session, work.keyring, work.person, (work.policy.controller.country,))
        index_points(work.session, work.keyring, work.person, ids, points)


def remove_rows(work: Work) -> None:
    """Delete what goes, through the one engine that removes rows; rows that stay lose the fields that go.

    Raises: Conflict when rows came in that nobody ruled on: they are not deleted along with the others.
    """
    verdicts = _verdicts(work)
    _refuse_newcomers(work, verdicts)
    if not any(_stays(row) for rows in verdicts.values() for row in rows.values()):
        dispose(work.session, work.person, [table.name for table in _disposable()])
    else:
        _remove_some(work, verdicts)
    work.at("erasure.rows.disposed")
    aside = [item.ref for item in work.items if item.store == QuarantinedRow.__tablename__]
    for start in range(0, len(aside), _CHUNK):
        work.session.execute(delete(QuarantinedRow).where(QuarantinedRow.id.in_(aside[start : start + _CHUNK])))


def _refuse_newcomers(work: Work, verdicts: Verdicts) -> None:
    held = held_rows(work.session, work.person)
    new = {row.table.name for row in held if row.ref not in verdicts.get(row.table.name, {})}
    if new:
        raise Conflict(
            f"request {work.dsr.reference}: rows of {', '.join(sorted(new))} came in after the plan was approved; "
            "settle them before the erasure goes on"
        )


def _disposable() -> list[Table]:
    return [table for table in tables_of_persons() if not keeps_its_own_term(table)]


def _verdicts(work: Work) -> Verdicts:
    names = {table.name for table in _disposable()}
    found: dict[str, dict[UUID, dict[str, Item]]] = defaultdict(lambda: defaultdict(dict))
    for item in work.items:
        if item.ref is not None and item.store in names:
            found[item.store][item.ref][item.field] = item
    return found


def _stays(row: Mapping[str, Item]) -> bool:
    return any(item.outcome is ItemOutcome.RETAINED for item in row.values())


def _to_archive(work: Work, table: Table, rows: Mapping[UUID, Mapping[str, Item]]) -> Iterator[ArchiveItem]:
    chosen = {
        ref: {name: item for name, item in row.items() if item.outcome is ItemOutcome.ARCHIVED}
        for ref, row in rows.items()
        if not _stays(row)
    }
    chosen = {ref: row for ref, row in chosen.items() if row}
    for ref, opened in _opened(work, table, sorted(chosen)):
        item = next(iter(chosen[ref].values()))
        yield ArchiveItem(
            store=table.name,
            source_id=ref,
            fields={name: value for name, value in opened.items() if WHOLE_ROW in chosen[ref] or name in chosen[ref]},
            rule=_rule_behind(work, item),
            article=item.article or "",
            legal_text=item.ground or "",
            kept_until=item.until,
            until_event=None if item.until else item.until_event,
        )


def _rule_behind(work: Work, item: Item) -> str:
    texts = {rule.id: rule.legal_text for rule in work.policy.retention.values() if rule.article == item.article}
    return next((name for name, text in texts.items() if text.startswith(item.ground or "\0")), REMOVED_RULE)


def _opened(work: Work, table: Table, ids: Collection[UUID]) -> Iterator[tuple[UUID, dict[str, Any]]]:
    sealed = [column for column in table.columns if isinstance(column.type, SealedText)]
    plain = [
        column
        for column in table.columns
        if column.name not in _NEVER_ARCHIVED
        and not column.foreign_keys
        and not isinstance(column.type, (SealedText, LargeBinary))
    ]
    for chunk in _chunks(list(ids)):
        rows = work.session.execute(select(table).where(table.columns["id"].in_(chunk))).all()
        for row, values in zip(rows, reveal_rows(work.keyring, rows, sealed), strict=True):
            fields = {column.name: getattr(row, column.name) for column in plain}
            yield row.id, fields | {column.name: value for column, value in zip(sealed, values, strict=True)}


def _remove_some(work: Work, verdicts: Verdicts) -> None:
    ordered = [table for table in reversed(_disposable()) if table.name not in FOLLOWERS]
    for table in ordered:
        rows = verdicts.get(table.name, {})
        dispose_rows(work.session, table, [ref for ref, row in rows.items() if not _stays(row)])
        for ref, row in rows.items():
            if _stays(row):
                _empty_fields(work, table, ref, row)
    for name in FOLLOWERS:  # what pointed at rows that were gone before
        table = Base.metadata.tables[name]
        going = [ref for ref, row in verdicts.get(name, {}).items() if not _stays(row)]
        for chunk in _chunks(going):
            mine = table.columns["subject_ref"] == work.person
            work.session.execute(delete(table).where(mine, table.columns["row_id"].in_(chunk)))


def _empty_fields(work: Work, table: Table, ref: UUID, row: Mapping[str, Item]) -> None:
    going = [
        name
        for name, item in row.items()
        if item.outcome is ItemOutcome.ERASED and name in table.columns and table.columns[name].nullable
    ]
    if going:
        work.session.execute(update(table).where(table.columns["id"] == ref).values(dict.fromkeys(going)))


def _chunks(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]
