"""What a person receives: nothing pre-ticked, what stands and since when, only changes recorded, with their proof."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from consentcore.consent.decide import Reason
from consentcore.consent.tables import ConsentState
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.contacts import Contact
from consentcore.crypto.blindindex import normalise_email
from consentcore.crypto.keyring import Keyring
from consentcore.ledger import verify_receipt
from consentcore.policyset import Channel
from consentcore.requests.intake import Intake, receive
from consentcore.requests.tables import Right, SubjectRequest
from consentcore.subjects.objections import open_objections
from consentcore.suppression.entries import entries_at, entries_of_person, is_suppressed
from tests.builders.choices import declare, reason, records
from tests.builders.faces import Browser
from tests.builders.people import draft, open_people
from tests.web.portal.conftest import CAMILLE, Confirmed, Mails
from web.transaction import unit
from web.wiring import Service

EMAIL, SMS = Channel.EMAIL, Channel.SMS
CONSENTS = {
    "audience_measurement-app",
    "email_tracking-email",
    "newsletter-email",
    "partner_sharing-email",
    "promotions-email",
}
NEEDS_NUMBER = {"phone_prospecting-phone", "promotions-sms"}
OBJECTIONS = {"scoring-all", "similar_products-all"}
ALL_NO = CONSENTS | OBJECTIONS


def ticked(page: str) -> dict[str, str]:
    """Return what is ticked on a page."""
    return dict(re.findall(r'name="([a-z0-9_-]+)" type="radio" value="(yes|no)" checked', page))


def fields(page: str) -> set[str]:
    return set(re.findall(r'name="([a-z0-9_-]+)" type="radio"', page))


@pytest.fixture
def reachable(service: Service, keyring: Keyring, now: datetime) -> UUID:
    """A person with an address and a telephone."""
    with service.sessions.begin() as session:
        return open_contacts(session, keyring, [draft("tel@courriel.example", phone="06 12 34 56 78")], now)[
            0
        ].subject_ref


def test_nothing_is_ticked_where_nothing_was_said(confirmed: Confirmed, camille: UUID) -> None:
    page = confirmed().get("/fr/preferences/").text
    assert fields(page) == ALL_NO
    assert ticked(page) == {}
    assert page.count("vous n’avez pas encore choisi") == len(CONSENTS)
    assert "aucune opposition de votre part" in page
    assert page.index("Tout refuser") < page.index("Tout accepter")
    assert page.count('class="btn btn-outline-primary" type="submit" name="all"') == 2, "twins look alike"


def test_what_stands_is_ticked_and_dated(confirmed: Confirmed, service: Service, camille: UUID, now: datetime) -> None:
    declare(service, camille, "newsletter", ConsentState.GIVEN, datetime(2025, 3, 14, 10, tzinfo=UTC))
    declare(service, camille, "promotions", ConsentState.REFUSED, datetime(2026, 6, 1, 22, 30, tzinfo=UTC))
    page = confirmed().get("/fr/preferences/").text
    assert ticked(page) == {"newsletter-email": "yes", "promotions-email": "no"}
    assert "oui depuis le 14 mars 2025" in page
    assert "non depuis le 2 juin 2026" in page, "the day is that of the controller's clocks"


def test_a_yes_that_ran_out_is_no_yes(confirmed: Confirmed, service: Service, camille: UUID) -> None:
    declare(service, camille, "newsletter", ConsentState.GIVEN, datetime(2023, 1, 5, 10, tzinfo=UTC))
    page = confirmed().get("/fr/preferences/").text
    assert ticked(page) == {}
    assert "votre oui a pris fin le 5 janvier 2026" in page


def test_text_messages_are_asked_about_where_there_is_a_number(confirmed: Confirmed, reachable: UUID) -> None:
    page = confirmed("tel@courriel.example").get("/en/preferences/").text
    assert fields(page) == ALL_NO | NEEDS_NUMBER
    assert "Text message" in page


def test_offers_to_professionals_are_asked_about_where_somebody_is_one(
    confirmed: Confirmed, service: Service, camille: UUID
) -> None:
    assert "prospecting_b2b-all" not in fields(confirmed().get("/en/preferences/").text)
    with unit(service.sessions) as session:
        session.execute(update(Contact).where(Contact.subject_ref == camille).values(capacity="professional"))
    assert "prospecting_b2b-all" in fields(confirmed().get("/en/preferences/").text)


def test_choices_are_recorded_with_their_evidence(
    confirmed: Confirmed, service: Service, camille: UUID, mails: Mails, now: datetime
) -> None:
    browser = confirmed()
    browser.get("/fr/preferences/")
    answer = browser.post("/fr/preferences/", {"newsletter-email": "yes", "promotions-email": "no"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/fr/preferences/saved")
    assert [(row.purpose, row.state, row.method) for row in records(service, camille)] == [
        ("newsletter", "given", "portal"),
        ("promotions", "refused", "portal"),
    ]
    assert reason(service, camille, "newsletter") is Reason.CONSENT_GIVEN
    assert reason(service, camille, "promotions") is Reason.CONSENT_REFUSED
    (first, _) = records(service, camille)
    payload = receipt(browser, first.id)["content"]["payload"]
    assert payload["contact_point"] == CAMILLE
    assert payload["notice"] == "newsletter@1/fr"
    assert re.fullmatch(r"[0-9a-f]{64}", payload["form_sha256"])
    details = {one["name"]: one["text"] for one in payload["details"]}
    assert (details["page"], details["locale"]) == ("portal/preferences", "fr")
    saved = [one for one in mails() if one.kind == "choices_saved"]
    assert [one.to for one in saved] == [CAMILLE]
    assert "- Lettre d’information, Courriel : oui" in saved[0].body
    assert "- Offers and promotions, E-mail: no" in saved[0].body


def receipt(browser: Browser, record_id: UUID) -> dict[str, dict[str, dict[str, str]]]:
    answer = browser.get(f"/fr/history/receipts/{record_id}")
    assert answer.status_code == 200
    return json.loads(answer.text)  # type: ignore[no-any-return]


def test_the_hash_of_the_form_tells_its_wording(confirmed: Confirmed, service: Service, camille: UUID) -> None:
    browser = confirmed()
    for lang, answer in (("fr", "yes"), ("fr", "no"), ("en", "yes")):
        browser.get(f"/{lang}/preferences/")
        browser.post(f"/{lang}/preferences/", {"newsletter-email": answer})
    hashes = [receipt(browser, row.id)["content"]["payload"]["form_sha256"] for row in records(service, camille)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_only_what_changed_is_recorded(
    confirmed: Confirmed, service: Service, camille: UUID, mails: Mails, now: datetime
) -> None:
    declare(service, camille, "newsletter", ConsentState.GIVEN, now - timedelta(days=9))
    declare(service, camille, "promotions", ConsentState.REFUSED, now - timedelta(days=9))
    browser = confirmed()
    browser.get("/fr/preferences/")
    same = {"newsletter-email": "yes", "promotions-email": "no"}
    assert "Rien n’a changé" in browser.send("/fr/preferences/", same).text
    assert len(records(service, camille)) == 2
    assert not [one for one in mails() if one.kind == "choices_saved"]
    page = browser.send("/fr/preferences/", {**same, "newsletter-email": "no"})
    assert "Vos choix sont enregistrés" in page.text
    assert [row.state for row in records(service, camille)][-1] == "withdrawn", "a yes that ends is a withdrawal"


def test_refusing_all_takes_one_press_as_accepting_all_does(
    confirmed: Confirmed, service: Service, reachable: UUID
) -> None:
    browser = confirmed("tel@courriel.example")
    browser.get("/fr/preferences/")
    browser.send("/fr/preferences/", {"all": "yes", "newsletter-email": "no"})
    page = browser.get("/fr/preferences/").text
    consents = CONSENTS | NEEDS_NUMBER
    assert ticked(page) == dict.fromkeys(consents, "yes")
    browser.send("/fr/preferences/", {"all": "no"})
    page = browser.get("/fr/preferences/").text
    assert ticked(page) == dict.fromkeys(consents | OBJECTIONS, "no")
    assert reason(service, reachable, "promotions", SMS) is Reason.CONSENT_WITHDRAWN
    assert reason(service, reachable, "similar_products") is Reason.OBJECTION


def test_a_channel_is_chosen_by_itself(confirmed: Confirmed, service: Service, reachable: UUID) -> None:
    browser = confirmed("tel@courriel.example")
    browser.get("/fr/preferences/")
    browser.send("/fr/preferences/", {"promotions-email": "no", "promotions-sms": "yes"})
    assert reason(service, reachable, "promotions", SMS) is Reason.CONSENT_GIVEN
    assert reason(service, reachable, "promotions", EMAIL) is Reason.CONSENT_REFUSED


def test_an_objection_stands_and_can_be_taken_back(confirmed: Confirmed, service: Service, camille: UUID) -> None:
    browser = confirmed()
    browser.get("/fr/preferences/")
    browser.send("/fr/preferences/", {"similar_products-all": "no"})
    assert reason(service, camille, "similar_products") is Reason.OBJECTION
    with service.sessions() as session:
        assert is_suppressed(session, service.keyring, EMAIL, CAMILLE, "similar_products"), "it outlives the contact"
        assert is_suppressed(session, service.keyring, EMAIL, CAMILLE, "newsletter") is None
    assert ticked(browser.get("/fr/preferences/").text) == {"similar_products-all": "no"}
    browser.send("/fr/preferences/", {"similar_products-all": "yes"})
    with service.sessions() as session:
        assert not open_objections(session, camille)
        assert not entries_of_person(session, camille)
    assert ticked(browser.get("/fr/preferences/").text) == {}


def test_taking_one_objection_back_leaves_the_others(
    confirmed: Confirmed, service: Service, camille: UUID, now: datetime
) -> None:
    with service.sessions.begin() as session:
        then = now - timedelta(days=30)
        receive(session, service.policy, Intake((Right.OBJECTION,), email=CAMILLE, scope="marketing"), then)
    browser = confirmed()
    page = browser.get("/fr/preferences/").text
    assert set(ticked(page).values()) == {"no"}
    browser.send("/fr/preferences/", {"similar_products-all": "yes"})
    assert reason(service, camille, "newsletter") is Reason.SUPPRESSED
    assert reason(service, camille, "promotions") is Reason.SUPPRESSED
    with service.sessions() as session:
        assert is_suppressed(session, service.keyring, EMAIL, CAMILLE, "similar_products") is None
    page = browser.get("/fr/preferences/").text
    others = (CONSENTS | OBJECTIONS) - {"similar_products-all", "audience_measurement-app"}
    assert ticked(page) == dict.fromkeys(others, "no")
    assert page.count("non depuis le 10 octobre 2026") == len(others)


def test_a_yes_stands_above_an_older_objection(
    confirmed: Confirmed, service: Service, camille: UUID, now: datetime
) -> None:
    with service.sessions.begin() as session:
        then = now - timedelta(days=30)
        receive(session, service.policy, Intake((Right.OBJECTION,), email=CAMILLE, scope="marketing"), then)
    browser = confirmed()
    browser.get("/fr/preferences/")
    browser.send("/fr/preferences/", {"newsletter-email": "yes"})
    assert reason(service, camille, "newsletter") is Reason.CONSENT_GIVEN
    assert ticked(browser.get("/fr/preferences/").text)["newsletter-email"] == "yes"


@pytest.fixture
def household(service: Service, keyring: Keyring, now: datetime) -> list[UUID]:
    """Two persons at one address, one of whom takes the newsletter."""
    both = open_people(service.sessions, keyring, now, "famille@courriel.example", "famille@courriel.example")
    declare(service, both[0], "newsletter", ConsentState.GIVEN, now - timedelta(days=9))
    return both


def test_a_shared_address_says_no_for_all_and_yes_for_nobody(
    confirmed: Confirmed, service: Service, household: list[UUID]
) -> None:
    browser = confirmed("famille@courriel.example")
    page = browser.get("/fr/preferences/").text
    assert "Plusieurs personnes partagent cette adresse" in page
    assert 'value="yes"' not in page
    assert "oui depuis" not in page, "what one of them chose is not shown to the other"
    answer = browser.post("/fr/preferences/", {"newsletter-email": "yes"})
    assert answer.status_code == 422
    assert [len(records(service, one)) for one in household] == [1, 0]
    browser.send("/fr/preferences/", {"newsletter-email": "no", "similar_products-all": "no"})
    assert [reason(service, one, "newsletter") for one in household] == [
        Reason.CONSENT_WITHDRAWN,
        Reason.CONSENT_REFUSED,
    ]
    assert {reason(service, one, "similar_products") for one in household} == {Reason.OBJECTION}
    assert "receipts" not in browser.get("/fr/preferences/saved").text


def test_an_unknown_address_can_object(confirmed: Confirmed, service: Service, mails: Mails, camille: UUID) -> None:
    browser = confirmed("inconnu@courriel.example")
    page = browser.get("/fr/preferences/").text
    assert "Nous n’avons rien sous" in page
    for _ in range(2):
        browser.send("/fr/preferences/object")
    assert browser.page is not None
    assert "Vous êtes sur notre liste d’opposition" in browser.page.text
    with service.sessions() as session:
        entries = entries_at(session, service.keyring, EMAIL, normalise_email("inconnu@courriel.example") or "")
        assert [one.scope for one in entries] == ["marketing"]
        assert session.scalar(select(func.count()).select_from(SubjectRequest)) == 1
    assert [one.kind for one in mails() if one.to == "inconnu@courriel.example"] == ["request_in_effect"]
    assert reason(service, camille, "newsletter") is Reason.CONSENT_MISSING


def test_what_was_not_asked_is_not_recorded(confirmed: Confirmed, service: Service, camille: UUID) -> None:
    browser = confirmed()
    browser.get("/fr/preferences/")
    for sent in (
        {},
        {"newsletter-email": "maybe"},
        {"invoicing-email": "yes"},
        {"all": "x"},
        {"order_management-all": "no"},
    ):
        assert "Rien n’a changé" in browser.send("/fr/preferences/", sent).text
    assert not records(service, camille)
    with service.sessions() as session:
        assert not open_objections(session, camille)


def test_a_receipt_is_verified_by_the_public_program(
    confirmed: Confirmed, service: Service, camille: UUID, tmp_path: Path
) -> None:
    browser = confirmed()
    browser.get("/fr/preferences/")
    page = browser.send("/fr/preferences/", {"newsletter-email": "yes"}).text
    link = re.findall(r'href="(/fr/history/receipts/[0-9a-f-]+)"', page)
    answer = browser.get(link[0])
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=newsletter-email-")
    verify_receipt.verify(json.loads(answer.text), service.keyring.log_signer().vkey)


def test_nobody_unconfirmed_comes_in(portal: Flask, camille: UUID) -> None:
    for path in ("/fr/preferences/", "/fr/preferences/saved", "/fr/history/", f"/fr/history/receipts/{camille}"):
        assert portal.test_client().get(path).status_code == 303, path
    for path in ("/fr/preferences/", "/fr/preferences/object"):
        answer = portal.test_client().post(path, data={"all": "yes"}, headers={"Origin": "http://localhost"})
        assert answer.status_code == 303
