"""A rotation of keys is killed at every named point, and ends as if nobody had: all opens, everybody is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database, servers_in_faults
from tests.builders.killing import KILLED, open_customers, stem

POINTS = {
    "index": ["begun", "announced", "points", "in_use", "moves", "retired", "check", "destroyed"],
    "log": ["begun", "announced", "added", "in_use", "retired", "marked", "destroyed"],
    "data": ["begun", "opened", "shared", "rows", "looked", "superseded", "rest_shared", "destroyed"],
}
EMAIL = "cliente0@courriel.example"
ON_EACH = servers_in_faults("migrated_database")


@pytest.fixture
def cc(migrated_database: Database, tmp_path: Path) -> CommandLine:
    made = command_line(tmp_path, migrated_database.url, migrated_database.keyring_url)
    made.environment["CONSENTCORE_NOW"] = "2026-11-09T09:00:00Z"
    made("init")
    open_customers(made, 2)
    return made


def answers(cc: CommandLine) -> tuple[object, ...]:
    """What the installation says of one person: who it is, whether a letter may be sent, what is on record."""
    found = cc("subjects", "find", "--email", EMAIL)
    decided = cc("consent", "decide", "--email", EMAIL, "--purpose", "newsletter", "--channel", "email")
    proof = cc.folder / "receipt.json"
    cc("consent", "receipt", decided["record_id"], "--out", proof)
    content = json.loads(proof.read_text(encoding="utf-8"))["content"]
    return found["subject_ref"], found["contacts"], decided, content


@ON_EACH
@pytest.mark.parametrize("what", ["index", *(pytest.param(one, marks=pytest.mark.faults) for one in ("log", "data"))])
def test_killed_at_every_point_it_goes_on(cc: CommandLine, what: str) -> None:
    cc("ledger", "checkpoint", "--out", cc.folder / "checkpoint")
    before = answers(cc)
    with stem(cc) as process:
        for number, point in enumerate(POINTS[what], 1):
            died = process.run("keys", "rotate", what, "--at-once", crash_at=f"rotation.{what}.{point}")
            assert died.code == KILLED, (point, died.err)
            ended = process.run("keys", "rotate", what, "--at-once")
            assert ended.code == 0, (point, ended.err)
            told = json.loads(ended.out)
            assert told["ended_at"] is not None and told["resumed"] and told["unopened"] == 0, point
            assert told["generation"] == number + (what != "data"), point
            if number % 4 == 1:
                assert answers(cc) == before, point
    assert answers(cc) == before
    status = cc("keys", "status")
    newest = len(POINTS[what]) + 1
    kept = {"index": "index_generations", "log": "log_generations", "data": "shared_generations"}
    assert {name: status[one] for name, one in kept.items()} == {**{name: [1] for name in kept}, what: [newest]}
    verified = cc("ledger", "verify", "--against", cc.folder / "checkpoint")
    assert verified["ok"] and verified["discrepancies"] == []
    assert len(cc("ledger", "vkeys")["vkeys"]) == (newest if what == "log" else 1)
