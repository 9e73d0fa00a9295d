"""`Sec-GPC: 1` is an objection to passing data on, once, for somebody known; a later yes stands above it (R-SIG-2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import Client

from consentcore.consent.decide import Reason
from consentcore.consent.tables import ConsentState
from consentcore.ledger.content import open_contents
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogEvent, LogLeaf
from consentcore.subjects.objections import open_objections
from consentcore.subjects.tables import Objection
from tests.builders.choices import declare, reason
from tests.builders.faces import Browser
from tests.web.portal.conftest import CAMILLE
from web.faces import create_faces
from web.wiring import Service

ON = {"Sec-GPC": "1"}
SignIn = Callable[..., Browser]


class Signalling(Browser):
    """A browser that sends the signal with everything."""

    header = ON

    def get(self, path, **given):  # type: ignore[no-untyped-def]
        return super().get(path, headers=self.header, **given)

    def post(self, path, data=None, **given):  # type: ignore[no-untyped-def]
        return super().post(path, data, headers=self.header, **given)


@pytest.fixture
def sign_in(portal: Flask, newest_code: Callable[[str], str]) -> SignIn:
    """Sign Camille in with a browser that sends the signal, or whatever is given for it."""

    def make(header: dict[str, str] | None = None, app: Flask | None = None) -> Browser:
        browser = Signalling(app or portal)
        browser.header = ON if header is None else header
        browser.get("/fr/sign-in/")
        browser.send("/fr/sign-in/", {"email": CAMILLE})
        browser.post("/fr/sign-in/code", {"code": newest_code(CAMILLE)})
        return browser

    return make


def objected(service: Service, person: UUID) -> list[str]:
    with service.sessions() as session:
        return [row.purpose for row in open_objections(session, person)]


def signals_in_log(service: Service) -> list[tuple[UUID, bytes]]:
    with service.sessions() as session:
        rows = session.execute(
            select(LogEvent.id, LogEvent.header).join(LogLeaf, LogLeaf.event_id == LogEvent.id)
        ).all()
    return [(row.id, row.header) for row in rows if read_header(row.header)["type"] == "objection.signalled"]


def test_signing_in_with_the_signal_objects_to_sharing_alone(
    service: Service, camille: UUID, sign_in: SignIn, now: datetime
) -> None:
    for purpose in ("partner_sharing", "newsletter"):
        declare(service, camille, purpose, ConsentState.GIVEN, now - timedelta(days=9))
    browser = sign_in()
    assert objected(service, camille) == ["partner_sharing"]
    assert reason(service, camille, "partner_sharing") is Reason.OBJECTION
    assert reason(service, camille, "newsletter") is Reason.CONSENT_GIVEN, "first-party use is untouched"
    assert reason(service, camille, "scoring") is Reason.LEGITIMATE_INTEREST
    page = browser.get("/fr/preferences/").text
    assert "Global Privacy Control" in page
    assert "Nous le comptons comme un non à « Transmission à nos partenaires »" in page.replace("\u202f", " ").replace(
        "\u00a0", " "
    )


def test_it_is_recorded_once_with_its_header(service: Service, camille: UUID, sign_in: SignIn) -> None:
    for _ in range(3):
        browser = sign_in()
        browser.get("/fr/preferences/")
        browser.send("/fr/preferences/", {"newsletter-email": "no"})
    with service.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Objection)) == 1
    ((event_id, header),) = signals_in_log(service)
    assert str(camille).encode() not in header and b"Sec-GPC" not in header
    with service.sessions() as session:
        opened = open_contents(session, service.keyring, [(event_id.bytes, camille.bytes, header)])[event_id.bytes]
    assert isinstance(opened, bytes)
    payload = json.loads(opened)
    assert (payload["header"], payload["purposes"]) == ("Sec-GPC: 1", ["partner_sharing"])


def test_opening_a_page_records_nothing(service: Service, camille: UUID, sign_in: SignIn, portal: Flask) -> None:
    browser = sign_in(header={})
    assert "Global Privacy Control" not in browser.get("/fr/preferences/").text
    for path in ("/fr/preferences/", "/fr/history/", "/fr/"):
        browser.client.get(path, headers=ON)
    page = browser.client.get("/fr/preferences/", headers=ON).get_data(as_text=True)
    assert "dès que vous enregistrez vos choix" in page
    assert objected(service, camille) == []
    browser.header = ON  # type: ignore[attr-defined]
    browser.get("/fr/preferences/")
    browser.send("/fr/preferences/", {"newsletter-email": "no"})
    assert objected(service, camille) == ["partner_sharing"]


@pytest.mark.parametrize("app_later", [timedelta(0), timedelta(hours=1)])
def test_a_yes_said_with_the_signal_stands_above_it(
    service: Service,
    camille: UUID,
    sign_in: SignIn,
    at: Callable[[datetime], Flask],
    now: datetime,
    app_later: timedelta,
) -> None:
    browser = sign_in(app=at(now + app_later))
    browser.get("/fr/preferences/")
    browser.send("/fr/preferences/", {"partner_sharing-email": "yes"})
    page = browser.get("/fr/preferences/").text
    assert "Vous avez tout de même dit oui" in page
    sign_in(app=at(now + timedelta(hours=2)))
    assert len(signals_in_log(service)) == 1, "signing in again does not take the yes away"
    assert reason(service, camille, "partner_sharing") is Reason.CONSENT_GIVEN


def test_an_older_yes_gives_way(service: Service, camille: UUID, sign_in: SignIn, now: datetime) -> None:
    declare(service, camille, "partner_sharing", ConsentState.GIVEN, now - timedelta(seconds=1))
    sign_in()
    assert reason(service, camille, "partner_sharing") is Reason.OBJECTION


@pytest.mark.parametrize("value", ["0", "", "true", "1, 1", "11", "yes", "1;q=1"])
def test_only_the_exact_signal_counts(service: Service, camille: UUID, sign_in: SignIn, value: str) -> None:
    browser = sign_in(header={"Sec-GPC": value})
    browser.get("/fr/preferences/")
    browser.send("/fr/preferences/", {"newsletter-email": "no"})
    assert objected(service, camille) == []


def test_of_somebody_unknown_nothing_is_kept(service: Service, camille: UUID, portal: Flask) -> None:
    with service.sessions() as session:
        before = session.scalar(select(func.count()).select_from(LogLeaf))
    browser = Signalling(portal)
    for path in ("/fr/", "/fr/sign-in/", "/fr/about", "/fr/notices/newsletter/1"):
        assert browser.get(path).status_code == 200
        assert "Set-Cookie" not in browser.page.headers  # type: ignore[union-attr]
    with service.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Objection)) == 0
        assert session.scalar(select(func.count()).select_from(LogLeaf)) == before


def test_the_origin_says_that_it_heeds_the_signal(service: Service) -> None:
    client = Client(create_faces(service))
    answer = client.get("/.well-known/gpc.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert json.loads(answer.data) == {"gpc": True, "lastUpdate": service.policy.effective_on.isoformat()}
    assert client.head("/.well-known/gpc.json").status_code == 200
    assert client.post("/.well-known/gpc.json").status_code == 404
    assert client.get("/.well-known/other.json").status_code == 404
