"""Every column that holds sealed values, a host application's included: what a rotation of data keys goes over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Column, Connection, MetaData, Table, inspect

from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.sealedtext import DOCUMENTS, SealedText

_OWNER = "subject_ref"


class SealedColumn(NamedTuple):
    """One sealed column: its number, and what it is sealed under: a key class, the shared key of a table, or either."""

    column: Column[bytes]
    number: int
    key_class: KeyClass | None
    shared: int | None


class SealedStore(NamedTuple):
    """The sealed columns of one table that are bound to the same row id; `owner` is None where no row has a subject.

    A column without key class is sealed for nobody, under the shared key, whomever its row names (a letter outlives
    the key of whom it tells of).
    """

    table: Table
    row_id: Column[bytes]
    owner: Column[bytes] | None
    columns: tuple[SealedColumn, ...]


def sealed_stores(metadata: Iterable[MetaData]) -> list[SealedStore]:
    """Return every table with sealed columns; a host application adds its own metadata to the list."""
    tables = {table.name: table for one in metadata for table in one.sorted_tables}
    found = []
    for name in sorted(tables):
        columns = _columns(tables[name])
        if columns:
            rows = {document.row_id for document in DOCUMENTS.values() if document.table == name} or {"id"}
            owner = tables[name].columns.get(_OWNER)
            found.append(SealedStore(tables[name], tables[name].columns[rows.pop()], owner, columns))
    return found


def _columns(table: Table) -> tuple[SealedColumn, ...]:
    texts = [
        SealedColumn(column, column.type.number, column.type.key_class, None)
        for column in table.columns
        if isinstance(column.type, SealedText)
    ]
    documents = [
        SealedColumn(table.columns[one.column], one.number, one.key_class, one.shared)
        for one in DOCUMENTS.values()
        if one.table == table.name and one.stays is None
    ]
    return tuple(texts + documents)


def kept_apart() -> frozenset[int]:
    """Return the numbers of shared keys under which values stand that cannot be sealed anew."""
    return frozenset(one.shared for one in DOCUMENTS.values() if one.stays is not None and one.shared is not None)


def unknown_stores(connection: Connection, metadata: Iterable[MetaData]) -> list[str]:
    """Name tables of the database that may hold sealed values and that the metadata given do not know.

    A table with sealed columns has an id and a `subject_ref`. While there is one, no generation may be destroyed: run
    the rotation inside the application that maps it.
    """
    mapped = {table.name for one in metadata for table in one.tables.values()}
    inspector = inspect(connection)
    found = []
    for name in inspector.get_table_names():
        if name not in mapped:
            columns = {column["name"] for column in inspector.get_columns(name)}
            if {"id", _OWNER} <= columns:
                found.append(name)
    return sorted(found)
