"""`consentcore requests`, as a person types it: keys of the answers, refusals, exit codes (surface)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from tests.builders.databases import Database
from tests.builders.people import open_people
from tests.builders.wired import wired_service
from web.cli import jobs as jobs_file
from web.cli import requests as requests_file
from web.wiring import Service

EMAIL = "camille@courriel.example"
FIRST, SECOND = "first@example.org", "second@example.org"
Run = Callable[..., Any]


@pytest.fixture
def wired(database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, tmp_path: Path) -> Service:
    return wired_service(database, bound, keyring, now, tmp_path)


@pytest.fixture
def run(wired: Service, monkeypatch: pytest.MonkeyPatch) -> Run:
    @contextmanager
    def service() -> Iterator[Service]:
        yield wired

    monkeypatch.setattr(requests_file, "service", service)
    monkeypatch.setattr(jobs_file, "service", service)

    def type_it(*arguments: object, code: int = 0) -> Any:
        group = jobs_file.jobs if arguments[0] == "run" else requests_file.requests
        result = CliRunner().invoke(group, [*map(str, arguments), "--json"])
        assert result.exit_code == code, (arguments, result.output, result.exception)
        return json.loads(result.stdout) if code == 0 else result.stderr

    return type_it


def test_deadlines(run: Run) -> None:
    answer = run("deadlines", "--received-at", "2026-03-05T10:00:00+01:00", "--country", "FR")
    assert (answer["due_on"], answer["due_on_unrolled"]) == ("2026-04-07", "2026-04-05")
    assert (answer["extended_due_on"], answer["rule_pack"][:3]) == ("2026-06-05", "FR@")
    run("deadlines", "--received-at", "2026-03-05T10:00:00", code=2)
    run("deadlines", "--received-at", "2026-03-05T10:00:00Z", "--country", "XX", code=1)


def test_an_erasure_as_it_is_typed(run: Run, wired: Service, tmp_path: Path) -> None:
    open_people(wired.sessions, wired.keyring, wired.now(), EMAIL)
    reference = run("receive", "--right", "erasure", "--email", EMAIL)["reference"]
    run("assess", reference, "--by", FIRST, code=1)
    run("verify", reference, "--method", "email_code", "--by", FIRST)
    plan = run("assess", reference, "--by", FIRST)["plan_sha256"]
    assert "second person" in run("approve", reference, "--plan", plan, "--by", FIRST, code=1)
    run("approve", reference, "--plan", "0" * 64, "--by", SECOND, code=1)
    run("execute", reference, code=1)
    assert run("approve", reference, "--plan", plan, "--by", SECOND)["status"] == "approved"
    run("certificate", reference, "--out", tmp_path / "c", code=1)
    done = run("execute", reference)
    assert (done["status"], bool(done["items"])) == ("closed", True)
    assert all(item["article"] for item in done["items"] if item["outcome"] in ("retained", "archived"))
    assert done == run("show", reference)
    run("execute", reference, code=1)
    assert "certificate v1" in Path(run("certificate", reference, "--out", tmp_path / "c")["out"]).read_text()
    run("package", reference, "--out", tmp_path / "p", code=1)
    assert [one["reference"] for one in run("list")["requests"]] == [reference]
    assert run("list", "--status", "received")["requests"] == []
    again = run("receive", "--right", "erasure", "--email", EMAIL)["reference"]  # of somebody who is gone by now
    run("verify", again, "--method", "email_code", "--by", FIRST)
    assert run("execute", again)["outcome"] == "not_found"


def test_a_rectification_and_a_refusal(run: Run, wired: Service, tmp_path: Path) -> None:
    person = open_people(wired.sessions, wired.keyring, wired.now(), EMAIL)[0]
    proof = tmp_path / "proof.txt"
    proof.write_text("mariage")
    asked = ("receive", "--right", "rectification", "--subject", person)
    run(*asked, code=1)
    run(*asked, "--set", "last_name", code=1)
    run(*asked, "--set", "last_name=A", "--set", "last_name=B", code=1)
    reference = run(*asked, "--set", "last_name=Martin", "--evidence", proof)["reference"]
    run("verify", reference, "--method", "paper", "--by", FIRST)
    assert run("execute", reference)["outcome"] == "done"
    other = run("receive", "--right", "access", "--email", EMAIL)["reference"]
    refused = run("refuse", other, "--ground", "excessive", "--reason", "tenth this week", "--by", FIRST)
    assert (refused["status"], refused["outcome"], refused["told"]) == ("refused", "refused", True)
    run("verify", other, "--method", "paper", "--by", FIRST, code=1)
    sent = run("run", "--once")
    assert sent["sent"] >= 3 and sent["failed"] == 0
    assert run("run", "--once") == {"sent": 0, "failed": 0}


def test_a_refusal_names_nobody(run: Run) -> None:
    assert EMAIL not in run("receive", "--right", "objection", "--email", EMAIL, "--scope", "invoicing", code=1)
    run("receive", "--right", "astrology", "--email", EMAIL, code=2)
    run("show", "AAAA-AAAA", code=1)
