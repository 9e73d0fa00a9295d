"""Every mapped column is declared, and every row about a person can be found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, PrimaryKeyConstraint, Table, UniqueConstraint

from consentcore.columns import (
    FOUND_BY,
    INFO_KEY,
    Category,
    Erasure,
    Provenance,
    Ref,
    Sensitivity,
    impersonal,
    personal,
)
from consentcore.db import Base, KeyringBase
from tests.builders.models import load_models

NEVER_DELETED = {"cc_log_event"}  # insert-only: what a log forgot it could not prove


def undeclared(metadata: MetaData) -> Iterator[str]:
    """Name the columns whose declaration is missing or incomplete."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            problem = _declaration_problem(column)
            if problem:
                yield f"{table.name}.{column.name}: {problem}"


def _declaration_problem(column: Column[object]) -> str | None:
    declared = column.info.get(INFO_KEY)
    if declared is None:
        return "declares neither personal(...) nor impersonal(reason)"
    if not declared["personal"]:
        return None if str(declared.get("reason", "")).strip() else "is declared impersonal without a reason"
    kinds = {"category": Category, "provenance": Provenance, "sensitivity": Sensitivity, "erasure": Erasure}
    wrong = [key for key, kind in kinds.items() if not isinstance(declared.get(key), kind)]
    wrong += [key for key in ("retention", "identifies") if not declared.get(key)]
    return f"lacks {', '.join(wrong)}" if wrong else None


def unfindable(metadata: MetaData) -> Iterator[str]:
    """Name the tables with personal columns whose rows nobody could find when a person asks."""
    for table in metadata.sorted_tables:
        is_personal = any(column.info.get(INFO_KEY, {}).get("personal") for column in table.columns)
        if is_personal and not table.info.get(FOUND_BY) and "subject_ref" not in leading_columns(table):
            yield table.name


def leading_columns(table: Table) -> set[str]:
    """Name the columns that stand first in an index, a unique constraint or the primary key of a table."""
    ordered = [
        *table.indexes,
        *(c for c in table.constraints if isinstance(c, (UniqueConstraint, PrimaryKeyConstraint))),
    ]
    return {next(iter(entry.columns)).name for entry in ordered if len(entry.columns)}


@pytest.fixture(scope="module", params=["main", "keyring"])
def metadata(request: pytest.FixtureRequest) -> MetaData:
    """The metadata of one of the two databases, with every model loaded."""
    load_models()
    return {"main": Base.metadata, "keyring": KeyringBase.metadata}[request.param]


def test_every_column_is_declared(metadata: MetaData) -> None:
    assert metadata.tables
    assert not list(undeclared(metadata))


def test_every_personal_row_can_be_found(metadata: MetaData) -> None:
    assert not list(unfindable(metadata))


def test_tables_carry_the_prefix_of_the_product(metadata: MetaData) -> None:
    assert not [name for name in metadata.tables if not name.startswith("cc_")]


def test_names_fit_every_database(metadata: MetaData) -> None:
    # PostgreSQL cuts names at 63 bytes without a word.
    names = [constraint.name for table in metadata.tables.values() for constraint in table.constraints]
    names += [index.name for table in metadata.tables.values() for index in table.indexes]
    assert not [name for name in [*names, *metadata.tables] if name is None or len(str(name)) > 63]


def test_every_foreign_key_is_indexed_where_its_parent_may_go(metadata: MetaData) -> None:
    # Deleting a parent row looks its children up: without an index that reads the whole table (MariaDB makes its own).
    bare = [
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.name not in leading_columns(table)
        for key in column.foreign_keys
        if key.column.table.name not in NEVER_DELETED
    ]
    assert not bare


def _table(*columns: Column[object], info: dict[str, object] | None = None) -> MetaData:
    made = MetaData()
    Table("cc_example", made, *columns, info=info or {})
    return made


PERSONAL = personal(Category.NAME, retention="contact")


@pytest.mark.parametrize(
    "info",
    [{}, impersonal(" "), {INFO_KEY: {"personal": True, "category": "name"}}, personal(Category.NAME, retention="")],
)
def test_a_column_that_says_too_little_is_seen(info: dict[str, object]) -> None:
    assert len(list(undeclared(_table(Column("x", Integer, info=info))))) == 1


def test_rows_that_nobody_could_find_are_seen() -> None:
    assert list(unfindable(_table(Column("subject_ref", Ref, info=PERSONAL)))) == ["cc_example"]
    indexed = _table(Column("subject_ref", Ref, info=PERSONAL), Column("x", Integer))
    Index("ix", indexed.tables["cc_example"].c.subject_ref)
    assert not list(unfindable(indexed))
    assert not list(unfindable(_table(Column("x", Integer, info=PERSONAL), info={FOUND_BY: "file and row number"})))


def test_an_unindexed_foreign_key_leads_nowhere() -> None:
    made = _table(Column("x", Integer, ForeignKey("cc_example.id")), Column("id", Integer, primary_key=True))
    assert leading_columns(made.tables["cc_example"]) == {"id"}
