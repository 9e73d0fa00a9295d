"""The main job on data that nobody here wrote: import, find, consent, decide, prove, destroy (issue: the ground)."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consentcore.ledger import verify_receipt
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database

NEWSLETTER = ("--purpose", "newsletter", "--channel", "email")
NOTICE = ("--notice", "newsletter@1")


@pytest.fixture
def cc(migrated_database: Database, tmp_path: Path) -> CommandLine:
    made = command_line(tmp_path, migrated_database.url, migrated_database.keyring_url)
    made("init")
    return made


@pytest.fixture
def people(cc: CommandLine, data_dir: Path) -> dict[str, dict[str, str]]:
    folder = data_dir / "chinook"
    answer = cc("import", folder / "customer.csv", "--mapping", folder / "contacts.mapping.yaml")
    assert (answer["rows"], answer["created"], answer["quarantined"]) == (59, 59, 0)
    with (folder / "customer.csv").open(encoding="utf-8", newline="") as file:
        return {row["customer_id"]: row for row in csv.DictReader(file)}


def record(cc: CommandLine, email: str, state: str, method: str = "web_form") -> dict[str, Any]:
    declared = ("--state", state, "--method", method)
    answer: dict[str, Any] = cc("consent", "record", "--email", email, *NEWSLETTER, *NOTICE, *declared)
    return answer


def reason(cc: CommandLine, email: str, *more: str) -> str:
    answer = cc("consent", "decide", "--email", email, *NEWSLETTER, *more)
    assert answer["allowed"] is (answer["reason"] == "consent_given")
    return str(answer["reason"])


def test_the_main_job_on_chinook(cc: CommandLine, people: dict[str, dict[str, str]], data_dir: Path) -> None:
    folder = data_dir / "chinook"
    again = cc("import", folder / "customer.csv", "--mapping", folder / "contacts.mapping.yaml")
    assert (again["created"], again["updated"], again["duplicates"]) == (0, 0, 59)

    found = cc("subjects", "find", "--email", "STANISŁAW.WÓJCIK@WP.PL")
    assert found["subject_ref"] and len(found["contacts"]) == 1

    email = people["2"]["email"]
    assert reason(cc, email) == "consent_missing"
    given = record(cc, email, "given")
    assert reason(cc, email) == "consent_given"
    record(cc, email, "withdrawn", "portal")
    assert reason(cc, email) == "consent_withdrawn"
    record(cc, email, "given")
    assert reason(cc, email) == "consent_given"
    assert (
        cc("consent", "decide", "--email", email, "--purpose", "similar_products", "--channel", "email")["reason"]
        == "no_rule_pack"  # she lives in Germany, whose rules on reaching customers nobody wrote down here
    )
    assert cc("consent", "decide", "--email", email, "--purpose", "invoicing", "--channel", "post")["allowed"]
    assert reason(cc, "nobody@courriel.example") == "unknown_subject"
    states = [one["state"] for one in cc("consent", "history", "--email", email)["records"]]
    assert states == ["given", "withdrawn", "given"]

    receipt = cc.folder / "receipt.json"
    cc("consent", "receipt", given["record_id"], "--out", receipt)
    assert verify_alone(cc, receipt) == (0, "proved")
    forged = cc.folder / "forged.json"
    forged.write_text(receipt.read_text(encoding="utf-8").replace("newsletter", "promotions"), encoding="utf-8")
    assert verify_alone(cc, forged)[0] == 3

    audit = cc("ledger", "verify")
    assert audit["ok"] and audit["discrepancies"] == [] and audit["first_bad"] is None


def test_no_file_holds_what_identifies_anyone(cc: CommandLine, people: dict[str, dict[str, str]]) -> None:
    for number in ("2", "3", "4"):
        record(cc, people[number]["email"], "given")
    needles = {
        text.encode(encoding)
        for person in people.values()
        for text in (person["email"], person["phone"], person["address"], person["fax"])
        if len(text) > 7
        for encoding in ("utf-8", "utf-16-le")
    }
    assert len(needles) > 300
    searched = [path for path in cc.folder.rglob("*") if path.is_file()]
    assert searched
    for path in searched:
        content = path.read_bytes()
        assert not [needle for needle in needles if needle in content], path.name


def test_destroyed_evidence_is_told_by_later_receipts_only(cc: CommandLine, people: dict[str, dict[str, str]]) -> None:
    mine = record(cc, people["2"]["email"], "given")
    other = record(cc, people["3"]["email"], "given")
    old, new, untouched = (cc.folder / f"{name}.json" for name in ("old", "new", "untouched"))
    cc("consent", "receipt", mine["record_id"], "--out", old)
    done = cc("keys", "shred", "--email", people["2"]["email"], "--class", "evidence", "--by", "dpo@courriel.example")
    cc("consent", "receipt", mine["record_id"], "--out", new)
    cc("consent", "receipt", other["record_id"], "--out", untouched)
    assert verify_alone(cc, old) == (0, "proved")
    assert verify_alone(cc, new) == (0, f"proved, content erased under certificate {done['certificate']}")
    assert verify_alone(cc, untouched) == (0, "proved")
    assert reason(cc, people["3"]["email"]) == "consent_given"
    assert cc("ledger", "verify")["ok"]


def test_an_epoch_destroyed_kills_old_copies_of_the_keyring(cc: CommandLine, people: dict[str, dict[str, str]]) -> None:
    assert cc("keys", "status")["subjects"] == 59
    rotated = cc("keys", "rotate", "kek")
    assert (rotated["epoch"], rotated["rewrapped"]) == (2, 59 * 3)
    cc("keys", "destroy-epoch", "1")
    record(cc, people["5"]["email"], "given")
    assert reason(cc, people["5"]["email"]) == "consent_given"
    assert cc("ledger", "verify")["ok"]


def verify_alone(cc: CommandLine, receipt: Path) -> tuple[int, str]:
    """Run the verifier as a stranger would: one file, elsewhere, in isolated mode."""
    alone = cc.folder / "alone" / "verify_receipt.py"
    if not alone.exists():
        alone.parent.mkdir()
        shutil.copy(verify_receipt.__file__, alone)
        (alone.parent / "log.vkey").write_text(cc("ledger", "vkey")["vkey"] + "\n", encoding="ascii")
    ran = subprocess.run(
        [sys.executable, "-I", str(alone), str(receipt), "--vkey", str(alone.parent / "log.vkey")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ran.returncode, ran.stdout.strip()
