"""The floors: who may import whom, and what the core may never touch."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.source import PACKAGES, ROOT, Source, first_party, functions, imported

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}
ALONE = "consentcore/ledger/verify_receipt.py"


def hidden_imports(source: Source) -> Iterator[str]:
    """Yield first-party imports that stand inside a function."""
    for function in functions(source.tree):
        for node in ast.walk(function):
            for name in imported(node):
                if name.partition(".")[0] in PACKAGES:
                    yield f"{source.path}:{node.lineno} {name}"  # type: ignore[attr-defined]


def environment_reads(source: Source) -> Iterator[str]:
    """Yield places that read or write the process environment."""
    for node in ast.walk(source.tree):
        if (isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT) or any(
            name in {f"os.{read}" for read in ENVIRONMENT} for name in imported(node)
        ):
            yield f"{source.path}:{node.lineno}"  # type: ignore[attr-defined]


def third_parties(source: Source) -> set[str]:
    """Return the top names that a file imports and that neither Python nor this project brings."""
    tops = {name.partition(".")[0] for node in ast.walk(source.tree) for name in imported(node)}
    return tops - set(sys.stdlib_module_names) - set(PACKAGES)


def uses_of_random(source: Source) -> Iterator[str]:
    """Yield imports of the predictable generator."""
    for node in ast.walk(source.tree):
        for name in imported(node):
            if name == "random" or name.startswith("random."):
                yield f"{source.path}:{node.lineno}"  # type: ignore[attr-defined]


def test_the_contracts_of_import_linter_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    ran = subprocess.run(
        [linter, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_no_import_of_ours_hides_in_a_function() -> None:
    assert not [place for source in first_party() for place in hidden_imports(source)]


def test_nobody_below_web_reads_the_environment() -> None:
    below = [source for source in first_party() if not source.path.startswith("web/")]
    assert not [place for source in below for place in environment_reads(source)]


def test_nothing_is_drawn_from_the_predictable_generator() -> None:
    assert not [place for source in first_party() for place in uses_of_random(source)]


def test_the_core_needs_few_others() -> None:
    allowed = {"sqlalchemy", "cryptography", "orjson", "phonenumbers", "email_validator", "holidays"}
    core = [source for source in first_party() if source.path.startswith("consentcore/")]
    assert set().union(*(third_parties(source) for source in core)) <= allowed


def test_the_verifier_of_receipts_runs_alone() -> None:
    found = [source for source in first_party() if source.path == ALONE]
    assert found, f"{ALONE} is gone"
    for source in found:
        names = {name.partition(".")[0] for node in ast.walk(source.tree) for name in imported(node)}
        relative = [node for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom) and node.level]
        assert names - set(sys.stdlib_module_names) <= {"cryptography"}
        assert not relative


@pytest.mark.parametrize(
    ("text", "seen_by"),
    [
        ("def f():\n    from consentcore.db import Base\n", hidden_imports),
        ("class A:\n    def f(self):\n        import web.schema\n", hidden_imports),
        ("import os\nx = os.environ['A']\n", environment_reads),
        ("from os import getenv\n", environment_reads),
        ("import random\n", uses_of_random),
        ("from random import choice\n", uses_of_random),
        ("import flask.json\n", third_parties),
    ],
)
def test_a_breach_is_seen(text: str, seen_by: object) -> None:
    assert list(seen_by(Source("x.py", text)))  # type: ignore[operator]
