"""An erasure asked for by reference (on paper, by the DPO) is answered to the address on record as it was received.

The erasure removes that address before the request is closed; the answer goes out all the same.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database, servers_in_faults
from tests.builders.killing import FIRST, SECOND, open_customers

pytestmark = servers_in_faults("migrated_database")


@pytest.fixture
def cc(migrated_database: Database, tmp_path: Path) -> CommandLine:
    made = command_line(tmp_path, migrated_database.url, migrated_database.keyring_url)
    made("init")
    return made


def test_who_asked_by_reference_is_answered(cc: CommandLine) -> None:
    (one,) = open_customers(cc, 1)
    reference = cc("requests", "receive", "--right", "erasure", "--subject", one.person)["reference"]
    cc("requests", "verify", reference, "--method", "paper", "--by", FIRST)
    plan = cc("requests", "assess", reference, "--by", FIRST)["plan_sha256"]
    cc("requests", "approve", reference, "--plan", plan, "--by", SECOND)
    cc("requests", "execute", reference)
    cc("jobs", "run", "--once")
    letters = [path.read_text(encoding="utf-8") for path in (cc.folder / "mail").iterdir()]
    mine = [letter for letter in letters if f"To: {one.email}" in letter and reference in letter]
    assert len(mine) == 2  # that it came in, and what became of it
