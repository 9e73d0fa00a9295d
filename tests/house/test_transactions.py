"""Units of work are opened and closed in few places; the core works inside its caller's."""

from __future__ import annotations

import ast
from fnmatch import fnmatch

import pytest

from tests.builders.source import Source, calls, first_party, imported

ALLOWED = (
    "web/transaction.py",
    "web/jobs/*.py",
    "web/cli/*.py",
    "web/schema.py",  # schema changes are units of their own
    "web/rowsecurity.py",  # so are policies of tables
    # On the keyring's own engine: keys are born first and die last.
    "consentcore/crypto/keyring.py",
    "consentcore/crypto/rotation.py",
    "consentcore/crypto/orphans.py",
    "consentcore/crypto/generations.py",
    "consentcore/crypto/datakeys.py",
)
# `begin` opens a unit that commits by itself; a savepoint (`begin_nested`) belongs to its caller's unit.
ENDS = ("commit", "rollback", "begin")


def units(source: Source) -> list[str]:
    """Name the places in a file that end, or own, a unit of work; a function of an imported module is no method."""
    modules = {name.rpartition(".")[2] for node in ast.walk(source.tree) for name in imported(node)}
    return [f"{source.path}:{call.lineno}" for call in calls(source.tree, *ENDS) if _receiver(call) not in modules]


def _receiver(call: ast.Call) -> str | None:
    called = call.func
    return called.value.id if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) else None


def test_units_end_in_their_places_only() -> None:
    found = [
        place
        for source in first_party()
        if not any(fnmatch(source.path, pattern) for pattern in ALLOWED)
        for place in units(source)
    ]
    assert not found


@pytest.mark.parametrize("text", ["session.commit()", "a.b.rollback()", "with engine.begin() as c: pass"])
def test_a_breach_is_seen(text: str) -> None:
    assert units(Source("x.py", text)) == ["x.py:1"]


def test_a_savepoint_is_nobodys_business() -> None:
    assert not units(Source("x.py", "with session.begin_nested(): session.flush()"))


def test_a_function_of_that_name_ends_no_unit() -> None:
    assert not units(Source("x.py", "from a import commitment\ncommitment.commit(b'')\n"))
