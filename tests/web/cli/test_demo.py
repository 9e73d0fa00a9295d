"""The demo: two years of a made-up company, as old as the day it is loaded on, loaded once and never over others."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from argon2 import PasswordHasher

from consentcore.requests import erasure, lifecycle
from consentcore.requests.tables import Outcome, Status
from policies.loader import load as load_policies
from tests.builders.cli import CommandLine, command_line
from web import faces
from web.cli import demo
from web.demo import files, story
from web.demo.acts import Act, Scene
from web.demo.cases import cases
from web.demo.choices import declarations
from web.demo.days import Days
from web.demo.exports import People
from web.demo.staff import hire
from web.jobs.executions import carry_on
from web.security import apikeys, passwords
from web.security import staff as accounts
from web.security.permissions import Role
from web.settings import read_settings
from web.transaction import reading, unit
from web.wiring import Service, open_service

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
SUNDAY_AFTER_HOLIDAYS = datetime(2028, 1, 2, 7, 30, tzinfo=UTC)
POLICY = load_policies()
DUE = {"customers": 2, "prospects": 8}
WAITING = {"received": 4, "verified": 4, "assessed": 1, "approved": 1, "executing": 1, "errored": 1}


def installation(folder: Path, now: datetime) -> CommandLine:
    made = command_line(folder, f"sqlite:///{folder}/main.db", f"sqlite:///{folder}/keyring.db")
    return CommandLine(folder, {**made.environment, "CONSENTCORE_NOW": now.isoformat()})


@pytest.fixture(scope="module", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Passwords are hashed with little work here; that they are hashed well is shown elsewhere."""
    with mock.patch.object(passwords, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)):
        yield


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[CommandLine, Any]:
    cc = installation(tmp_path_factory.mktemp("demo"), NOW)
    return cc, cc("demo", "--out", cc.folder / "demo")


def opened(cc: CommandLine) -> Any:
    return open_service(read_settings(cc.environment))


def requests_of(cc: CommandLine) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = cc("requests", "list")["requests"]
    return [one | {"due_in": (date.fromisoformat(one["due_on"]) - NOW.date()).days} for one in listed]


def leaf_times(cc: CommandLine) -> list[str]:
    query = "SELECT e.header FROM cc_log_leaf l JOIN cc_log_event e ON e.id = l.event_id ORDER BY l.idx"
    base = sqlite3.connect(cc.folder / "main.db")
    try:
        return [re.search(rb'"ts":"([^"]+)"', header)[1].decode() for (header,) in base.execute(query)]  # type: ignore[index]
    finally:
        base.close()


def test_requests_stand_in_every_state_and_ended_in_every_way(loaded: tuple[CommandLine, Any]) -> None:
    requests = requests_of(loaded[0])
    assert {one["status"] for one in requests} == {status.value for status in Status}
    assert {one["outcome"] for one in requests} == {None, *(outcome.value for outcome in Outcome)}
    waiting = [one for one in requests if one["outcome"] is None]
    assert Counter(one["status"] for one in waiting) == WAITING
    assert [one["due_in"] for one in waiting if one["due_in"] < 0] == [-3]
    assert any(one["status"] == "assessed" and 0 < one["due_in"] <= 3 for one in waiting)
    assert any(one["status"] == "verified" and 0 < one["due_in"] <= 7 for one in waiting)
    assert any(len(one["rights"]) == 2 for one in waiting)
    newest = loaded[0]("requests", "show", requests[-1]["reference"])
    assert NOW - datetime.fromisoformat(newest["received_at"]) < timedelta(hours=1)


def test_what_the_law_asks_for_is_there(loaded: tuple[CommandLine, Any]) -> None:
    cc = loaded[0]
    assert cc("retention", "plan")["due"] == DUE
    assert len(cc("quarantine", "list")["causes"]) == 3
    family = cc("subjects", "find", "--email", "famille.marchand@courriel.example")
    assert len([family["subject_ref"], *family["matches"]]) == 2
    states = {one["state"] for one in cc("consent", "history", "--email", demo.PERSON)["records"]}
    assert states == {"given", "withdrawn", "refused"}
    base = sqlite3.connect(cc.folder / "main.db")
    ((known_for,),) = base.execute("SELECT julianday(opened_at) - julianday(aware_at) FROM cc_breach").fetchall()
    lapsed = "SELECT count(*) FROM cc_consent_state WHERE expires_at < ? AND state = 'given'"
    assert 0 < known_for < 1 and base.execute(lapsed, [NOW.isoformat()]).fetchone()[0] >= 3
    base.close()


def test_the_log_verifies_and_grew_in_the_order_of_time(loaded: tuple[CommandLine, Any]) -> None:
    audit = loaded[0]("ledger", "verify")
    assert audit["ok"] and audit["discrepancies"] == []
    times = leaf_times(loaded[0])
    assert times == sorted(times) and len(times) == audit["size"]
    assert times[0].startswith("2024-10-26") and times[-1] == "2026-11-26T10:00:00Z"
    assert loaded[0]("db", "check")["ok"]


def test_the_register_has_no_gaps(loaded: tuple[CommandLine, Any]) -> None:
    assert loaded[0]("register", "check")["problems"] == []


def test_everyone_who_works_there_can_sign_in_and_a_machine_too(loaded: tuple[CommandLine, Any]) -> None:
    cc, answer = loaded
    written = [line.split() for line in (cc.folder / "demo/staff.txt").read_text(encoding="utf-8").splitlines()]
    assert written == [[one["role"], one["email"], one["password"]] for one in answer["accounts"]]
    assert {role for role, _, _ in written} == {role.value for role in Role}
    with opened(cc) as wired, reading(wired.sessions) as session:
        for role, email, password in written:
            signed_in = accounts.check(session, wired.keyring, email, password)
            assert signed_in is not None and signed_in.role == role
        token = (cc.folder / "demo/apikey.txt").read_text(encoding="utf-8").strip()
        caller = apikeys.authenticate(session, token)
    assert caller is not None and caller.scopes == apikeys.ALL_SCOPES
    assert {path.name: path.stat().st_mode & 0o777 for path in (cc.folder / "demo").iterdir()} == {
        "staff.txt": 0o600,
        "apikey.txt": 0o600,
    }
    assert [answer[face] for face in ("portal", "console", "mailbox")] == [
        f"http://127.0.0.1:8000{path}/" for path in (faces.PORTAL, faces.CONSOLE, faces.MAILBOX)
    ]


def test_a_second_run_changes_nothing(loaded: tuple[CommandLine, Any]) -> None:
    cc, first = loaded
    before = {path: path.read_bytes() for path in (cc.folder / "demo").iterdir()} | {"log": leaf_times(cc)}
    again = cc("demo", "--out", cc.folder / "demo")
    after = {path: path.read_bytes() for path in (cc.folder / "demo").iterdir()} | {"log": leaf_times(cc)}
    assert (again["loaded"], again["accounts"]) == (False, []) and first["loaded"]
    assert after == before and again["staff"] == first["staff"]
    elsewhere = cc("demo", "--out", cc.folder / "elsewhere")
    assert "consentcore staff password" in elsewhere["staff"] and not (cc.folder / "elsewhere").exists()


def test_on_another_day_it_is_as_old_and_can_be_gone_on_with(tmp_path: Path) -> None:
    cc = installation(tmp_path, SUNDAY_AFTER_HOLIDAYS)
    cc("demo", "--out", tmp_path / "demo")
    requests = requests_of(cc)
    open_ones = [one for one in requests if one["outcome"] is None]
    assert Counter(one["status"] for one in open_ones) == WAITING
    dues = [one["due_on"] for one in open_ones]
    assert dues[0] < "2028-01-02" < dues[1] <= "2028-01-05"
    times = leaf_times(cc)
    assert times == sorted(times) and times[0].startswith("2025-12-02") and times[-1].startswith("2028-01-02")
    assert cc("retention", "plan")["due"] == DUE
    waiting = {one["status"]: one["reference"] for one in requests}
    with opened(cc) as wired:
        go_on(wired, waiting)
    ended = {one["reference"]: one["status"] for one in requests_of(cc)}
    assert {ended[waiting[status]] for status in ("assessed", "approved", "errored", "executing")} == {"closed"}
    assert cc("ledger", "verify")["ok"]


def go_on(wired: Service, waiting: dict[str, str]) -> None:
    """Approve the plan that waits, make the outdated one anew, and let the job carry out what is approved."""
    with unit(wired.sessions) as session:
        outdated, assessed, approved = (
            lifecycle.find(session, waiting[one]) for one in ("errored", "assessed", "approved")
        )
        erasure.assess(session, wired.keyring, wired.policy, outdated.id, "nour@exemplia-jardins.example", wired.now())
        for dsr in (outdated, assessed):
            erasure.approve(session, dsr.id, dsr.plan_sha256 or "", "alix@exemplia-jardins.example", wired.now())
        for dsr in (outdated, assessed, approved):
            lifecycle.start(session, dsr.id, wired.now())
    assert carry_on(wired) == 4


def test_something_is_late_and_something_due_whatever_the_day() -> None:
    zone = ZoneInfo(POLICY.controller.timezone)
    for shift in range(0, 365, 9):
        days = Days(datetime(2027, 1, 1, 9, tzinfo=UTC) + timedelta(days=shift), zone)
        taken = [(case.asked, case.verified, case.assessed) for case in cases(days, POLICY)]
        assert all((assessed or 0) <= (verified or 0) <= asked for asked, verified, assessed in taken)
        late, soon = (days.asked_for_an_answer_in(due, "10:05", POLICY) for due in (-3, 5))
        assert late > soon


def test_production_refuses_it_before_anything_is_made(tmp_path: Path) -> None:
    cc = command_line(tmp_path, f"sqlite:///{tmp_path}/main.db", f"sqlite:///{tmp_path}/keyring.db")
    told = CommandLine(tmp_path, {**cc.environment, "CONSENTCORE_ENV": "production"}).run("demo", "--out", tmp_path)
    assert told.exit_code == 1 and "in development only" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_other_people_s_data_are_left_alone(tmp_path: Path) -> None:
    cc = installation(tmp_path, NOW)
    cc("init")
    (tmp_path / "shop.yaml").write_text(
        "entity: contact\nexternal_id: {system: shop, column: id}\nfields: {last_name: name}\n", encoding="utf-8"
    )
    (tmp_path / "shop.csv").write_text("id,name\n1,Deschamps\n", encoding="utf-8")
    cc("import", tmp_path / "shop.csv", "--mapping", tmp_path / "shop.yaml")
    before = leaf_times(cc)
    told = cc.run("demo", "--out", tmp_path / "demo")
    assert told.exit_code == 1 and "persons who are not the demo's" in told.stderr
    assert leaf_times(cc) == before and not (tmp_path / "demo").exists()


def test_half_a_demo_is_not_taken_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(days: Days, *_: object) -> Iterator[Act]:
        def stop(_service: Service) -> None:
            raise KeyboardInterrupt

        yield Scene(days.at(759, "12:00"), stop)

    cc = installation(tmp_path, NOW)
    cc("init")
    with monkeypatch.context() as patched:
        patched.setattr(story, "requests", cut_off)
        assert cc.run("demo", "--out", tmp_path / "demo").exit_code != 0
    told = cc.run("demo", "--out", tmp_path / "demo")
    assert told.exit_code == 1 and "was cut off" in told.stderr


def test_nobody_in_it_can_be_reached() -> None:
    days = Days(NOW, ZoneInfo(POLICY.controller.timezone))
    contacts = files.rows("contacts.csv", days)
    assert len({row["id_client"] for row in contacts}) >= 60
    assert all(row["courriel"].endswith(".example") for row in contacts)
    assert {row["téléphone"][:8] for row in contacts} == {"01 99 00", "à rappel", ""}
    asked = [text for case in cases(days, POLICY) for text in (case.client, case.requester or "") if "@" in text]
    assert asked and all(text.endswith(".example") for text in (*asked, *(one.email for one in hire().everyone)))


def test_a_purpose_that_the_policies_do_not_have_is_left_out() -> None:
    days = Days(NOW, ZoneInfo(POLICY.controller.timezone))
    few = replace(POLICY, purposes={"newsletter": POLICY.purposes["newsletter"]})
    declared = [len(list(declarations(days, People(days), policy, hire().operator))) for policy in (POLICY, few)]
    assert 0 < declared[1] <= declared[0] and declared[1] < len(files.rows("consents.csv", days))
