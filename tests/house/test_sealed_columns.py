"""Sealed columns: their numbers stay for good, and nobody sorts or compares ciphertext."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import CheckConstraint, Table

from consentcore.crypto.sealedtext import REGISTRY, SealedText
from consentcore.db import Base, KeyringBase
from tests.builders.models import load_models
from tests.builders.source import ROOT, Source, calls, first_party

PINNED = ROOT / "tests" / "house" / "field_numbers.txt"
LINE = re.compile(r"(\d+) (RETIRED )?(cc_[a-z0-9_]+\.[a-z0-9_]+)")
SORTING = ("order_by", "group_by", "distinct", "min", "max")
MATCHING = {"in_", "not_in", "like", "ilike", "startswith", "endswith", "contains", "between", "asc", "desc", "match"}


def pinned() -> tuple[dict[int, str], dict[int, str]]:
    """Read the pinned field numbers: those in use, and those that were and may not come back."""
    used: dict[int, str] = {}
    retired: dict[int, str] = {}
    for line in PINNED.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            found = LINE.fullmatch(line)
            assert found, f"cannot read {line!r}"
            number = int(found[1])
            assert number not in used | retired, f"{number} stands twice"
            (retired if found[2] else used)[number] = found[3]
    return used, retired


def sealed_attributes() -> set[tuple[str, str]]:
    """Return (class, attribute) of every sealed column."""
    load_models()
    return {
        (mapper.class_.__name__, attribute.key)
        for base in (Base, KeyringBase)
        for mapper in base.registry.mappers
        for attribute in mapper.column_attrs
        if isinstance(attribute.columns[0].type, SealedText)
    }


def misuses(source: Source, sealed: set[tuple[str, str]]) -> Iterator[str]:
    """Yield places that sort by a sealed column or compare one as if it were its content."""
    for call in calls(source.tree, *SORTING):
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            if any(_is_sealed(node, sealed) for node in ast.walk(argument)):
                yield f"{source.path}:{call.lineno} sorts"
    for call in calls(source.tree, *MATCHING):
        if isinstance(call.func, ast.Attribute) and _is_sealed(call.func.value, sealed):
            yield f"{source.path}:{call.lineno} matches"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Compare) and any(_is_sealed(side, sealed) for side in (node.left, *node.comparators)):
            yield f"{source.path}:{node.lineno} compares"


def _is_sealed(node: ast.AST, sealed: set[tuple[str, str]]) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in sealed


def test_nobody_sorts_or_compares_ciphertext() -> None:
    sealed = sealed_attributes()
    assert sealed
    assert not [place for source in first_party() for place in misuses(source, sealed)]


@pytest.mark.parametrize(
    "text",
    [
        "select(A).order_by(A.email)",
        "select(A).order_by(A.id, A.email.desc())",
        "select(func.max(A.email))",
        "select(A).where(A.email == B.email)",
        "select(A).where('x' != A.email)",
        "select(A).where(A.email.in_(['x']))",
        "select(A).where(A.email.like('x%'))",
    ],
)
def test_a_misuse_is_seen(text: str) -> None:
    assert list(misuses(Source("x.py", text), {("A", "email")}))


def test_ordinary_use_passes() -> None:
    text = "select(A.email).where(A.email.is_not(None), A.id == b).order_by(A.id)"
    assert not list(misuses(Source("x.py", text), {("A", "email")}))


def test_every_field_number_keeps_its_column() -> None:
    load_models()
    used, retired = pinned()
    product = {number: name for number, name in REGISTRY.items() if _is_ours(name)}
    assert product == used, "a field number may not move; pin new ones, and mark those that go as RETIRED"
    assert not set(retired) & set(product), "a retired number stays retired"


def _is_ours(name: str) -> bool:
    return any(name.partition(".")[0] in metadata.tables for metadata in (Base.metadata, KeyringBase.metadata))


def test_every_sealed_column_is_guarded_by_a_check_and_can_be_opened() -> None:
    load_models()
    bare = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, SealedText) and not _is_guarded(table, column.name)
    ]
    assert not bare


def _is_guarded(table: Table, column: str) -> bool:
    checks = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
    return f"ck_{table.name}_{column}_sealed" in checks and {"id", "subject_ref"} <= set(table.columns.keys())
