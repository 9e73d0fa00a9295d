"""Signing in by code: for known and unknown addresses alike, bound to browser and address, counted, limited."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from consentcore.crypto.keyring import Keyring
from tests.builders.faces import Browser
from tests.builders.people import open_people
from tests.web.portal.conftest import CAMILLE, Confirmed, Mails
from web.portal import sign_in
from web.portal.visitor import Visitor
from web.security import codes, sessions
from web.security.codes import ATTEMPTS, Tried
from web.security.tables import CodeRow, SessionRow
from web.transaction import unit
from web.wiring import Service

NOBODY = "personne.dubois.x@courriel.example"
"""As long as Camille's, known to nobody."""
COOKIE = "cc_portal"


def begin(app: Flask, address: str, path: str = "/fr/sign-in/") -> Browser:
    browser = Browser(app)
    browser.get(path)
    assert browser.page is not None
    hidden = dict(re.findall(r'type="hidden" name="(then|reference)" value="([^"]*)"', browser.page.text))
    assert browser.post("/fr/sign-in/", {"email": address, **hidden}).status_code == 303
    assert browser.get("/fr/sign-in/code").status_code == 200
    return browser


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_code_leads_back_to_where_one_wanted_to_go(
    portal: Flask, camille: UUID, newest_code: Callable[[str], str]
) -> None:
    browser = Browser(portal)
    sent = browser.get("/fr/history/").headers["Location"]
    assert sent.endswith("/fr/sign-in/?then=history.page")
    browser = begin(portal, CAMILLE, sent)
    page = browser.get("/fr/sign-in/code")
    assert 'autocomplete="one-time-code"' in page.text
    assert 'inputmode="numeric"' in page.text
    assert "c…s@co…el.example" in page.text
    assert CAMILLE not in page.text
    code = newest_code(CAMILLE)
    answer = browser.post("/fr/sign-in/code", {"code": f" {code[:3]}-{code[3:]} "})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/fr/history/")
    assert browser.get("/fr/history/").status_code == 200


def test_only_our_own_pages_are_gone_back_to(portal: Flask, newest_code: Callable[[str], str]) -> None:
    elsewhere = (
        "//evil.example",
        "https://evil.example/",
        "sign_in.submit",
        "start.page",
        "preferences.save",
        "x" * 500,
    )
    for number, then in enumerate(elsewhere):
        address = f"a{number}@courriel.example"
        browser = begin(portal, address, f"/fr/sign-in/?then={then}")
        answer = browser.post("/fr/sign-in/code", {"code": newest_code(address)})
        assert answer.headers["Location"] == "/fr/preferences/", then


def test_known_and_unknown_look_the_same(portal: Flask, service: Service, camille: UUID, mails: Mails) -> None:
    begin(portal, "warm@courriel.example")  # the limits of everybody have their rows now
    seen = []
    for address in (CAMILLE, NOBODY):
        with counted(service) as statements:
            browser = Browser(portal)
            browser.get("/fr/sign-in/")
            sent = browser.post("/fr/sign-in/", {"email": address})
            page = browser.get("/fr/sign-in/code")
            tried = browser.post("/fr/sign-in/code", {"code": "12"})
        answers = [(one.status_code, len(one.text), sorted(one.headers.keys())) for one in (sent, page, tried)]
        seen.append((answers, statements.copy()))
    known, unknown = seen
    assert known[0] == unknown[0]
    assert known[1] == unknown[1], "the same work was to be done in the database"
    _, first, second = mails()
    assert [first.to, second.to] == [CAMILLE, NOBODY]
    assert (first.kind, first.subject, len(first.body)) == (second.kind, second.subject, len(second.body))


class counted:  # noqa: N801 reads as a verb
    """Count the statements of each kind that reach the main database inside a block."""

    def __init__(self, service: Service) -> None:
        self.engine, self.counts = service.engine, Counter[str]()

    def __enter__(self) -> Counter[str]:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self.counts

    def __exit__(self, *error: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        self.counts[" ".join(re.sub(r"\(\?.*?\)", "(?)", statement).split()[:3])] += 1


def test_the_code_takes_no_longer_for_a_known_address(portal: Flask, service: Service, camille: UUID) -> None:
    times: dict[str, list[float]] = {CAMILLE: [], NOBODY: []}
    for round_ in range(4):
        for address in (CAMILLE, NOBODY) if round_ % 2 else (NOBODY, CAMILLE):
            browser = Browser(portal)
            browser.get("/fr/sign-in/")
            started = perf_counter()
            browser.post("/fr/sign-in/", {"email": address})
            times[address].append(perf_counter() - started)
    assert 0.3 < median(times[CAMILLE]) / median(times[NOBODY]) < 3


def test_opening_a_page_changes_nothing(portal: Flask, service: Service, mails: Mails) -> None:
    # what a mail scanner does with every address that it finds
    browser = begin(portal, NOBODY)
    before = rows(service)
    for path in ("/fr/sign-in/code", "/fr/sign-in/?then=history.page", "/fr/sign-in/again", "/fr/preferences/", "/fr/"):
        browser.get(path)
        Browser(portal).get(path)
    assert rows(service) == before
    assert len(mails()) == 1


def rows(service: Service) -> list[Any]:
    with service.sessions() as session:
        return [
            session.execute(select(CodeRow.id, CodeRow.attempts, CodeRow.used_at)).all(),
            session.execute(select(SessionRow.token_sha256, SessionRow.content)).all(),
        ]


def test_confirming_begins_a_new_session(portal: Flask, newest_code: Callable[[str], str]) -> None:
    browser = begin(portal, NOBODY)
    before = browser.client.get_cookie(COOKIE, path="/")
    browser.get("/fr/sign-in/code")
    browser.post("/fr/sign-in/code", {"code": newest_code(NOBODY)})
    after = browser.client.get_cookie(COOKIE, path="/")
    assert before is not None and after is not None
    assert before.value != after.value
    fixed = portal.test_client()
    fixed.set_cookie(COOKIE, before.value)
    assert fixed.get("/fr/preferences/").status_code == 303, "the session before the code opens nothing"


def test_a_code_works_once_in_its_browser_alone(portal: Flask, newest_code: Callable[[str], str]) -> None:
    mine, other = begin(portal, CAMILLE), begin(portal, NOBODY)
    code = newest_code(CAMILLE)
    newest_code(NOBODY)
    other.get("/fr/sign-in/code")
    assert other.post("/fr/sign-in/code", {"code": code}).status_code == 422
    mine.get("/fr/sign-in/code")
    assert mine.post("/fr/sign-in/code", {"code": code}).status_code == 303
    mine.get("/fr/sign-in/again?then=history.page")
    assert mine.post("/fr/sign-in/code", {"code": code}).status_code == 422, "it was used"


def test_a_code_confirms_no_other_address_than_that_it_went_to(
    portal: Flask, camille: UUID, newest_code: Callable[[str], str]
) -> None:
    """An attacker has a code of his own address, and puts Camille's into the same session before he enters it."""
    browser = begin(portal, NOBODY)
    mine = newest_code(NOBODY)
    browser.get("/fr/sign-in/?other=1")
    browser.post("/fr/sign-in/", {"email": CAMILLE})
    browser.get("/fr/sign-in/code")
    assert browser.post("/fr/sign-in/code", {"code": mine}).status_code == 422
    assert browser.get("/fr/preferences/").status_code == 303


def test_another_address_loses_the_confirmation(portal: Flask, confirmed: Confirmed) -> None:
    browser = confirmed(NOBODY)
    browser.get("/fr/sign-in/?other=1")
    browser.post("/fr/sign-in/", {"email": CAMILLE})
    assert browser.get("/fr/preferences/").status_code == 303


def test_a_look_alike_does_not_receive_the_code(
    portal: Flask, service: Service, keyring: Keyring, now: datetime, mails: Mails
) -> None:
    open_people(service.sessions, keyring, now, "x.mass@strasse.example")
    for typed in ("x.mass@straße.example", "X.Mass@STRASSE.example", "x.maß@strasse.example"):
        begin(portal, typed)
    begin(portal, "y@straße.example")
    assert [one.to for one in mails()] == ["x.mass@strasse.example"] * 3 + ["y@strasse.example"]


def test_attempts_are_told_and_end(portal: Flask, newest_code: Callable[[str], str]) -> None:
    browser = begin(portal, NOBODY)
    code = newest_code(NOBODY)
    browser.get("/fr/sign-in/code")
    said = [browser.post("/fr/sign-in/code", {"code": wrong(code)}).text for _ in range(ATTEMPTS)]
    assert "Encore\u00a04\u00a0essais" in said[0]
    assert "Encore\u00a01\u00a0essai." in said[3]
    assert "plus valable" in said[4]
    assert browser.post("/fr/sign-in/code", {"code": code}).status_code == 422, "the right one comes too late"


def test_two_hundred_guesses_at_once_are_five(portal: Flask, service: Service, now: datetime) -> None:
    browser = begin(portal, NOBODY)
    cookie = browser.client.get_cookie(COOKIE, path="/")
    assert cookie is not None
    with service.sessions() as session:
        visit = sessions.find(session, service.keyring, "portal", cookie.value, now)
        used_for = session.scalars(select(CodeRow.used_for)).one()
    assert visit is not None

    def guess(_: int) -> Tried:
        with unit(service.sessions) as session:
            return codes.attempt(session, visit, used_for, "not this one", now).outcome

    with ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(guess, range(200)))
    assert answers[Tried.WRONG] == ATTEMPTS - 1, "the fifth says at once that it was the last"
    assert answers[Tried.RIGHT] == 0
    with service.sessions() as session:
        assert session.scalars(select(CodeRow.attempts)).one() == ATTEMPTS


def test_a_code_ends_after_ten_minutes(
    portal: Flask, at: Callable[[datetime], Flask], now: datetime, newest_code: Callable[[str], str]
) -> None:
    browser = begin(portal, NOBODY)
    code = newest_code(NOBODY)
    browser.get("/fr/sign-in/code")
    late = Browser(at(now + timedelta(minutes=10, seconds=1)))
    late.client._cookies = browser.client._cookies  # the same browser, later
    late.form_token = browser.form_token
    answer = late.post("/fr/sign-in/code", {"code": code})
    assert (answer.status_code, "plus valable" in answer.text) == (422, True)


def test_a_new_code_takes_the_place_of_the_old_one(portal: Flask, newest_code: Callable[[str], str]) -> None:
    browser = begin(portal, NOBODY)
    old = newest_code(NOBODY)
    browser.get("/fr/sign-in/code")
    assert "Un nouveau code est parti" in browser.send("/fr/sign-in/resend").text
    new = newest_code(NOBODY)
    if old != new:
        assert browser.post("/fr/sign-in/code", {"code": old}).status_code == 422
    assert browser.post("/fr/sign-in/code", {"code": new}).status_code == 303


def test_nobody_is_flooded(portal: Flask, mails: Mails) -> None:
    for _ in range(sign_in.PER_ADDRESS.most):
        begin(portal, NOBODY)
    browser = Browser(portal)
    browser.get("/fr/sign-in/")
    answer = browser.post("/fr/sign-in/", {"email": NOBODY.upper()})
    assert answer.status_code == 429
    assert "Trop d’essais" in answer.text
    assert len(mails()) == sign_in.PER_ADDRESS.most


@pytest.mark.parametrize("limit", ["PER_CONNECTION", "OF_ALL"])
def test_a_connection_and_everybody_have_limits(
    portal: Flask, mails: Mails, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    few = sign_in.Limit(f"few_{limit.lower()}"[:24], 2, timedelta(hours=1))
    monkeypatch.setattr(sign_in, limit, few)
    for number in range(2):
        begin(portal, f"a{number}@courriel.example")
    browser = Browser(portal)
    browser.get("/fr/sign-in/")
    assert browser.post("/fr/sign-in/", {"email": "a9@courriel.example"}).status_code == 429
    assert len(mails()) == 2


def test_what_is_no_address_is_refused(portal: Flask, mails: Mails) -> None:
    browser = Browser(portal)
    browser.get("/en/sign-in/")
    for typed in ("", "camille", "a@b@c", "a b@c.example", "a@c.example\r\nBcc: x@y.example", "é" * 300):
        answer = browser.post("/en/sign-in/", {"email": typed})
        assert answer.status_code == 422, typed
        assert "<title>Error: " in answer.text
        assert 'href="#email"' in answer.text
    assert not mails()


def test_the_code_stands_in_the_text_and_not_in_the_subject(portal: Flask, mails: Mails) -> None:
    begin(portal, NOBODY)
    (mail,) = mails()
    found = re.findall(r"\b\d{3} \d{3}\b", mail.body)
    assert len(found) == 2 and len(set(found)) == 1, "once in French, once in English"
    assert not re.search(r"\d", mail.subject)
    assert "Votre code" in mail.body and "Your code" in mail.body
    assert mail.kind == "sign_in_code"


def test_a_second_code_renews_the_confirmation(
    portal: Flask,
    confirmed: Confirmed,
    at: Callable[[datetime], Flask],
    now: datetime,
    newest_code: Callable[[str], str],
) -> None:
    browser = confirmed(NOBODY)
    later = Browser(at(now + timedelta(minutes=20)))
    later.client._cookies = browser.client._cookies
    page = later.get("/fr/sign-in/again?then=history.page")
    assert NOBODY not in page.text
    assert later.post("/fr/sign-in/again", {"then": "history.page"}).headers["Location"].endswith("/fr/sign-in/code")
    later.get("/fr/sign-in/code")
    code = newest_code(NOBODY)
    assert later.post("/fr/sign-in/code", {"code": wrong(code)}).status_code == 422
    assert later.get("/fr/history/").status_code == 200, "the address stays confirmed meanwhile"
    assert later.post("/fr/sign-in/code", {"code": code}).headers["Location"] == "/fr/history/"


def test_how_fresh_a_confirmation_is(now: datetime) -> None:
    found = Visitor(CAMILLE, now)
    assert found.confirmed_within(timedelta(minutes=10), now + timedelta(minutes=9))
    assert not found.confirmed_within(timedelta(minutes=10), now + timedelta(minutes=10))
    assert not Visitor(CAMILLE, None).confirmed_within(timedelta(minutes=10), now)


def test_leaving_ends_the_session(confirmed: Confirmed, service: Service) -> None:
    browser = confirmed(NOBODY)
    browser.get("/fr/preferences/")
    assert browser.post("/fr/sign-in/leave").status_code == 303
    assert browser.get("/fr/preferences/").status_code == 303
    with service.sessions() as session:
        assert session.scalar(select(func.count()).select_from(SessionRow)) == 0


def test_no_session_begins_by_reading(portal: Flask) -> None:
    for path in ("/fr/", "/fr/sign-in/", "/fr/about", "/fr/accessibility", "/fr/notices/newsletter/1"):
        answer = Browser(portal).get(path)
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False), path


def test_a_form_from_elsewhere_is_refused(portal: Flask, mails: Mails) -> None:
    answer = portal.test_client().post(
        "/fr/sign-in/", data={"email": NOBODY}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert not mails()
