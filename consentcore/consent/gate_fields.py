"""Which fields of a person a purpose may see: those whose data class its policy names (Art. 5(1)(b), 5(1)(c))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, inspect, literal_column
from sqlalchemy.orm import Mapper

from consentcore.columns import INFO_KEY
from consentcore.consent.gate_tables import SUBJECT, GatedTables
from consentcore.crm.transactions import INVOICE, Transaction, TransactionKind
from consentcore.crypto.sealedtext import SealedText
from consentcore.policyset import Purpose

TRANSACTION = "transaction"
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class FieldView:
    """What a purpose may not see: column names by table (lower case), sealed ones and others alike."""

    hidden: Mapping[str, frozenset[str]]
    _attributes: dict[Mapper[Any], tuple[tuple[str, bool], ...]] = field(default_factory=dict)

    def of(self, table: str) -> frozenset[str]:
        """Return the hidden columns of one table."""
        return self.hidden.get(table.lower(), _NOTHING)

    def attributes(self, mapper: Mapper[Any]) -> tuple[tuple[str, bool], ...]:
        """Return the hidden attributes of a mapped class, each with whether it is sealed."""
        if not self.hidden:
            return ()
        found = self._attributes.get(mapper)
        if found is None:
            found = self._attributes[mapper] = _hidden_attributes(mapper, self)
        return found


_VIEWS: dict[tuple[str, str, int], FieldView] = {}


def view_of(purpose: Purpose, policy_sha256: str, tables: GatedTables) -> FieldView:
    """Read off the personal-data map what a purpose may not see.

    References and keys stay visible: they say which row, not what of the person.
    """
    key = (policy_sha256, purpose.id, tables.serial)
    if key not in _VIEWS:
        if len(_VIEWS) >= 64:
            _VIEWS.clear()
        hidden: dict[str, frozenset[str]] = {}
        for table in {column.table for _, column, _ in tables.mappers}:
            names = frozenset(column.name for column in table.columns if _is_hidden(column, purpose))
            if names:
                hidden[table.name.lower()] = names
        _VIEWS[key] = FieldView(MappingProxyType(hidden))
    return _VIEWS[key]


def _is_hidden(column: Column[Any], purpose: Purpose) -> bool:
    declared = column.info.get(INFO_KEY, {})
    if not declared.get("personal") or column.name == SUBJECT or column.primary_key:
        return False
    return not _classes(column) & purpose.data


def _classes(column: Column[Any]) -> frozenset[str]:
    own = str(column.info[INFO_KEY]["retention"])
    # A row of the transactions is an invoice or another transaction, of one data class or the other.
    of_row = column.table is Transaction.__table__ and own == TRANSACTION
    return frozenset({own, INVOICE} if of_row else {own})


def rows_of_purpose(entity: Any, purpose: Purpose) -> ColumnElement[bool] | None:
    """Return the condition on rows whose data class goes by the row: an invoice is no other transaction; None: all.

    `entity` is a mapped class or an alias of one.
    """
    if inspect(entity).mapper.local_table is not Transaction.__table__:
        return None
    if (INVOICE in purpose.data) == (TRANSACTION in purpose.data):
        return None
    invoice: ColumnElement[str] = literal_column(f"'{TransactionKind.INVOICE.value}'")
    kind: ColumnElement[str] = entity.kind.expression
    return kind == invoice if INVOICE in purpose.data else kind != invoice


def _hidden_attributes(mapper: Mapper[Any], view: FieldView) -> tuple[tuple[str, bool], ...]:
    found = []
    for attribute in mapper.column_attrs:
        for column in attribute.columns:
            if (
                isinstance(column, Column)
                and isinstance(column.table, Table)
                and column.name in view.of(column.table.name)
            ):
                found.append((attribute.key, isinstance(column.type, SealedText)))
                break
    return tuple(found)
