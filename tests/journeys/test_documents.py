"""What the documents show works: their commands and their code run here as they stand."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from consentcore.crypto.keyring import Keyring
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database
from tests.builders.people import open_people

ROOT = Path(__file__).resolve().parents[2]


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_readme_s_commands_run_on_real_data(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(data_dir / "chinook/customer.csv", "customers.csv")
    shutil.copy(data_dir / "chinook/invoice.csv", "invoices.csv")
    for entity in ("contacts", "invoices"):
        shutil.copy(data_dir / f"chinook/{entity}.mapping.yaml", f"{entity}.mapping.yaml")
    made = command_line(tmp_path, f"sqlite:///{tmp_path}/main.db", f"sqlite:///{tmp_path}/keyring.db")
    cc = CommandLine(tmp_path, {**made.environment, "CONSENTCORE_NOW": "2026-11-23T09:00:00+01:00"})
    answers = typed(cc, [line for block in blocks("README.md", "console") for line in block.splitlines()])
    assert len(answers) == 27
    decisions = [answer["reason"] for line, answer in answers if " decide " in line]
    assert decisions == ["consent_missing", "consent_given"]
    assert answers[1][1]["created"] == 59 and answers[2][1]["subject_ref"]
    assert [answer["ok"] for line, answer in answers if "ledger verify" in line] == [True, True]
    assert [answer["outcome"] for line, answer in answers if " execute " in line] == ["done", "partial"]
    (due,) = [answer["due"] for line, answer in answers if "retention plan" in line]
    assert due["invoice"] and json.loads((tmp_path / "register.json").read_text(encoding="utf-8"))["activities"]
    assert list((tmp_path / "packages").glob("access-*.zip")) and (tmp_path / "certificate").stat().st_size


def typed(cc: CommandLine, lines: list[str]) -> list[tuple[str, Any]]:
    """Run lines one after the other; REFERENCE and PLAN stand for what an earlier one answered, as README says."""
    stands_for = {"REFERENCE": "reference", "PLAN": "plan_sha256"}
    known: dict[str, str] = {}
    answers = []
    for line in lines:
        answer = cc(*(known.get(word, word) for word in shlex.split(line)[1:]))
        known |= {word: answer[key] for word, key in stands_for.items() if key in answer}
        answers.append((line, answer))
    return answers


def test_readme_s_mapping_is_one(tmp_path: Path) -> None:
    (mapping,) = blocks("README.md", "yaml")
    (tmp_path / "shop.yaml").write_text(mapping, encoding="utf-8")
    (tmp_path / "shop.csv").write_text(
        "customer_id,first_name,last_name,email,phone\n1,Camille,Deschamps,c@courriel.example,\n", encoding="utf-8"
    )
    cc = command_line(tmp_path, f"sqlite:///{tmp_path}/main.db", f"sqlite:///{tmp_path}/keyring.db")
    cc("init")
    assert cc("import", tmp_path / "shop.csv", "--mapping", tmp_path / "shop.yaml", "--dry-run")["created"] == 1


def test_embedding_s_code_runs(tmp_path: Path, blank_database: Database, now: datetime) -> None:
    cc: CommandLine = command_line(tmp_path, blank_database.url, blank_database.keyring_url)
    cc("init")
    first, *more = blocks("docs/embedding.md", "python")
    given: dict[str, Any] = {
        "DATABASE_URL": blank_database.url,
        "KEYRING_URL": blank_database.keyring_url,
        "KEK_PATH": tmp_path / "kek.json",
        "EMAIL": "camille@courriel.example",
    }
    start, told = first.split("policy = load()\n")
    exec(compile(start, "docs/embedding.md", "exec"), given)  # noqa: S102 - our own document
    keyring: Keyring = given["keyring"]
    try:
        given["subject_ref"] = open_people(given["Session"], keyring, now, "camille@courriel.example")[0]
        for code in (f"policy = load()\n{told}", *more):
            exec(compile(code, "docs/embedding.md", "exec"), given)  # noqa: S102
        assert given["include_name"]("customer", "table", {})
        assert not given["include_name"]("cc_contact", "table", {})
    finally:
        given["engine"].dispose()
        keyring.engine.dispose()
