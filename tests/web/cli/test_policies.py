"""`consentcore policies`: checking, comparing and applying a folder, as an operator does it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import DatabaseSource, migrate
from tests.builders.policies import shipped

PACKAGED = Path(str(resources.files("policies"))) / "organisation"


@pytest.fixture
def cc(database_source: DatabaseSource, tmp_path: Path) -> Iterator[CommandLine]:
    """An installation on SQLite in which nothing was put in force yet."""
    with database_source.lend("sqlite", tmp_path, migrate) as lent:
        yield command_line(tmp_path, lent.url, lent.keyring_url)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A copy of the packaged folder that adds text messages to the newsletter."""
    folder = Path(shutil.copytree(PACKAGED, tmp_path / "mine"))
    change(folder / "purposes/newsletter.yaml", "channels: [email]", "channels: [email, sms]")
    change(folder / "purposes/newsletter.yaml", "version: 1", "version: 2")
    return folder


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_check_answers_hash_and_problems_whether_or_not_there_are_any(cc: CommandLine, mine: Path) -> None:
    good = cc("policies", "check")
    assert (good["sha256"], good["problems"]) == (shipped().sha256, [])
    change(mine / "purposes/newsletter.yaml", "rule: opt_in", "rule: basis")
    bad = cc("policies", "check", mine, exit_code=1)
    assert len(bad["sha256"]) == 64
    assert any("basis consent needs rule opt_in" in problem for problem in bad["problems"])
    told = cc.run("policies", "check", mine)
    assert (told.exit_code, told.stdout) == (1, "")
    assert "(Art. 7(1))" in told.stderr


def test_a_folder_is_compared_with_what_is_in_force(cc: CommandLine, mine: Path) -> None:
    cc("init")
    same = cc("policies", "diff")
    assert (same["sha256"], same["from_sha256"]) == (shipped().sha256, shipped().sha256)
    assert (same["changes"], same["fresh_consent"], same["inform"], same["problems"]) == ([], [], [], [])
    found = cc("policies", "diff", mine)
    (need,) = found["fresh_consent"]
    assert (need["purpose"], need["article"]) == ("newsletter", "4(11)")
    assert "sms" in need["why"]
    assert found["from_sha256"] == shipped().sha256 != found["sha256"]
    assert {one["where"] for one in found["changes"]} == {"purposes.newsletter.version", "purposes.newsletter.channels"}


def test_what_was_applied_is_what_the_next_folder_is_compared_with(cc: CommandLine, mine: Path) -> None:
    cc("init")
    assert cc("policies", "apply", mine)["applied"]
    assert cc("policies", "diff", mine)["changes"] == []
    back = cc("policies", "diff")
    assert back["fresh_consent"] == []
    assert any("lower than 2" in problem for problem in back["problems"])


def test_two_folders_are_compared_without_any_database(cc: CommandLine, mine: Path) -> None:
    found = cc("policies", "diff", PACKAGED, "--from", mine)
    assert (found["fresh_consent"], found["sha256"]) == ([], shipped().sha256)
    assert cc("policies", "diff", mine, "--from", PACKAGED)["fresh_consent"][0]["purpose"] == "newsletter"


def test_people_read_a_table(cc: CommandLine, mine: Path) -> None:
    said = cc.run("policies", "diff", mine, "--from", PACKAGED).stdout
    assert "fresh_consent" in said
    (row,) = [line for line in said.splitlines() if "reaches people over sms" in line]
    assert "newsletter" in row
    assert "4(11)" in row


def test_before_anything_is_in_force_it_says_so(cc: CommandLine) -> None:
    refused = cc.run("policies", "diff")
    assert refused.exit_code == 1
    assert "init" in refused.stderr


def test_a_rewritten_notice_is_refused_with_both_hashes(cc: CommandLine, mine: Path) -> None:
    cc("init")
    change(mine / "notices/newsletter/1/fr.md", "deux fois", "dix fois")
    refused = cc.run("policies", "apply", mine)
    assert refused.exit_code == 1
    assert "newsletter@1/fr was in force with another text" in refused.stderr
    assert "[Art. 13(3)]" in refused.stderr
