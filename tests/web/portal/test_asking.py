"""Asking: what is sent is what was checked, once, and the same for people who are known here and who are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from consentcore.consent.decide import decide
from consentcore.errors import ConfigurationError
from consentcore.outbox.put import Message
from consentcore.policyset import Channel
from consentcore.requests import lifecycle
from consentcore.requests.content import read_content
from consentcore.requests.tables import Right, Status, SubjectRequest
from tests.builders.asking import ask_for, fill_in, send_in, submit_of
from tests.builders.faces import Browser
from tests.builders.people import open_people
from web.portal import sending
from web.security.limits import Limit
from web.wiring import Service

CAMILLE = "camille.deschamps@courriel.example"
STRANGER = "kim.nobody@courriel.example"
Confirmed = Callable[..., Browser]
Mails = Callable[[], list[Message]]


def requests_of(service: Service) -> list[SubjectRequest]:
    """Every request there is."""
    with service.sessions() as session:
        return list(session.scalars(select(SubjectRequest)))


def opened(service: Service, reference: str) -> tuple[SubjectRequest, dict[str, object], dict[Right, str | None]]:
    """One request, its sealed document, its rights."""
    with service.sessions() as session:
        dsr = lifecycle.find(session, reference)
        return dsr, read_content(service.keyring, dsr), lifecycle.rights_of(session, dsr.id)


@pytest.mark.parametrize("what", ["access", "portability", "erasure"])
def test_a_request_is_received_and_verified(service: Service, camille: UUID, confirmed: Confirmed, what: str) -> None:
    reference = ask_for(confirmed(), what)
    dsr, content, rights = opened(service, reference)
    assert (dsr.subject_ref, dsr.status, dsr.channel) == (camille, Status.VERIFIED, "portal")
    assert content["method"] == "email_code" and rights == {Right(what): None}


def test_questions_come_one_by_one_and_lead_back(portal: Flask) -> None:
    browser = Browser(portal)
    assert browser.post("/fr/ask/access", {}).headers["Location"].endswith("/fr/ask/whom")
    page = browser.get("/fr/ask/whom").get_data(as_text=True)
    assert 'class="cc-back" href="/fr/ask/access"' in page and "checked" not in page
    refused = browser.post("/fr/ask/whom", {})
    assert refused.status_code == 422 and "<title>Erreur" in refused.get_data(as_text=True)
    assert browser.post("/fr/ask/whom", {"whom": "me"}).headers["Location"].startswith("/fr/sign-in/?then=ask_answers")
    for question in ("values", "more", "whom", "person", "address"):
        assert Browser(portal).get(f"/fr/ask/{question}").status_code == 303  # nothing was begun


def test_answers_can_be_changed_before_they_are_sent(camille: UUID, confirmed: Confirmed) -> None:
    browser = confirmed()
    fill_in(browser, "access")
    first = submit_of(browser)
    assert "Pour moi" in browser.page.get_data(as_text=True)  # type: ignore[union-attr]
    browser.send("/fr/ask/whom", {"whom": "heir"})
    browser.send("/fr/ask/person", {"email": "feu@courriel.example"})
    page = browser.page.get_data(as_text=True)  # type: ignore[union-attr]
    assert "feu@courriel.example" in page and 'href="/fr/ask/whom"' in page and submit_of(browser) != first
    stale = browser.post("/fr/ask/answers", {"submit": first})
    assert stale.headers["Location"].endswith("/fr/ask/answers")  # what was not checked is not sent


def test_a_form_sent_twice_makes_one_request(
    service: Service, camille: UUID, confirmed: Confirmed, mails: Mails
) -> None:
    browser = confirmed()
    fill_in(browser, "access")
    submit = submit_of(browser)
    first = browser.post("/fr/ask/answers", {"submit": submit})
    again = browser.post("/fr/ask/answers", {"submit": submit})
    assert first.headers["Location"] == again.headers["Location"]
    assert ask_for(browser, "access") == first.headers["Location"].rpartition("/")[2]  # the same answers, soon after
    assert len(requests_of(service)) == 1 and [one.kind for one in mails()] == ["request_received"]
    assert ask_for(browser, "portability") not in first.headers["Location"]


def test_two_clicks_at_once_make_one_request(
    service: Service, camille: UUID, confirmed: Confirmed, portal: Flask
) -> None:
    browser = confirmed()
    fill_in(browser, "access")
    submit, token = submit_of(browser), browser.form_token
    cookie = browser.client.get_cookie("cc_portal")
    assert cookie is not None

    def click(_: int) -> str:
        client = portal.test_client()
        client.set_cookie("cc_portal", cookie.value)
        sent = {"submit": submit, "form_token": token}
        return client.post("/fr/ask/answers", data=sent, headers={"Origin": "http://localhost"}).headers["Location"]

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(click, range(4)))) == 1
    assert len(requests_of(service)) == 1


def test_known_and_unknown_see_and_get_the_same(
    service: Service, camille: UUID, confirmed: Confirmed, mails: Mails
) -> None:
    def shape(page: str) -> str:
        page = re.sub(r'value="[^"]{12,}"', "", page)
        return re.sub(r"[A-Z0-9]{4}-[A-Z0-9]{4}", "REF", page).replace("k…y@", "c…s@")

    seen = []
    for address in (CAMILLE, STRANGER):
        browser = confirmed(address)
        reference = ask_for(browser, "erasure")
        pages = [browser.get(f"/fr/{path}/{reference}").get_data(as_text=True) for path in ("requests", "follow")]
        seen.append([shape(page) for page in pages])
    assert seen[0] == seen[1]
    (known, unknown) = mails()
    assert (known.kind, known.subject[:20], len(known.body)) == (unknown.kind, unknown.subject[:20], len(unknown.body))
    assert {dsr.status for dsr in requests_of(service)} == {Status.VERIFIED}


def test_a_shared_address_is_left_to_people(service: Service, confirmed: Confirmed, now: datetime) -> None:
    open_people(service.sessions, service.keyring, now, "famille@courriel.example", "famille@courriel.example")
    browser = confirmed("famille@courriel.example")
    reference = ask_for(browser, "access")
    dsr, _, _ = opened(service, reference)
    assert (dsr.subject_ref, dsr.status) == (None, Status.RECEIVED)
    assert "s’assurer de qui fait la demande" in browser.get(f"/fr/requests/{reference}").get_data(as_text=True)


def test_somebody_who_asks_for_another_is_never_verified_here(
    service: Service, camille: UUID, confirmed: Confirmed
) -> None:
    browser = confirmed("maitre@cabinet.example")
    fill_in(browser, "access", whom="mandate")
    browser.send("/fr/ask/person", {"email": CAMILLE})
    reference = send_in(browser)
    dsr, content, _ = opened(service, reference)
    assert dsr.status == Status.RECEIVED
    assert (content["requester"], content["role"]) == ("maitre@cabinet.example", "mandate")
    shown = browser.get(f"/fr/requests/{reference}").get_data(as_text=True)
    assert "pour une autre personne" in shown and "Deschamps" not in shown


def test_an_objection_to_marketing_needs_no_proof(
    service: Service, camille: UUID, portal: Flask, now: datetime, mails: Mails
) -> None:
    browser = Browser(portal)
    browser.get("/fr/ask/limit")
    browser.send("/fr/ask/limit", {"usage": "marketing"})
    browser.send("/fr/ask/address", {"email": CAMILLE})
    reference = send_in(browser, proof=False)
    dsr, _, rights = opened(service, reference)
    assert (dsr.status, rights) == (Status.CLOSED, {Right.OBJECTION: "marketing"})
    with service.sessions() as session:
        verdict = decide(session, camille, "similar_products", Channel.EMAIL, service.policy, now)
        assert not verdict.allowed
    assert [one.kind for one in mails()] == ["request_in_effect"]
    assert browser.get(f"/fr/requests/{reference}").status_code == 200  # this session sent it
    assert browser.get(f"/fr/follow/{reference}").status_code == 303  # more than that wants a confirmed address
    stranger = Browser(portal).get(f"/fr/requests/{reference}")
    assert stranger.status_code == 303 and "/sign-in/" in stranger.headers["Location"]


def test_what_needs_proof_is_not_sent_without(service: Service, portal: Flask) -> None:
    browser = Browser(portal)
    browser.get("/fr/ask/erasure")
    browser.send("/fr/ask/erasure", {})
    browser.send("/fr/ask/whom", {"whom": "me"})
    assert "/sign-in/" in browser.post("/fr/ask/check", {"submit": "x"}).headers["Location"]
    assert "/sign-in/" in browser.post("/fr/ask/answers", {"submit": "x"}).headers["Location"]
    assert not requests_of(service)


def test_a_restriction_is_taken_in_with_its_reason(service: Service, camille: UUID, confirmed: Confirmed) -> None:
    browser = confirmed()
    browser.get("/fr/ask/limit")
    browser.send("/fr/ask/limit", {"usage": "restriction"})
    browser.send("/fr/ask/more", {"more": "Je conteste le montant."})
    browser.send("/fr/ask/whom", {"whom": "me"})
    dsr, content, rights = opened(service, send_in(browser))
    assert rights == {Right.RESTRICTION: None} and dsr.status == Status.VERIFIED
    assert content["notes"] == "Je conteste le montant."


def test_a_rectification_names_fields_and_values(service: Service, camille: UUID, confirmed: Confirmed) -> None:
    browser = confirmed()
    browser.get("/en/ask/rectification")
    assert browser.post("/en/ask/rectification", {}).status_code == 422
    browser.send("/en/ask/rectification", {"fields": ["last_name", "birth_date", "phone", "other"]})
    wrong = browser.post("/en/ask/values", {"last_name": "", "birth_date": "2999-01-01", "phone": "12"})
    page = wrong.get_data(as_text=True)
    assert wrong.status_code == 422 and page.count("cc-field-e") == 4 and 'value="2999-01-01"' in page
    right = {"last_name": "Petit", "birth_date": "1990-05-17", "phone": "01 99 00 12 34", "other": "My invoice of May"}
    browser.send("/en/ask/values", right)
    browser.send("/en/ask/more", {"more": ""})
    browser.send("/en/ask/whom", {"whom": "me"})
    assert "17 May 1990" in browser.page.get_data(as_text=True)  # type: ignore[union-attr]
    _, content, rights = opened(service, send_in(browser, lang="en"))
    assert rights == {Right.RECTIFICATION: None} and content["changes"] == right


def test_what_the_law_keeps_is_said_before_an_erasure(portal: Flask) -> None:
    page = Browser(portal).get("/fr/ask/erasure").get_data(as_text=True)
    assert "Ce que nous devons garder" in page and "10 ans" in page and "L123-22" in page


def test_requests_of_an_address_are_limited(
    service: Service, portal: Flask, monkeypatch: pytest.MonkeyPatch, mails: Mails
) -> None:
    monkeypatch.setattr(sending, "PER_ADDRESS", Limit("request_of", 2, timedelta(days=1)))
    answers = []
    for _ in range(3):
        browser = Browser(portal)
        browser.get("/fr/ask/limit")
        browser.send("/fr/ask/limit", {"usage": "marketing"})
        browser.send("/fr/ask/address", {"email": STRANGER})
        answers.append(browser.post("/fr/ask/check", {"submit": submit_of(browser)}).status_code)
    assert answers == [303, 303, 429] and len(mails()) == 2
    with service.sessions() as session:
        assert session.scalar(select(func.count()).select_from(SubjectRequest)) == 2


def test_confirmation_receipt_and_calendar_of_one_request(
    service: Service, camille: UUID, confirmed: Confirmed, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = confirmed()
    reference = ask_for(browser, "access")
    shown = browser.get(f"/fr/requests/{reference}").get_data(as_text=True)
    assert reference in shown and "mercredi 9 décembre 2026" in shown and "c…s@co…el.example" in shown
    assert CAMILLE not in shown and "9 novembre 2026 à 10" in shown
    calendar = browser.get(f"/fr/requests/{reference}/calendar.ics")
    assert b"DTSTART;VALUE=DATE:20261209" in calendar.data and CAMILLE.encode() not in calendar.data
    monkeypatch.setattr("web.portal.confirmation.receipt_pdf", lambda data, *_: f"%PDF- {data.reference}".encode())
    drawn = browser.get(f"/fr/requests/{reference}/receipt.pdf")
    assert drawn.data == f"%PDF- {reference}".encode() and drawn.headers["Cache-Control"] == "no-store"

    def cannot(*_: object) -> bytes:
        raise ConfigurationError("no Pango")

    monkeypatch.setattr("web.portal.confirmation.receipt_pdf", cannot)
    page = browser.get(f"/fr/requests/{reference}/receipt.pdf").get_data(as_text=True)
    assert "ne peut pas être produit ici" in page and "1 mois" in page and reference in page
