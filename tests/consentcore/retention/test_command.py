"""`consentcore retention` as a person types it, on a service put together from the test's own databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner

from consentcore.clock import iso
from consentcore.identifiers import reference
from consentcore.requests.tables import Status, SubjectRequest
from web.cli import retention as commands
from web.settings import read_settings
from web.wiring import Service

EDGE = date(2023, 11, 8)


@pytest.fixture
def run(crm: Any, database: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a command of the noun and return its answer."""
    settings = read_settings({"CONSENTCORE_ENV": "development", "CONSENTCORE_NOW": iso(crm.now)})
    wired = Service(settings, database.engine, crm.keyring, crm.policy, crm.factory)

    @contextmanager
    def service() -> Iterator[Service]:
        yield wired

    monkeypatch.setattr(commands, "service", service)

    def invoke(*arguments: str) -> Any:
        result = CliRunner().invoke(commands.retention, [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return invoke


def test_plan_dry_run_and_sweep_tell_the_same(run: Callable[..., Any], crm: Any, make_life: Any) -> None:
    crm.live(make_life(last_contact_on=EDGE), make_life(archived_until=(EDGE,)), make_life(created_on=date(2026, 1, 1)))
    due = {"archived_invoices": 1, "prospects": 2}
    assert run("plan") == {"at": "2026-11-09", "due": due}
    dry = run("sweep", "--dry-run")
    assert (dry["due"], dry["done"], dry["keys_destroyed"]) == (due, {}, 0)
    assert crm.count("cc_contact") == 3
    swept = run("sweep", "--batch", "1")
    assert (swept["due"], swept["done"], swept["keys_destroyed"]) == (due, due, 4)
    assert swept["rows"] == {"cc_archived_row": 1, "cc_blind_index": 2, "cc_contact": 2, "cc_contact_point": 2}
    again = run("sweep")
    assert (again["due"], again["done"], again["keys_destroyed"]) == ({}, {}, 0)
    assert crm.count("cc_shred_pending") == 0


def test_a_day_to_come_is_looked_at_and_never_swept(run: Callable[..., Any], crm: Any, make_life: Any) -> None:
    crm.live(make_life(last_contact_on=date(2024, 6, 1)), make_life(last_contact_on=date(2025, 6, 1)))
    assert run("plan") == {"at": "2026-11-09", "due": {}}
    assert run("plan", "--at", "2027-06-01")["due"] == {}
    assert run("plan", "--at", "2027-06-02") == {"at": "2027-06-02", "due": {"prospects": 1}}
    assert run("forecast") == {"at": "2027-11-09", "due": {"prospects": 1}}
    assert run("forecast", "--at", "2028-06-02")["due"] == {"prospects": 2}
    assert CliRunner().invoke(commands.retention, ["sweep", "--at", "2028-06-02"]).exit_code == 2


def test_a_person_with_an_open_request_is_answered_first(
    run: Callable[..., Any], crm: Any, make_life: Any, open_request: Callable[..., SubjectRequest]
) -> None:
    asking, _ = crm.live(make_life(), make_life())
    with crm.factory.begin() as session:
        session.add(open_request(None, Status.RECEIVED))  # of somebody not identified: holds nobody's data back
        session.add(open_request(asking, Status.VERIFIED))
    assert run("sweep")["done"] == {"prospects": 1}
    assert crm.holding("cc_contact", [asking]) == {asking}
    with crm.factory.begin() as session:
        session.query(SubjectRequest).update({"status": Status.CLOSED.value})
    assert run("sweep")["done"] == {"prospects": 1}


@pytest.fixture
def open_request(crm: Any) -> Callable[..., SubjectRequest]:
    def make(subject_ref: Any, status: Status) -> SubjectRequest:
        return SubjectRequest(
            reference=reference(),
            subject_ref=subject_ref,
            status=status.value,
            received_at=crm.now,
            due_on=date(2026, 12, 9),
            due_on_unrolled=date(2026, 12, 9),
            extended_due_on=date(2027, 2, 9),
            rule_pack="FR@1",
            country="FR",
            channel="email",
            content=b"\x01" + bytes(range(40)),
            policy_sha256="0" * 64,
        )

    return make


def test_keys_that_an_earlier_sweep_left_are_destroyed(run: Callable[..., Any], crm: Any, make_life: Any) -> None:
    crm.live(make_life())
    crm.sweep()
    assert crm.count("cc_shred_pending") == 2
    assert run("sweep", "--dry-run")["keys_destroyed"] == 0
    assert run("sweep")["keys_destroyed"] == 2
    assert crm.count("cc_shred_pending") == 0
