"""Which mapped tables hold rows of persons: those a gate filters, and those it cannot and therefore keeps shut."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.orm import Mapper, configure_mappers
from sqlalchemy.orm.mapper import _all_registries

from consentcore.columns import INFO_KEY
from consentcore.personal_data.links import SUBJECT_LINK, SubjectLink

SUBJECT = "subject_ref"
OPEN_TO_ALL = frozenset({"cc_log_event"})
"""Holds hashes and keyed commitments; every unit that writes a leaf reads back which of them survived."""


@dataclass(frozen=True, slots=True)
class GatedTable:
    """A table of persons: `key` is the column that the guard stands on."""

    name: str
    key: str
    link: SubjectLink | None


@dataclass(frozen=True, slots=True)
class GatedTables:
    """Every mapped table that concerns a gate, as it stands when the gate is opened; names in lower case."""

    guarded: Mapping[str, GatedTable]
    closed: frozenset[str]
    mappers: tuple[tuple[Mapper[Any], Column[Any], GatedTable], ...]
    words: re.Pattern[str]
    serial: int
    """Tells one reading of the mapped classes from the next."""

    def concerns(self, sql: str) -> bool:
        """Tell whether a statement's text names any of the tables, wherever in it."""
        return self.words.search(sql) is not None


_SERIALS = itertools.count(1)
_KNOWN: dict[frozenset[Mapper[Any]], GatedTables] = {}


def gated_tables() -> GatedTables:
    """Return the tables of persons among everything that is mapped in this process, a host's classes included."""
    configure_mappers()
    found = frozenset(mapper for registry in _all_registries() for mapper in registry.mappers)
    tables = _KNOWN.get(found)
    if tables is None:
        _KNOWN.clear()
        tables = _KNOWN[found] = _read(found)
    return tables


def is_gated(mapper: Mapper[Any]) -> bool:
    """Tell whether the rows of a mapped class concern persons."""
    tables = gated_tables()
    return any(
        isinstance(table, Table) and (table.name.lower() in tables.guarded or table.name.lower() in tables.closed)
        for table in mapper.tables
    )


def _read(mappers: frozenset[Mapper[Any]]) -> GatedTables:
    guarded: dict[str, GatedTable] = {}
    closed: set[str] = set()
    for table in {table for mapper in mappers for table in mapper.tables if isinstance(table, Table)}:
        entry = _entry(table)
        if entry is not None:
            guarded[table.name.lower()] = entry
        elif _is_personal(table) and table.name not in OPEN_TO_ALL:
            closed.add(table.name.lower())
    ordered = sorted(mappers, key=lambda mapper: mapper.class_.__qualname__)
    names = sorted((re.escape(name) for name in (*guarded, *closed)), key=len, reverse=True)
    return GatedTables(
        MappingProxyType(guarded),
        frozenset(closed),
        tuple(_filtered(ordered, guarded)),
        re.compile(rf"(?<![\w$])(?:{'|'.join(names)})(?![\w$])" if names else r"(?!)", re.IGNORECASE),
        next(_SERIALS),
    )


def _entry(table: Table) -> GatedTable | None:
    link = table.info.get(SUBJECT_LINK)
    if SUBJECT in table.columns:
        return GatedTable(table.name, SUBJECT, None)
    return GatedTable(table.name, link.key, link) if link is not None else None


def _is_personal(table: Table) -> bool:
    return any(column.info.get(INFO_KEY, {}).get("personal") for column in table.columns)


def _filtered(
    mappers: list[Mapper[Any]], guarded: Mapping[str, GatedTable]
) -> Iterator[tuple[Mapper[Any], Column[Any], GatedTable]]:
    for mapper in mappers:
        for table in mapper.tables:
            entry = guarded.get(table.name.lower()) if isinstance(table, Table) else None
            if entry is not None and isinstance(table, Table):
                yield mapper, table.columns[entry.key], entry
