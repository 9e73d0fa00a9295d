"""`consent rules` writes the table that the docs hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.cli import command_line
from tests.builders.databases import Database
from tests.builders.source import ROOT


@pytest.mark.parametrize("migrated_database", ["sqlite"], indirect=True)
def test_the_table_is_the_one_of_the_docs(migrated_database: Database, tmp_path: Path) -> None:
    cc = command_line(tmp_path, migrated_database.url, migrated_database.keyring_url)
    cc("init")
    out = tmp_path / "rules.md"
    told = cc("consent", "rules", "--out", out, "--at", "2026-11-24T09:30:00Z")
    assert out.read_text("utf-8") == (ROOT / "docs" / "consent-decisions.md").read_text("utf-8")
    assert told["answers"]["allowed"] > 0
