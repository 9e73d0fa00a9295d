"""`consentcore consent unsubscribe-link`: the link and the header lines of a mail, and what the link then does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import DatabaseSource, migrate
from web.portal.app import create_app
from web.settings import read_settings
from web.wiring import open_service

CAMILLE = "camille@courriel.example"
MAPPING = "entity: contact\nexternal_id: {system: test, column: id}\nfields: {email: email}\n"


@pytest.fixture
def cc(database_source: DatabaseSource, tmp_path: Path) -> Iterator[CommandLine]:
    """An installation on SQLite that knows Camille, who takes the newsletter."""
    with database_source.lend("sqlite", tmp_path, migrate) as lent:
        line = command_line(tmp_path, lent.url, lent.keyring_url)
        line = CommandLine(tmp_path, {**line.environment, "CONSENTCORE_BASE_URL": "https://privacy.example"})
        line("init")
        (tmp_path / "people.csv").write_text(f"id,email\n1,{CAMILLE}\n", encoding="utf-8")
        (tmp_path / "people.yaml").write_text(MAPPING, encoding="utf-8")
        line("import", tmp_path / "people.csv", "--mapping", tmp_path / "people.yaml")
        given = ("--state", "given", "--notice", "newsletter@1", "--method", "web_form")
        line("consent", "record", "--email", CAMILLE, "--purpose", "newsletter", "--channel", "email", *given)
        yield line


def test_a_link_is_made_and_works(cc: CommandLine) -> None:
    matter = ("--email", CAMILLE, "--purpose", "newsletter", "--channel", "email")
    made = cc("consent", "unsubscribe-link", *matter)
    url = made["url"]
    assert url.startswith("https://privacy.example/portal/fr/u/")
    assert made["List-Unsubscribe"] == f"<{url}>"
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert cc("consent", "decide", *matter)["reason"] == "consent_given"
    with open_service(read_settings(cc.environment)) as service:
        path = urlsplit(url).path.removeprefix("/portal")
        answer = create_app(service).test_client().post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert cc("consent", "decide", *matter)["reason"] == "consent_withdrawn"


@pytest.mark.parametrize(("purpose", "channel"), [("invoicing", "email"), ("newsletter", "sms"), ("nothing", "email")])
def test_where_nobody_unsubscribes_there_is_no_link(cc: CommandLine, purpose: str, channel: str) -> None:
    matter = ("--email", CAMILLE, "--purpose", purpose, "--channel", channel)
    assert cc.run("consent", "unsubscribe-link", *matter).exit_code == 1
