"""`consentcore consent receipt --format`: a file in each form, under an installation that stands as it is shipped."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pikepdf
import pytest

from consentcore.ledger import verify_receipt
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import DatabaseSource, migrate

CAMILLE = "camille@courriel.example"
MAPPING = "entity: contact\nexternal_id: {system: test, column: id}\nfields: {email: email}\n"
MATTER = ("--email", CAMILLE, "--purpose", "newsletter", "--channel", "email", "--notice", "newsletter@1")


@pytest.fixture
def cc(database_source: DatabaseSource, tmp_path: Path) -> Iterator[CommandLine]:
    """An installation on SQLite that knows Camille."""
    with database_source.lend("sqlite", tmp_path, migrate) as lent:
        line = command_line(tmp_path, lent.url, lent.keyring_url)
        line("init")
        (tmp_path / "people.csv").write_text(f"id,email\n1,{CAMILLE}\n", encoding="utf-8")
        (tmp_path / "people.yaml").write_text(MAPPING, encoding="utf-8")
        line("import", tmp_path / "people.csv", "--mapping", tmp_path / "people.yaml")
        yield line


def test_each_form_is_written_and_named_in_the_answer(cc: CommandLine, tmp_path: Path) -> None:
    given = cc("consent", "record", *MATTER, "--state", "given", "--method", "web_form")
    vkey = cc.run("ledger", "vkey").stdout.strip()
    begins = {
        "receipt": b"{",
        "27560": b"{",
        "kantara": b"{",
        "tlog-proof": b"c2sp.org/tlog-proof@v1\n",
        "pdf": b"%PDF",
    }
    for form, first in begins.items():
        out = tmp_path / f"out.{form}"
        answer = cc("consent", "receipt", given["record_id"], "--out", out, "--format", form, "--lang", "en")
        assert (answer["format"], answer["content"]) == (form, "included")
        assert answer["leaf_index"] == given["leaf_index"]
        assert out.read_bytes().startswith(first) and out.stat().st_mode & 0o077 == 0
    receipt = (tmp_path / "out.receipt").read_bytes()
    with pikepdf.open(io.BytesIO((tmp_path / "out.pdf").read_bytes())) as opened:
        assert opened.attachments["receipt.json"].get_file().read_bytes() == receipt
        assert str(opened.Root.Lang) == "en"
    assert verify_receipt.verify(json.loads(receipt), vkey) == "proved"


def test_the_usual_form_is_the_receipt(cc: CommandLine, tmp_path: Path) -> None:
    given = cc("consent", "record", *MATTER, "--state", "given", "--method", "web_form")
    assert cc("consent", "receipt", given["record_id"], "--out", tmp_path / "r.json")["format"] == "receipt"
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["format"] == "consentcore.receipt/1"


def test_what_cannot_be_written_leaves_no_file(cc: CommandLine, tmp_path: Path) -> None:
    refused = cc("consent", "record", *MATTER, "--state", "refused", "--method", "web_form")
    out = tmp_path / "no.json"
    ended = cc.run("consent", "receipt", refused["record_id"], "--out", out, "--format", "kantara")
    assert ended.exit_code == 1 and "only say that consent was given" in ended.stderr
    assert cc.run("consent", "receipt", str(uuid4()), "--out", out).exit_code == 1
    assert cc.run("consent", "receipt", refused["record_id"], "--out", out, "--format", "xml").exit_code == 2
    assert not out.exists()
