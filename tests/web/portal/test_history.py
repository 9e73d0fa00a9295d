"""The history of one's own choices, their wording and proofs; nobody else's."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask

from consentcore.consent.tables import ConsentState
from consentcore.crypto.keyring import Keyring
from tests.builders.choices import declare, records
from tests.builders.people import open_people
from tests.web.portal.conftest import CAMILLE, Confirmed
from web.portal.notices import Block, blocks_of
from web.wiring import Service

OTHER = "paul@courriel.example"


def test_the_newest_comes_first_with_its_wording(
    confirmed: Confirmed, service: Service, camille: UUID, now: datetime
) -> None:
    declare(service, camille, "newsletter", ConsentState.GIVEN, now - timedelta(days=90))
    declare(service, camille, "newsletter", ConsentState.WITHDRAWN, now - timedelta(days=2))
    browser = confirmed()
    browser.get("/fr/preferences/")
    browser.send("/fr/preferences/", {"similar_products-all": "no"})
    browser.send("/fr/preferences/", {"similar_products-all": "yes"})
    page = browser.get("/fr/history/").text
    shown = re.findall(r"<strong>([^<]+)</strong>", page)
    assert shown == ["Offres de produits analogues"] * 2 + ["Lettre d’information, Courriel"] * 2
    places = [
        page.index(words) for words in ("Fin de l’opposition", "Opposition</span>", "Non, oui retiré", "Oui</span>")
    ]
    assert places == sorted(places)
    assert "7 novembre 2026 à 10\u00a0h\u00a000, formulaire en ligne" in page
    assert page.count("/fr/notices/newsletter/1") == 2
    assert "valable jusqu’au" not in page, "the yes was taken back"


def test_somebody_else_reads_nothing(
    confirmed: Confirmed, service: Service, keyring: Keyring, camille: UUID, now: datetime
) -> None:
    open_people(service.sessions, keyring, now, OTHER)
    declare(service, camille, "newsletter", ConsentState.GIVEN, now)
    mine = records(service, camille)[0].id
    assert confirmed(CAMILLE).get(f"/fr/history/receipts/{mine}").status_code == 200
    proof = confirmed(CAMILLE).get(f"/fr/history/receipts/{mine}.pdf")
    assert proof.status_code == 200 and proof.data.startswith(b"%PDF-") and proof.mimetype == "application/pdf"
    assert ".pdf" in proof.headers["Content-Disposition"] and CAMILLE not in proof.headers["Content-Disposition"]
    for address in (OTHER, "inconnu@courriel.example"):
        browser = confirmed(address)
        assert browser.get(f"/fr/history/receipts/{mine}").status_code == 404
        assert browser.get(f"/fr/history/receipts/{mine}.pdf").status_code == 404
        assert browser.get("/fr/history/receipts/00000000-0000-4000-8000-000000000000").status_code == 404
        assert "rien à montrer" in browser.get("/fr/history/").text


def test_a_shared_address_shows_nobodys_history(
    confirmed: Confirmed, service: Service, keyring: Keyring, camille: UUID, now: datetime
) -> None:
    declare(service, camille, "newsletter", ConsentState.GIVEN, now)
    mine = records(service, camille)[0].id
    open_people(service.sessions, keyring, now, CAMILLE)
    browser = confirmed(CAMILLE)
    assert "l’historique de personne" in browser.get("/fr/history/").text
    assert browser.get(f"/fr/history/receipts/{mine}").status_code == 404


def test_a_notice_is_read_in_both_languages(portal: Flask) -> None:
    french, english = (portal.test_client().get(f"/{lang}/notices/promotions/1").text for lang in ("fr", "en"))
    assert "<h1>Offres et promotions\u202f: vos données</h1>" in french
    assert "<h2>Retirer votre consentement</h2>" in french
    assert '<article lang="en">' in english
    for path in ("/fr/notices/promotions/9", "/fr/notices/nothing/1", "/fr/notices/promotions/0"):
        assert portal.test_client().get(path).status_code == 404


def test_a_text_is_cut_into_blocks() -> None:
    text = "# Title\n\n## Who\n\nOne\nline.\n\n- a\n- b <b>\n\n### Deep\nAt once."
    assert blocks_of(text) == [
        Block("h2", ("Who",)),
        Block("p", ("One line.",)),
        Block("ul", ("a", "b <b>")),
        Block("h3", ("Deep",)),
        Block("p", ("At once.",)),
    ]
