"""Finding every row about a person, by the map of personal data: ours, a host's, the archive, the log (R-15-3, R-17-7).

Tables with `subject_ref` are read by it. Others are reached through the keys that lead from or to what was found, or,
where they hold nobody's reference, by opening and searching them for the person's addresses.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import MetaData, Row, Table, and_, or_, select
from sqlalchemy.orm import Session

from consentcore.crypto.blindindex import digest, normalise_email, normalise_phone
from consentcore.crypto.keyring import Keyring
from consentcore.db import Base
from consentcore.importing.quarantine import entries as quarantined
from consentcore.personal_data.datamap import compose
from consentcore.policyset import Channel, PolicySet
from consentcore.requests.opening import LocatedRow, opened_rows
from consentcore.suppression.entries import INDEX_OF

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Located:
    """Everything found about some persons, by store and row."""

    subject_refs: tuple[UUID, ...]
    rows: tuple[LocatedRow, ...]

    def of_store(self, store: str) -> tuple[LocatedRow, ...]:
        """Return the rows of one table."""
        return tuple(row for row in self.rows if row.store == store)

    def stores(self) -> tuple[str, ...]:
        """Return the tables in which something was found, sorted."""
        return tuple(sorted({row.store for row in self.rows}))


def locate(
    session: Session,
    keyring: Keyring,
    policy: PolicySet,
    subject_refs: Iterable[UUID],
    *,
    emails: Collection[str] = (),
    metadata: Sequence[MetaData] = (Base.metadata,),
) -> Located:
    """Find every row of every mapped table about some persons, opened; reads only.

    `emails` are normalised addresses known besides those on record, such as a request's own: after an erasure the only
    way to what is left under no reference. `policy` names the country in which short numbers are read. `metadata` adds
    a host's tables, on the same database.
    Raises: DecryptionFailed when a value was moved or changed.
    """
    refs = tuple(dict.fromkeys(subject_refs))
    tables = {table.name: table for one in metadata for table in one.sorted_tables}
    mapped = [tables[name] for name in compose(metadata).tables() if name in tables]
    found: dict[str, list[LocatedRow]] = {}
    for table in mapped:
        if "subject_ref" in table.c:
            found[table.name] = list(_by_subject(session, keyring, table, refs))
    for table in mapped:
        if "subject_ref" not in table.c:
            found[table.name] = list(_through_keys(session, keyring, table, found, tables))
    points, region = found.get("cc_contact_point", []), policy.controller.country
    addresses = {*emails, *_addresses(points)}
    found["cc_suppression"] = list(_oppositions(session, keyring, tables["cc_suppression"], found, addresses))
    found["cc_quarantine"] = list(_set_aside(session, keyring, addresses, _numbers(points, region), region))
    for name in ("cc_request", "cc_outbox"):
        found[name] = [*found.get(name, ()), *_unnamed(session, keyring, tables[name], addresses)]
    return Located(refs, tuple(row for name in sorted(found) for row in found[name]))


def _by_subject(session: Session, keyring: Keyring, table: Table, refs: Sequence[UUID]) -> Iterator[LocatedRow]:
    for ref in refs:
        query = select(table).where(table.c.subject_ref == ref).order_by(*table.primary_key.columns)
        yield from opened_rows(keyring, table, session.execute(query).all())


def _through_keys(
    session: Session,
    keyring: Keyring,
    table: Table,
    found: Mapping[str, Sequence[LocatedRow]],
    tables: Mapping[str, Table],
) -> Iterator[LocatedRow]:
    conditions = []
    for key in table.foreign_keys:  # children of what was found, such as the rights of a request
        parent = key.column.table.name
        wanted = {row.values.get(key.column.name) for row in found.get(parent, ())}
        conditions += [key.parent.in_(chunk) for chunk in _chunks(wanted)]
    for name, rows in found.items():  # parents of what was found, such as the account of a contact
        for key in tables[name].foreign_keys:
            if key.column.table is table and "subject_ref" in tables[name].c:
                conditions += [
                    key.column.in_(chunk) for chunk in _chunks({row.values.get(key.parent.name) for row in rows})
                ]
    seen: set[tuple[Any, ...]] = set()
    for condition in conditions:
        query = select(table).where(condition).order_by(*table.primary_key.columns)
        fresh: list[Row[Any]] = []
        for row in session.execute(query):
            identity = tuple(row._mapping[column.name] for column in table.primary_key.columns)
            if identity not in seen:
                seen.add(identity)
                fresh.append(row)
        yield from opened_rows(keyring, table, fresh)


def _chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    kept = sorted((value for value in values if value is not None), key=str)
    for start in range(0, len(kept), _CHUNK):
        yield kept[start : start + _CHUNK]


def _addresses(points: Sequence[LocatedRow]) -> Iterator[str]:
    for point in points:
        normalised = (
            normalise_email(str(point.values.get("value") or "")) if point.values.get("kind") == "email" else None
        )
        if normalised is not None:
            yield normalised


def _oppositions(
    session: Session,
    keyring: Keyring,
    table: Table,
    found: Mapping[str, Sequence[LocatedRow]],
    addresses: Collection[str],
) -> Iterator[LocatedRow]:
    number = INDEX_OF[Channel.EMAIL]
    pairs = {digest(keyring, number, text, gen) for text in addresses for gen in keyring.index_generations()}
    index = Base.metadata.tables["cc_blind_index"]
    refs = {row.subject_ref for row in found.get("cc_blind_index", ()) if row.subject_ref is not None}
    joined = select(table.c.id).join(
        index,
        and_(index.c.bidx == table.c.bidx, index.c.gen == table.c.gen, index.c.field_number == table.c.field_number),
    )
    ids = set(session.scalars(joined.where(index.c.subject_ref.in_(refs)))) if refs else set()
    if pairs:
        either = or_(*[and_(table.c.gen == gen, table.c.bidx == value) for gen, value in sorted(pairs)])
        ids |= set(session.scalars(select(table.c.id).where(table.c.field_number == number, either)))
    for chunk in _chunks(ids):
        yield from opened_rows(keyring, table, session.execute(select(table).where(table.c.id.in_(chunk))).all())


def _numbers(points: Sequence[LocatedRow], region: str) -> set[str]:
    written = (point.values.get("value") or "" for point in points if point.values.get("kind") != "email")
    return {number for text in written if (number := normalise_phone(text, region)) is not None}


def _set_aside(
    session: Session, keyring: Keyring, addresses: Collection[str], numbers: Collection[str], region: str
) -> Iterator[LocatedRow]:
    if not addresses and not numbers:
        return
    for entry in quarantined(session, keyring):
        mail = any(normalise_email(cell) in addresses for cell in entry.cells if "@" in cell)
        if mail or (numbers and any(normalise_phone(cell, region) in numbers for cell in entry.cells if len(cell) > 5)):
            values = {"id": entry.id, "row_number": entry.row_number, "sealed_row": entry.by_column()}
            yield LocatedRow("cc_quarantine", entry.id, None, values)


def _unnamed(session: Session, keyring: Keyring, table: Table, addresses: Collection[str]) -> Iterator[LocatedRow]:
    """Yield requests and messages that name no person, and were written from or to one of the addresses."""
    if not addresses:
        return
    query = select(table).where(table.c.subject_ref.is_(None), table.c.content.is_not(None)).order_by(table.c.id)
    for row in opened_rows(keyring, table, session.execute(query).all()):
        document = json.loads(row.values["content"])
        written = (document.get(key) for key in ("email", "requester", "to"))
        if any(normalise_email(address) in addresses for address in written if address):
            yield row
