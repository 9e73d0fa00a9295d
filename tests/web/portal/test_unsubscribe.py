"""Unsubscribing in one click (RFC 8058): a POST acts, a GET never does, again changes nothing, undone within a day."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from consentcore.consent.decide import Reason
from consentcore.consent.tables import ConsentState
from consentcore.crypto.keyring import Keyring
from consentcore.policyset import Channel
from consentcore.suppression.entries import is_suppressed
from tests.builders.choices import declare, reason, records
from tests.builders.faces import Browser
from tests.builders.people import open_people
from tests.web.portal.conftest import CAMILLE, Confirmed
from web.security.unsubscribe_links import (
    MAX_CHARS,
    BrokenLink,
    Unsubscription,
    address_of,
    headers_of,
    issue,
    read,
)
from web.wiring import Service

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def link(service: Service, camille: UUID, now: datetime) -> Callable[..., str]:
    """Make the path of a link for Camille."""

    def make(purpose: str = "newsletter", channel: Channel = Channel.EMAIL, person: UUID = camille) -> str:
        return f"/fr/u/{issue(service.keyring, Unsubscription(person, purpose, channel, now))}"

    return make


@pytest.fixture
def subscribed(service: Service, camille: UUID, now: datetime) -> UUID:
    """Camille, who takes the newsletter."""
    declare(service, camille, "newsletter", ConsentState.GIVEN, now - timedelta(days=9))
    return camille


def one_click(app: Flask, path: str) -> TestResponse:
    """Post as a mail program does: no cookie, no origin, no token of a form."""
    return app.test_client().post(path, data=ONE_CLICK)


def test_one_click_withdraws_at_once(
    portal: Flask, service: Service, subscribed: UUID, link: Callable[..., str]
) -> None:
    answer = one_click(portal, link())
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Location" not in answer.headers, "a mail program follows no redirect"
    assert reason(service, subscribed, "newsletter") is Reason.CONSENT_WITHDRAWN
    assert records(service, subscribed)[-1].method == "email"


def test_one_click_objects_where_there_was_no_consent(
    portal: Flask, service: Service, camille: UUID, link: Callable[..., str]
) -> None:
    path = link("similar_products")
    assert one_click(portal, path).status_code == 200
    assert reason(service, camille, "similar_products") is Reason.OBJECTION
    with service.sessions() as session:
        entry = is_suppressed(session, service.keyring, Channel.EMAIL, CAMILLE, "similar_products")
    assert entry is not None
    one_click(portal, path)
    with service.sessions() as session:
        assert is_suppressed(session, service.keyring, Channel.EMAIL, CAMILLE, "similar_products") == entry
    assert "Me réinscrire" not in portal.test_client().get(path).text, "there is no consent to give again"


def test_opening_the_link_changes_nothing(
    portal: Flask, service: Service, subscribed: UUID, link: Callable[..., str]
) -> None:
    path = link()
    for method in ("get", "head", "options"):
        answer = getattr(portal.test_client(), method)(path)
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    assert len(records(service, subscribed)) == 1
    assert portal.test_client().get(f"{path}/undo").status_code == 405
    page = portal.test_client().get(path).text
    assert f'<form method="post" action="{path}">' in page
    assert CAMILLE not in page


def test_again_changes_nothing(portal: Flask, service: Service, subscribed: UUID, link: Callable[..., str]) -> None:
    path = link()
    answers = [one_click(portal, path).status_code for _ in range(3)]
    assert answers == [200] * 3
    assert len(records(service, subscribed)) == 2
    assert "Désinscription enregistrée" in portal.test_client().get(path).text


def test_a_slip_is_undone_within_a_day(
    portal: Flask,
    service: Service,
    subscribed: UUID,
    link: Callable[..., str],
    at: Callable[[datetime], Flask],
    now: datetime,
) -> None:
    path = link()
    one_click(portal, path)
    soon, late = Browser(at(now + timedelta(hours=23))), Browser(at(now + timedelta(hours=25)))
    assert "Me réinscrire" not in late.get(path).text
    assert late.post(f"{path}/undo").status_code == 303
    assert reason(service, subscribed, "newsletter") is Reason.CONSENT_WITHDRAWN
    assert "Me réinscrire" in soon.get(path).text
    assert "Inscription rétablie" in soon.send(f"{path}/undo").text
    newest = records(service, subscribed)[-1]
    assert (newest.state, newest.method) == ("given", "portal")
    soon.send(f"{path}/undo")
    assert len(records(service, subscribed)) == 3, "there is nothing more to undo"


def test_undoing_wants_a_form_of_our_own(
    portal: Flask, service: Service, subscribed: UUID, link: Callable[..., str]
) -> None:
    path = link()
    one_click(portal, path)
    assert portal.test_client().post(f"{path}/undo", data=ONE_CLICK).status_code == 403
    assert reason(service, subscribed, "newsletter") is Reason.CONSENT_WITHDRAWN


def test_a_no_said_on_the_portal_is_not_undone_by_an_old_link(
    portal: Flask, service: Service, subscribed: UUID, link: Callable[..., str], confirmed: Confirmed
) -> None:
    browser = confirmed()
    browser.get("/fr/preferences/")
    browser.send("/fr/preferences/", {"newsletter-email": "no"})
    stranger = Browser(portal)
    assert "Me réinscrire" not in stranger.get(link()).text
    stranger.send(f"{link()}/undo")
    assert reason(service, subscribed, "newsletter") is Reason.CONSENT_WITHDRAWN


def test_a_link_never_subscribes_whoever_was_not(
    portal: Flask, service: Service, camille: UUID, link: Callable[..., str]
) -> None:
    path = link()
    one_click(portal, path)
    assert "Me réinscrire" not in portal.test_client().get(path).text
    Browser(portal).send(f"{path}/undo")
    assert [row.state for row in records(service, camille)] == ["refused"]


def test_a_person_who_is_gone_gets_the_same_answer(portal: Flask, link: Callable[..., str]) -> None:
    answer = one_click(portal, link(person=uuid4()))
    assert answer.status_code == 200
    assert "Désinscription enregistrée" in answer.text


def test_what_cannot_be_refused_has_no_link(portal: Flask, link: Callable[..., str]) -> None:
    for purpose in ("invoicing", "order_management", "rights_requests", "gone"):
        assert one_click(portal, link(purpose)).status_code == 404


def test_one_person_of_a_shared_address_speaks_for_himself(
    portal: Flask, service: Service, subscribed: UUID, link: Callable[..., str], keyring: Keyring, now: datetime
) -> None:
    other = open_people(service.sessions, keyring, now, CAMILLE)[0]
    one_click(portal, link())
    assert reason(service, subscribed, "newsletter") is Reason.CONSENT_WITHDRAWN
    assert not records(service, other)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.text(max_size=400), st.binary(max_size=300).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
)
def test_no_other_text_is_a_link(keyring: Keyring, text: str) -> None:
    with pytest.raises(BrokenLink):
        read(keyring, text)


def test_a_changed_link_is_broken(portal: Flask, service: Service, subscribed: UUID, link: Callable[..., str]) -> None:
    path = link()
    token = path.rpartition("/")[2]
    assert len(token) < MAX_CHARS
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        assert one_click(portal, f"/fr/u/{token[:place]}{other}{token[place + 1 :]}").status_code == 404
    for broken in (token[:-1], token + "A", token * 4, "x", "%00", "a" * 5_000):
        for method in ("get", "post"):
            answer = getattr(portal.test_client(), method)(f"/fr/u/{broken}")
            assert answer.status_code == 404
            assert "Ce lien ne mène nulle part" in answer.text
    assert len(records(service, subscribed)) == 1


def test_a_link_says_what_it_is_for(keyring: Keyring, camille: UUID, now: datetime) -> None:
    wanted = Unsubscription(camille, "newsletter", Channel.EMAIL, now)
    first, second = issue(keyring, wanted), issue(keyring, wanted)
    assert first != second
    assert read(keyring, first) == read(keyring, second) == wanted
    assert re.fullmatch(r"[A-Za-z0-9_-]+", first)
    assert camille.hex not in first and "newsletter" not in first
    url = address_of("https://privacy.example/", "fr", first)
    assert url == f"https://privacy.example/portal/fr/u/{first}"
    assert headers_of(url) == {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
