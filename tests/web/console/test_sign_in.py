"""Signing in to the console, what ends a session, whose cookie it is, and the account page."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from http.cookies import SimpleCookie
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from consentcore.ledger.tables import LogEvent
from tests.builders.console import NOW, PASSWORD, ConsoleSite, address_of
from tests.builders.faces import Browser
from web.console import sign_in
from web.console.access import ACCESS
from web.faces import create_faces
from web.security import sessions, staff
from web.security.limits import Limit
from web.security.permissions import Role
from web.shell.access import Open
from web.transaction import reading, unit

WRONG = "This address and this password do not fit together"


def sign(browser: Browser, email: str, password: str = PASSWORD) -> TestResponse:
    browser.get("/sign-in?lang=en")
    return browser.post("/sign-in?lang=en", {"email": email, "password": password})


def signed_in(site: ConsoleSite, role: Role = Role.DPO) -> Browser:
    site.account(role)
    browser = Browser(site.app)
    assert sign(browser, address_of(role)).status_code == 303
    return browser


def is_in(browser: Browser) -> bool:
    return browser.get("/account/").status_code == 200


def events(site: ConsoleSite) -> list[str]:
    with reading(site.wired.sessions) as session:
        return [bytes(header).decode() for header in session.scalars(select(LogEvent.header))]


def test_signing_in_leads_to_today(site: ConsoleSite) -> None:
    site.account(Role.DPO)
    browser = Browser(site.app)
    answer = sign(browser, address_of(Role.DPO).upper())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = unescape(browser.get("/").get_data(as_text=True))
    assert "Test dpo, DPO" in page
    assert any('"staff.signed_in"' in header for header in events(site))


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("dpo@exemplia-jardins.example", "another sentence"),
        ("nobody@exemplia-jardins.example", PASSWORD),
        ("x", "yyy-yyy"),
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(site: ConsoleSite, email: str, password: str) -> None:
    site.account(Role.DPO)
    browser = Browser(site.app)
    answer = sign(browser, email, password)
    assert answer.status_code == 422
    assert WRONG in answer.get_data(as_text=True)
    assert password not in answer.get_data(as_text=True)
    assert not is_in(browser)


def test_a_failed_attempt_is_in_the_log_by_the_account_alone(site: ConsoleSite) -> None:
    person = site.account(Role.DPO)
    sign(Browser(site.app), address_of(Role.DPO), "another sentence")
    failed = [header for header in events(site) if '"staff.sign_in_failed"' in header]
    assert failed
    assert all(str(person.id) in header and "@" not in header for header in failed)


def test_guessing_is_counted_and_ends(fresh_site: ConsoleSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "PER_ACCOUNT", Limit("sign_in", 2, timedelta(minutes=15)))
    fresh_site.account(Role.DPO)
    statuses = [sign(Browser(fresh_site.app), address_of(Role.DPO), "another sentence").status_code for _ in range(2)]
    assert statuses == [422, 422]
    answer = sign(Browser(fresh_site.app), address_of(Role.DPO).upper())
    assert answer.status_code == 429, "the right password does not help any more, whatever the case of the address"
    later = Browser(fresh_site.later(NOW + timedelta(minutes=16)))
    assert sign(later, address_of(Role.DPO)).status_code == 303


def test_a_connection_cannot_try_one_account_after_another(
    fresh_site: ConsoleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "PER_CONNECTION", Limit("sign_in_from", 2, timedelta(minutes=15)))
    emails = [f"account{number}@exemplia-jardins.example" for number in range(3)]
    spoofed = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(3)]
    statuses = []
    for email, headers in zip(emails, spoofed, strict=True):
        browser = Browser(fresh_site.app)
        answer = browser.post("/sign-in", {"email": email, "password": PASSWORD}, headers=headers)
        statuses.append(answer.status_code)
    assert statuses == [422, 422, 429]


def test_the_cookie_is_for_the_server_alone(site: ConsoleSite) -> None:
    site.account(Role.DPO)
    answer = Client(create_faces(site.wired)).post(
        "/console/sign-in",
        data={"email": address_of(Role.DPO), "password": PASSWORD},
        headers={"Origin": "http://localhost"},
    )
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["cc_console"]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/console", "Lax", True)
    assert not cookie["max-age"] and not cookie["expires"], "it goes with the browser"
    assert answer.headers["Cache-Control"] == "no-store"


def test_neither_face_takes_the_session_of_the_other(site: ConsoleSite) -> None:
    person = site.account(Role.DPO)
    with unit(site.wired.sessions) as session:
        portal = sessions.start(session, site.wired.keyring, "portal", NOW)
        console = sessions.start(session, site.wired.keyring, "console", NOW, staff_id=person.id)
    faces = create_faces(site.wired)
    for name, token in (("cc_portal", console.token), ("cc_console", portal.token), ("cc_portal", portal.token)):
        client = Client(faces)
        client.set_cookie(name, token)
        assert client.get("/console/").status_code == 303, "to the sign-in page"
    client = Client(faces)
    client.set_cookie("cc_console", console.token)
    assert client.get("/console/").status_code == 200
    answer = client.get("/portal/")
    assert "cc_console" not in answer.headers.get("Set-Cookie", "")


def test_a_session_of_before_is_not_carried_into_the_new_one(site: ConsoleSite) -> None:
    person = site.account(Role.DPO)
    with unit(site.wired.sessions) as session:
        planted = sessions.start(session, site.wired.keyring, "console", NOW, staff_id=person.id)
    browser = Browser(site.app)
    browser.client.set_cookie("cc_console", planted.token)
    assert sign(browser, address_of(Role.DPO)).status_code == 303
    given = browser.client.get_cookie("cc_console")
    assert given is not None and given.value != planted.token
    other = Browser(site.app)
    other.client.set_cookie("cc_console", planted.token)
    assert not is_in(other)


def test_a_token_that_nobody_gave_opens_nothing(site: ConsoleSite) -> None:
    for token in ("x" * 43, "x", "é" * 43):
        browser = Browser(site.app)
        browser.client.set_cookie("cc_console", token)
        assert not is_in(browser)


def test_without_use_a_session_ends(fresh_site: ConsoleSite) -> None:
    token = token_of(signed_in(fresh_site))
    assert open_at(fresh_site, token, minutes=29), "and it is noted as used then"
    assert open_at(fresh_site, token, minutes=58)
    assert not open_at(fresh_site, token, minutes=58 + 31)


def test_used_all_the_time_a_session_ends_in_any_case(fresh_site: ConsoleSite) -> None:
    token = token_of(signed_in(fresh_site))
    for minutes in range(29, 600, 29):
        with unit(fresh_site.wired.sessions) as session:
            now = NOW + timedelta(minutes=minutes)
            visit = sessions.find(session, fresh_site.wired.keyring, "console", token, now)
            assert visit is not None
            sessions.touch(session, visit, now)
    assert open_at(fresh_site, token, minutes=599)
    assert not open_at(fresh_site, token, minutes=601)


def token_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie("cc_console")
    assert cookie is not None
    return cookie.value


def open_at(site: ConsoleSite, token: str, *, minutes: int) -> bool:
    browser = Browser(site.later(NOW + timedelta(minutes=minutes)))
    browser.client.set_cookie("cc_console", token)
    return is_in(browser)


def test_signing_out_ends_the_session_at_the_server(site: ConsoleSite) -> None:
    browser = signed_in(site)
    token = token_of(browser)
    browser.get("/account/")
    answer = browser.post("/account/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert not open_at(site, token, minutes=0)


def test_a_new_password_ends_every_other_session(fresh_site: ConsoleSite) -> None:
    mine, other = signed_in(fresh_site), signed_in(fresh_site)
    before = token_of(mine)
    mine.get("/account/")
    fields = {"current": PASSWORD, "password": "une autre phrase, plus longue"}
    assert mine.post("/account/password", fields).status_code == 303
    assert is_in(mine)
    assert not is_in(other)
    assert not open_at(fresh_site, before, minutes=0), "not even the one that changed it, under its former token"
    assert sign(Browser(fresh_site.app), address_of(Role.DPO)).status_code == 422
    assert sign(Browser(fresh_site.app), address_of(Role.DPO), fields["password"]).status_code == 303


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"current": "not the one", "password": "une autre phrase"}, "This is not your present password"),
        ({"current": PASSWORD, "password": "court"}, "Choose 12 to 128 characters"),
        ({"current": PASSWORD, "password": "abababababab"}, "Choose at least five different characters"),
        (
            {"current": PASSWORD, "password": "my role is DPO, always"},
            "Choose a password that does not hold your address",
        ),
        ({"current": PASSWORD}, "Enter the new password"),
    ],
)
def test_a_password_that_is_refused_changes_nothing(site: ConsoleSite, fields: dict[str, str], said: str) -> None:
    browser = site.browser(Role.DPO)
    answer = browser.post("/account/password", fields)
    assert answer.status_code == 422
    assert said in unescape(answer.get_data(as_text=True))
    with reading(site.wired.sessions) as session:
        assert staff.check(session, site.wired.keyring, address_of(Role.DPO), PASSWORD) is not None


def test_a_closed_account_is_out_at_once(fresh_site: ConsoleSite) -> None:
    browser = signed_in(fresh_site)
    with unit(fresh_site.wired.sessions) as session:
        staff.disable(session, fresh_site.account(Role.DPO).id, NOW)
    assert not is_in(browser)
    assert sign(Browser(fresh_site.app), address_of(Role.DPO)).status_code == 422


def test_the_account_page_counts_sessions_and_ends_the_others(fresh_site: ConsoleSite) -> None:
    mine, other = signed_in(fresh_site), signed_in(fresh_site)
    assert "2 sessions are open" in mine.get("/account/").get_data(as_text=True)
    assert mine.post("/account/sessions/end-others").status_code == 303
    assert "One session is open: this one." in mine.get("/account/").get_data(as_text=True)
    assert not is_in(other)


def test_language_and_light_stay_with_the_account(fresh_site: ConsoleSite) -> None:
    browser = signed_in(fresh_site)
    browser.get("/account/")
    assert browser.post("/account/preferences", {"language": "fr", "theme": "dark"}).status_code == 303
    page = signed_in(fresh_site).get("/").get_data(as_text=True)
    assert '<html lang="fr" data-bs-theme="dark">' in page
    browser.get("/account/")
    assert browser.post("/account/preferences", {"language": "xx", "theme": "pink"}).status_code == 422


def test_a_form_without_the_sessions_token_or_from_elsewhere_is_refused(site: ConsoleSite) -> None:
    browser = site.browser(Role.DPO)
    elsewhere = browser.post("/account/sign-out", headers={"Origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403
    browser.form_token = "0" * 64
    assert browser.post("/account/sign-out").status_code == 403
    assert is_in(browser)
    silent = Browser(site.app)
    assert silent.client.post("/sign-in", data={"email": "x", "password": "y"}).status_code == 403, "it says no origin"


def test_every_page_but_signing_in_asks_who_is_there(site: ConsoleSite) -> None:
    adapter = site.app.url_map.bind("localhost")
    nobody = UUID(int=0)
    values: dict[str, object] = {"subject_ref": nobody, "record_id": nobody, "version": 1}
    browser = Browser(site.app)
    asked = 0
    for rule in site.app.url_map.iter_rules():
        if isinstance(ACCESS[rule.endpoint], Open):
            continue
        method = "GET" if rule.methods and "GET" in rule.methods else "POST"
        path = adapter.build(rule.endpoint, {name: values.get(name, "x") for name in rule.arguments}, method=method)
        answer = browser.get(path) if method == "GET" else browser.post(path)
        assert (answer.status_code, answer.headers.get("Location")) == (303, "/sign-in"), path
        asked += 1
    assert asked > 10
