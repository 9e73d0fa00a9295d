"""An erasure whose process is killed at any named point, and carried out again: finished exactly once (walk B)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database, servers_in_faults
from tests.builders.killing import (
    ARCHIVE_KEY,
    KILLED,
    ROOT,
    Approved,
    Stem,
    Watch,
    change,
    done_before,
    open_customers,
    points,
    stem,
    watching,
)

ON_SQLITE = pytest.mark.parametrize("migrated_database", ["sqlite"], indirect=True)
ON_EACH = servers_in_faults("migrated_database")
DANGEROUS = [
    "erasure.archive.sealed", "erasure.rows.disposed", "erasure.keys", "erasure.keys.destroyed_profile",
    "erasure.certificate.done",
]  # fmt: skip
WITHOUT_INVOICE = ["erasure.keys.destroyed_profile", ARCHIVE_KEY, "erasure.keys.done"]
ONCE = {
    "certificate erasure": 1, "certificate key_destroyed": 1, "cc_key_tombstone": 1, "message recipient_erased": 1,
    "message request_answered": 1,
    "leaf certificate.issued": 2, "leaf consent.ended_by_erasure": 1, "leaf key.destruction_requested": 1,
    "leaf recipient.told": 1, "leaf request.closed": 1, "leaf request.started": 1, "leaf restriction.placed": 1,
    "leaf subject.erased": 1, "cc_contact": -1, "cc_transaction": -1, "cc_archived_row": 1,
}  # fmt: skip


@pytest.fixture
def cc(migrated_database: Database, tmp_path: Path) -> CommandLine:
    made = command_line(tmp_path, migrated_database.url, migrated_database.keyring_url)
    made.environment["CONSENTCORE_NOW"] = "2026-11-09T09:00:00Z"
    made("init")
    return made


def undisturbed(cc: CommandLine, watch: Watch, twin: Approved) -> dict[str, int]:
    """Carry out an erasure in peace and return all that it changes."""
    before = watch.effects()
    assert cc("requests", "execute", twin.reference)["status"] == "closed"
    return change(before, watch.effects())


def killed_and_finished(
    watch: Watch, process: Stem, which: Sequence[str], customers: Sequence[Approved], expected: dict[str, int]
) -> None:
    """Kill the erasure of one customer at each point and carry it out again; all ends as if nobody had been killed."""
    before = watch.effects()
    for point, one in zip(which, customers, strict=True):
        assert process.run("requests", "execute", one.reference, crash_at=point).code == KILLED, point
        assert watch.steps_done(one.reference) == set(done_before(point)), point
        ended = process.run("requests", "execute", one.reference)
        assert ended.code == 0, (point, ended.err)
        assert json.loads(ended.out)["status"] == "closed", point
        after = watch.effects()
        assert change(before, after) == expected, point
        before = after
    again = process.run("requests", "execute", customers[-1].reference)
    assert again.code == 1 and "closed" in again.err
    assert change(before, watch.effects()) == {}


@ON_EACH
def test_killed_at_a_named_point_it_ends_exactly_once(cc: CommandLine, migrated_database: Database) -> None:
    which = points() if migrated_database.kind == "sqlite" else DANGEROUS
    twin, *customers = open_customers(cc, 1 + len(which))
    cc("ledger", "checkpoint", "--out", cc.folder / "checkpoint")
    with watching(cc) as watch, stem(cc) as process:
        expected = undisturbed(cc, watch, twin)
        assert ONCE.items() <= expected.items()
        killed_and_finished(watch, process, which, customers, expected)
    verified = cc("ledger", "verify", "--against", cc.folder / "checkpoint")
    assert verified["ok"] and verified["discrepancies"] == []


@ON_EACH
def test_killed_between_two_keys_both_go_once(cc: CommandLine) -> None:
    twin, *customers = open_customers(cc, 0, 1 + len(WITHOUT_INVOICE))
    with watching(cc) as watch, stem(cc) as process:
        expected = undisturbed(cc, watch, twin)
        assert (expected["certificate key_destroyed"], expected["cc_key_tombstone"]) == (2, 2)
        killed_and_finished(watch, process, WITHOUT_INVOICE, customers, expected)
        assert all(watch.destroyed(one.person) == {"profile", "archive"} for one in customers)
    assert cc("ledger", "verify")["ok"]


@ON_SQLITE
def test_killed_as_it_is_typed_with_the_key_gone_and_not_yet_certified(cc: CommandLine) -> None:
    (one,) = open_customers(cc, 1)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CONSENTCORE_")}

    def typed(**more: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-c", "from web.cli.main import main; main()", "requests", "execute", one.reference]
        return subprocess.run(command, cwd=ROOT, env={**kept, **cc.environment, **more}, check=False, timeout=60)

    with watching(cc) as watch:
        assert typed(CONSENTCORE_CRASH_AT="erasure.keys.destroyed_profile").returncode == KILLED
        assert watch.destroyed(one.person) == {"profile"}
        assert watch.effects()["certificate key_destroyed"] == 0
        assert typed().returncode == 0
        found = watch.effects()
        assert found["certificate key_destroyed"] == found["certificate erasure"] == 1
    assert typed(CONSENTCORE_ENV="production", CONSENTCORE_CRASH_AT="erasure.keys").returncode == 1
