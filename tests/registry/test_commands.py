"""`register` and `breaches` on the command line."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any
from unittest import mock

import click
import pytest
from click.testing import CliRunner, Result

from consentcore.db import make_engine
from registry.tables import BreachRow
from tests.builders.cli import CommandLine, command_line
from web.cli.breaches import breaches
from web.cli.register import register


@pytest.fixture
def installed(tmp_path: Path) -> CommandLine:
    """An installation that was initialised, with the table of breaches whatever the migrations have reached."""
    line = command_line(tmp_path, f"sqlite:///{tmp_path}/main.db", f"sqlite:///{tmp_path}/keyring.db")
    assert line.run("init").exit_code == 0
    engine = make_engine(line.environment["CONSENTCORE_DATABASE_URL"])
    BreachRow.__table__.create(engine, checkfirst=True)  # type: ignore[attr-defined]
    engine.dispose()
    return line


def run(line: CommandLine, group: click.Group, *arguments: object) -> Result:
    """Run a command of one group under the installation's settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CONSENTCORE_")}
    with mock.patch.dict(os.environ, {**kept, **line.environment}, clear=True):
        return CliRunner().invoke(group, [*(str(one) for one in arguments), "--json"])


def answer(line: CommandLine, group: click.Group, *arguments: object) -> Any:
    result = run(line, group, *arguments)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_the_register_is_written_in_three_forms(installed: CommandLine, tmp_path: Path) -> None:
    for form in ("json", "csv", "pdf"):
        out = tmp_path / f"register.{form}"
        told = answer(installed, register, "export", "--format", form, "--lang", "en", "--out", out)
        assert told["out"] == str(out)
        assert out.stat().st_mode & 0o777 == 0o600
    data = json.loads((tmp_path / "register.json").read_text("utf-8"))
    assert told["activities"] == len(data["activities"]) > 5
    assert told["problems"] == data["problems"]
    rows = list(csv.reader(io.StringIO((tmp_path / "register.csv").read_text("utf-8-sig"), newline="")))
    assert rows[0][0] == "activity"
    assert (tmp_path / "register.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("form", ["ods", "xlsx", "jsonld"])
def test_forms_to_come_are_refused_in_a_sentence(installed: CommandLine, tmp_path: Path, form: str) -> None:
    result = run(installed, register, "export", "--format", form, "--out", tmp_path / "x")
    assert result.exit_code == 1
    assert "in this version" in result.stderr
    assert not (tmp_path / "x").exists()


def test_a_check_agrees_with_the_export(installed: CommandLine, tmp_path: Path) -> None:
    told = answer(installed, register, "export", "--format", "json", "--out", tmp_path / "r.json")
    result = run(installed, register, "check")
    assert result.exit_code == (1 if told["problems"] else 0)
    assert all(problem in result.stderr for problem in told["problems"])


def test_a_breach_is_opened(installed: CommandLine) -> None:
    told = answer(
        installed, breaches, "open",
        "--aware-at", "2026-10-23T18:30:00+02:00", "--nature", "confidentiality", "--summary", "Un envoi mal adressé",
    )  # fmt: skip
    assert told["notify_by"] == "2026-10-26T16:30:00Z"
    assert len(told["reference"]) == 9


@pytest.mark.parametrize(
    ("aware_at", "nature", "exit_code"),
    [("2026-10-23T18:30:00", "confidentiality", 2), ("2026-10-23T18:30:00Z", "leak", 1)],
)
def test_bad_input_is_refused(installed: CommandLine, aware_at: str, nature: str, exit_code: int) -> None:
    result = run(installed, breaches, "open", "--aware-at", aware_at, "--nature", nature, "--summary", "Jeanne")
    assert result.exit_code == exit_code
    assert "Jeanne" not in result.stderr
