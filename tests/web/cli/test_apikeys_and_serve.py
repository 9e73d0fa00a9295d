"""Keys are made, listed and revoked on the command line; the development server answers on this machine alone."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest import mock

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from policies.loader import load
from tests.builders.databases import Database
from web import serve
from web.cli import apikeys as keys
from web.main import main
from web.security.apikeys import Scope, authenticate
from web.settings import read_settings
from web.wiring import Service


@pytest.fixture
def wired(database: Database, keyring: Keyring, bound: sessionmaker[Session], now: datetime) -> Service:
    settings = read_settings(
        {
            "CONSENTCORE_ENV": "development",
            "CONSENTCORE_NOW": now.isoformat(),
            "CONSENTCORE_DATABASE_URL": database.url,
            "CONSENTCORE_KEYRING_URL": database.keyring_url,
        }
    )
    return Service(settings, database.engine, keyring, load(), bound)


def run(wired: Service, *arguments: str, exit_code: int = 0) -> Any:
    @contextmanager
    def service() -> Iterator[Service]:
        yield wired

    with mock.patch.object(keys, "service", service):
        result = CliRunner().invoke(keys.apikeys, [*arguments, "--json"])
    assert result.exit_code == exit_code, result.stderr
    return json.loads(result.stdout) if result.stdout else result.stderr


def test_a_key_is_made_shown_once_listed_and_revoked(wired: Service) -> None:
    made = run(wired, "create", "--name", "shop", "--scope", "decisions:read", "--scope", "ledger:read")
    with wired.sessions() as session:
        caller = authenticate(session, made["secret"])
    assert caller is not None and caller.scopes == {Scope.DECISIONS_READ, Scope.LEDGER_READ}
    listed = run(wired, "list")["apikeys"]
    assert [(one["id"], one["name"], one["revoked_at"]) for one in listed] == [(made["id"], "shop", None)]
    assert made["secret"].rpartition("_")[2] not in json.dumps(listed)
    assert run(wired, "revoke", made["id"])["revoked_at"]
    with wired.sessions() as session:
        assert authenticate(session, made["secret"]) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_cannot_be_given_or_taken_back_is_refused(wired: Service) -> None:
    assert "scope" in run(wired, "create", "--name", "shop", "--scope", "everything", exit_code=2)
    assert "scope" in run(wired, "create", "--name", "shop", exit_code=2)
    assert "no API key" in run(wired, "revoke", "nope", exit_code=1)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_development_server_answers_on_loopback_and_writes_no_request_line(
    wired: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    made = serve.server(wired, 0)
    assert made.host == "127.0.0.1"
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", made.port, timeout=10)
        connection.request("GET", "/healthz?email=camille")
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"status": "ok"})
        assert "Werkzeug" not in (answer.headers["Server"] or "")
        connection.close()
    finally:
        made.shutdown()
        thread.join()
        made.server_close()
    said = capfd.readouterr()
    assert "camille" not in said.out + said.err


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_taken_port_is_a_sentence(wired: Service) -> None:
    @contextmanager
    def service() -> Iterator[Service]:
        yield wired

    taken = serve.server(wired, 0)
    try:
        with mock.patch.object(serve, "service", service):
            result = CliRunner().invoke(main, ["serve", "--port", str(taken.port)])
    finally:
        taken.server_close()
    assert result.exit_code == 1 and "cannot be listened on" in result.stderr
