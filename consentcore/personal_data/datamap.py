"""The map of personal data, composed from what each mapped column declares of itself (Art. 30(1)(c), R-5-1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, Table

from consentcore.columns import FOUND_BY, INFO_KEY, Category, Erasure, Provenance, Sensitivity


@dataclass(frozen=True, slots=True)
class MappedField:
    """One personal column: what it is, where it came from, which retention class governs it, how it leaves."""

    table: str
    column: str
    category: Category
    provenance: Provenance
    sensitivity: Sensitivity
    identifies: str
    retention: str
    erasure: Erasure
    sealed: bool


@dataclass(frozen=True, slots=True)
class DataMap:
    """Every personal column of the mapped tables, in a stable order."""

    fields: tuple[MappedField, ...]

    def of_table(self, table: str) -> tuple[MappedField, ...]:
        """Return the personal columns of one table."""
        return tuple(entry for entry in self.fields if entry.table == table)

    def tables(self) -> tuple[str, ...]:
        """Return the tables that hold personal data, sorted."""
        return tuple(sorted({entry.table for entry in self.fields}))


def compose(metadata: Iterable[MetaData]) -> DataMap:
    """Read the map out of the living models; a host application adds its own metadata to the list."""
    found = [
        _field(table, column)
        for table in _tables(metadata)
        for column in table.columns
        if column.info.get(INFO_KEY, {}).get("personal")
    ]
    return DataMap(tuple(sorted(found, key=lambda entry: (entry.table, entry.column))))


def problems(metadata: Iterable[MetaData]) -> list[str]:
    """Name every column that declares nothing, and every personal table whose rows nobody could find (R-5-1)."""
    found: list[str] = []
    for table in _tables(metadata):
        for column in table.columns:
            if INFO_KEY not in column.info:
                found.append(f"{table.name}.{column.name} declares neither personal(...) nor impersonal(reason)")
        if _holds_personal_data(table) and not _rows_can_be_found(table):
            found.append(f"{table.name} holds personal data but has no indexed subject_ref and no found_by")
    return found


def _tables(metadata: Iterable[MetaData]) -> Iterator[Table]:
    for one in metadata:
        yield from one.sorted_tables


def _field(table: Table, column: Column[object]) -> MappedField:
    declared = column.info[INFO_KEY]
    return MappedField(
        table=table.name,
        column=column.name,
        category=declared["category"],
        provenance=declared["provenance"],
        sensitivity=declared["sensitivity"],
        identifies=declared["identifies"],
        retention=declared["retention"],
        erasure=declared["erasure"],
        sealed=hasattr(column.type, "key_class"),
    )


def _holds_personal_data(table: Table) -> bool:
    return any(column.info.get(INFO_KEY, {}).get("personal") for column in table.columns)


def _rows_can_be_found(table: Table) -> bool:
    if table.info.get(FOUND_BY):
        return True
    if "subject_ref" not in table.columns:
        return False
    leading = [next(iter(index.columns)).name for index in table.indexes]
    key = next(iter(table.primary_key.columns), None)
    return "subject_ref" in leading or (key is not None and key.name == "subject_ref")
