"""The program on two roles: everything goes on as before, and `db check` says whether the second wall stands."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from consentcore.db import parse_url
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database, kinds, throw_away_urls

pytestmark = pytest.mark.skipif("postgresql" not in kinds(), reason="row-level security is PostgreSQL's")
EMAIL = "camille@courriel.example"


@pytest.fixture
def roles(tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """URLs of a fresh database as its owner and as a serving role, and of a keyring database."""
    role, password = f"cc_serving_{secrets.token_hex(4)}", secrets.token_hex(12)
    with throw_away_urls("postgresql", tmp_path) as (owner_url, keyring_url):
        engine = create_engine(parse_url(owner_url), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'"))
        serving = make_url(owner_url).set(username=role, password=password).render_as_string(hide_password=False)
        try:
            yield owner_url, serving, keyring_url
        finally:
            with engine.connect() as connection:
                connection.execute(text(f"DROP OWNED BY {role}"))
                connection.execute(text(f"DROP ROLE {role}"))
            engine.dispose()


def test_the_program_works_behind_the_wall(tmp_path: Path, roles: tuple[str, str, str]) -> None:
    owner_url, serving_url, keyring_url = roles
    serving = command_line(tmp_path, serving_url, keyring_url)
    cc = CommandLine(tmp_path, {**serving.environment, "CONSENTCORE_MIGRATE_URL": owner_url})
    cc("init")
    cc("init")
    assert cc("db", "check")["second_wall"] is True
    _open(serving, tmp_path)
    assert serving("subjects", "find", "--email", EMAIL)["subject_ref"]
    given = ("--purpose", "newsletter", "--channel", "email")
    serving(
        "consent",
        "record",
        "--email",
        EMAIL,
        *given,
        "--state",
        "given",
        "--notice",
        "newsletter@1",
        "--method",
        "web_form",
    )
    assert serving("consent", "decide", "--email", EMAIL, *given)["allowed"] is True
    received = serving("requests", "receive", "--right", "access", "--email", EMAIL)
    assert received["status"] == "received"
    assert serving("requests", "show", received["reference"])["status"] == "received"
    assert serving("ledger", "verify")["ok"] is True
    serving("retention", "plan")
    assert cc("db", "upgrade")["walled"] > 20
    with psycopg.connect(serving_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM cc_contact").fetchone() == (0,)


def _open(cc: CommandLine, folder: Path) -> None:
    (folder / "shop.yaml").write_text(
        "entity: contact\nexternal_id: {system: shop, column: id}\n"
        "fields: {first_name: first, last_name: last, email: mail}\n",
        encoding="utf-8",
    )
    (folder / "shop.csv").write_text(f"id,first,last,mail\n1,Camille,Deschamps,{EMAIL}\n", encoding="utf-8")
    assert cc("import", folder / "shop.csv", "--mapping", folder / "shop.yaml")["created"] == 1


def test_without_a_second_role_there_is_no_wall(tmp_path: Path, migrated_database: Database) -> None:
    cc = command_line(tmp_path, migrated_database.url, migrated_database.keyring_url)
    cc("init")
    told = cc("db", "check")
    assert (told["ok"], told["second_wall"]) == (True, False)
