"""A file holds one concept or verb: small, and named after it."""

from __future__ import annotations

import ast
from pathlib import PurePath

import pytest

from tests.builders.source import Source, all_python, first_party, functions

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60  # the aim is 40
FORBIDDEN = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "services",
    "service",
    "manager",
    "managers",
    "base",
}


def size(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its decorators."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def is_forbidden(path: str) -> bool:
    """Tell whether a file or a folder on its path has a name that says nothing."""
    return any(PurePath(part).stem.strip("_") in FORBIDDEN for part in PurePath(path).parts)


def test_files_stay_small() -> None:
    too_long = [f"{s.path}: {s.text.count(chr(10))} lines" for s in all_python() if s.text.count("\n") > MAX_FILE_LINES]
    assert not too_long


def test_functions_stay_small() -> None:
    too_long = [
        f"{source.path}:{function.lineno} {function.name}: {size(function)} lines"
        for source in all_python()
        for function in functions(source.tree)
        if size(function) > MAX_FUNCTION_LINES and not source.path.startswith("web/migrations/")
    ]
    assert not too_long


def test_names_say_what_is_inside() -> None:
    assert not [source.path for source in all_python() if is_forbidden(source.path)]


@pytest.mark.parametrize(
    "path", ["consentcore/utils.py", "web/common/x.py", "consentcore/crm/_base.py", "a/services.py"]
)
def test_a_name_that_says_nothing_is_seen(path: str) -> None:
    assert is_forbidden(path)


def test_a_long_function_is_measured() -> None:
    source = Source("x.py", "@decorated\ndef f():\n    a = 1\n\n    return a\n")
    assert [size(function) for function in functions(source.tree)] == [4]


def test_rows_stand_where_rows_are_looked_for() -> None:
    with_rows = [
        source.path
        for source in first_party()
        if any(isinstance(node, ast.Name) and node.id == "__tablename__" for node in ast.walk(source.tree))
    ]
    assert with_rows
    assert not [p for p in with_rows if PurePath(p).name != "tables.py" and not p.startswith("consentcore/crm/")]


def test_there_is_something_to_watch_over() -> None:
    assert len(first_party()) > 10
