"""All faces behind one address: what each answers alone, and what no page may do."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import Client

from consentcore.crypto.keyring import Keyring
from consentcore.errors import ConfigurationError
from tests.builders.databases import Database
from tests.builders.faces import Browser
from tests.builders.wired import wired_service
from web.console.app import create_app as create_console
from web.faces import create_faces
from web.mailbox.app import create_app as create_mailbox
from web.portal.app import create_app as create_portal
from web.security import staff
from web.security.permissions import Role
from web.shell.access import check_table
from web.wiring import Service

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the faces are the same on every one
ORIGIN = {"Origin": "http://localhost"}


@pytest.fixture
def wired(database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, tmp_path: Path) -> Service:
    """A service with one account of staff."""
    service = wired_service(database, bound, keyring, now, tmp_path)
    with bound.begin() as session:
        staff.add(session, keyring, "dpo@exemplia-jardins.example", "Camille", Role.DPO, now, password="four seasons!")
    return service


@pytest.fixture
def client(wired: Service) -> Client:
    """A client of everything."""
    return Client(create_faces(wired))


def sign_in(client: Client, **headers: str) -> str:
    """Sign the officer in; returns the cookie that was set."""
    answer = client.post(
        "/console/sign-in",
        data={"email": "dpo@exemplia-jardins.example", "password": "four seasons!"},
        headers={**ORIGIN, **headers},
    )
    return answer.headers.get("Set-Cookie", "")


def test_the_bare_address_leads_to_the_portal(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/portal/")
    assert client.get("/portal/", follow_redirects=True).status_code == 200


@pytest.mark.parametrize(("asked", "lang"), [("fr", "fr"), ("en-GB,en;q=0.8", "en"), ("de", "fr")])
def test_the_portal_speaks_as_the_browser_asks(client: Client, asked: str, lang: str) -> None:
    answer = client.get("/portal/", headers={"Accept-Language": asked})
    assert answer.headers["Location"] == f"/portal/{lang}/"


def test_every_face_answers_its_own(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/openapi.json").is_json
    assert client.get("/console/").headers["Location"].endswith("/console/sign-in")
    assert client.get("/console/nothing").status_code == 404
    assert client.get("/portal/fr/nothing").mimetype == "text/html"


def test_the_consoles_cookie_stays_at_the_console(client: Client) -> None:
    cookie = sign_in(client)
    assert cookie.startswith("cc_console=")
    for part in ("HttpOnly", "Path=/console", "SameSite=Lax"):
        assert part in cookie
    assert "Secure" not in cookie
    assert client.get("/console/").status_code == 200
    token = cookie.partition("=")[2].partition(";")[0]
    stolen = Client(client.application)
    stolen.set_cookie("cc_portal", token, path="/portal")
    assert "Set-Cookie" not in stolen.get("/portal/fr/").headers


def test_over_tls_cookies_are_secure(wired: Service) -> None:
    settings = replace(wired.settings, base_url="https://privacy.example")
    client = Client(create_faces(replace(wired, settings=settings)))
    cookie = sign_in(client)
    assert cookie.startswith("__Secure-cc_console=")
    assert "Secure" in cookie
    assert "max-age" in client.get("/portal/fr/").headers["Strict-Transport-Security"]


def test_pages_forbid_what_is_inline_or_foreign(client: Client) -> None:
    for path in ("/portal/fr/", "/console/sign-in", "/portal/fr/nothing"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"
    assert "script-src" not in client.get("/portal/fr/").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused(client: Client, headers: dict[str, str]) -> None:
    data = {"email": "dpo@exemplia-jardins.example", "password": "four seasons!"}
    answer = client.post("/console/sign-in", data=data, headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_form_without_its_sessions_token_is_refused(wired: Service) -> None:
    browser = Browser(create_console(wired))
    browser.post("/sign-in", {"email": "dpo@exemplia-jardins.example", "password": "four seasons!"})
    assert browser.get("/account/").status_code == 200
    good = browser.form_token
    for token in ("", "0" * 64, good[:-1]):
        answer = browser.client.post("/account/sign-out", data={"form_token": token}, headers=ORIGIN)
        assert answer.status_code == 403
    assert browser.client.post("/account/sign-out", data={"form_token": good}, headers=ORIGIN).status_code == 303
    assert browser.get("/").status_code == 303


def test_the_mailbox_is_for_development_alone(wired: Service) -> None:
    assert Client(create_faces(wired)).get("/mailbox/").status_code == 200
    production = replace(wired, settings=replace(wired.settings, env="production", fixed_now=None))
    assert Client(create_faces(production)).get("/mailbox/").status_code == 404
    with pytest.raises(ConfigurationError, match="development"):
        create_mailbox(production)


def test_a_page_without_a_rule_keeps_a_face_from_starting(wired: Service) -> None:
    app = create_portal(wired)
    table = dict.fromkeys(app.view_functions, "x")
    check_table(app, table)
    with pytest.raises(ConfigurationError, match=r"start\.page"):
        check_table(app, {name: rule for name, rule in table.items() if name != "start.page"})
    with pytest.raises(ConfigurationError, match="nobody"):
        check_table(app, {**table, "nobody.here": "x"})


def test_a_large_form_is_refused(client: Client) -> None:
    answer = client.post("/console/sign-in", data={"email": "x" * 300_000}, headers=ORIGIN)
    assert answer.status_code == 413


def test_an_error_page_tells_nothing_that_was_sent(client: Client) -> None:
    answer = client.get("/portal/fr/camille@courriel.example")
    assert answer.status_code == 404
    assert "camille" not in answer.get_data(as_text=True)


def test_pages_are_compressed_for_who_takes_it_and_their_token_differs_each_time(wired: Service) -> None:
    browser = Browser(create_console(wired))
    browser.post("/sign-in", {"email": "dpo@exemplia-jardins.example", "password": "four seasons!"})
    plain = browser.get("/account/")
    assert "Content-Encoding" not in plain.headers
    first, second = browser.form_token, (browser.get("/account/"), browser.form_token)[1]
    assert first != second
    packed = browser.client.get("/account/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert b"four seasons" not in packed.data
    assert gzip.decompress(packed.data).startswith(b"<!doctype html>")
    assert len(packed.data) < len(plain.data) / 2
