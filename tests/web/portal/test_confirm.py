"""Links that confirm or renew: opening changes nothing, one button acts once, and every dead link looks the same."""

from __future__ import annotations

import base64
import re
import statistics
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter
from uuid import UUID, uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import FileSystemBytecodeCache
from werkzeug.test import TestResponse

from consentcore.consent.decide import Reason
from consentcore.consent.doubleoptin import Asked, Pending
from consentcore.consent.record import Evidence
from consentcore.consent.tables import ConsentState
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.policyset import Channel
from tests.builders.choices import declare, reason, records
from tests.builders.faces import Browser
from tests.web.portal.conftest import CAMILLE, Mails
from web.confirming import PER_ADDRESS, ask
from web.portal.app import create_app
from web.security.consent_links import CONFIRMED_WITHIN, ConsentLink, issue, read, token_sha256
from web.security.limits import TooOften
from web.security.unsubscribe_links import MAX_CHARS, BrokenLink
from web.wiring import Service

EMAIL = Channel.EMAIL
_LINK = re.compile(r"/portal(/(?:fr|en)/c/([A-Za-z0-9_-]+))")
Asking = Callable[..., str]


@pytest.fixture
def service(service: Service) -> Service:
    """The service under policies in which the newsletter asks for a confirmation over e-mail."""
    newsletter = replace(service.policy.purposes["newsletter"], double_opt_in=frozenset({EMAIL}))
    return replace(
        service, policy=replace(service.policy, purposes={**service.policy.purposes, "newsletter": newsletter})
    )


@pytest.fixture
def at(service: Service, compiled: FileSystemBytecodeCache) -> Callable[[datetime], Flask]:
    def make(instant: datetime) -> Flask:
        app = create_app(replace(service, settings=replace(service.settings, fixed_now=instant)))
        app.jinja_env.bytecode_cache = compiled
        return app

    return make


@pytest.fixture
def asking(service: Service, camille: UUID, mails: Mails) -> Asking:
    """Ask Camille to confirm the newsletter, as a shop's page would; returns the path of the link in the mail."""

    def make(lang: str = "fr", now: datetime | None = None) -> str:
        notice = service.policy.notice("newsletter", 1, lang)
        evidence = Evidence("web_form", CAMILLE, "ab" * 32, details={"page": "shop/foot"})
        assert ask(service, Asked(camille, "newsletter", EMAIL, notice, evidence), now or service.now()) is not None
        found = {path.split("/")[1]: path for path, _ in _LINK.findall(mails()[-1].body)}
        return str(found[lang])

    return make


def post(app: Flask, path: str) -> TestResponse:
    """Press the button of the page, in a browser without any session."""
    browser = Browser(app)
    browser.get(path)
    return browser.post(path)


def test_the_mail_says_who_for_what_and_until_when(asking: Asking, mails: Mails, service: Service) -> None:
    path = asking()
    (mail,) = mails()
    assert (mail.kind, mail.to) == ("confirm_consent", CAMILLE)
    assert mail.subject == "Confirmez votre choix / Confirm your choice"
    for said in ("Exemplia Jardins", "Lettre d’information", "Newsletter", "16 novembre 2026", "16 November 2026"):
        assert said in mail.body
    assert "Deschamps" not in mail.body, "whoever asked may be a stranger"
    assert len({token for _, token in _LINK.findall(mail.body)}) == 1
    assert str(mail.subject_ref) not in path


def test_opening_the_link_changes_nothing(portal: Flask, service: Service, camille: UUID, asking: Asking) -> None:
    path = asking()
    for method in ("get", "head", "options", "get"):
        answer = getattr(portal.test_client(), method)(path)
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    assert [row.state for row in records(service, camille)] == ["requested"]
    page = portal.test_client().get(path).text
    assert f'<form method="post" action="{path}">' in page
    assert page.count("<button") == 1, "one button, and no session to leave"
    assert CAMILLE not in page and "16 novembre 2026" in page


def test_the_button_confirms_once(portal: Flask, service: Service, camille: UUID, asking: Asking) -> None:
    path = asking()
    answer = post(portal, path)
    assert (answer.status_code, "Location" in answer.headers) == (200, False)
    assert "C’est confirmé" in answer.text
    assert reason(service, camille, "newsletter") is Reason.CONSENT_GIVEN
    assert post(portal, path).status_code == 404
    assert [(row.state, row.method) for row in records(service, camille)] == [
        ("requested", "web_form"),
        ("given", "email"),
    ]


def test_a_foreign_page_cannot_press_the_button(portal: Flask, service: Service, camille: UUID, asking: Asking) -> None:
    path = asking()
    assert portal.test_client().post(path).status_code == 403
    assert portal.test_client().post(path, headers={"Origin": "https://evil.example"}).status_code == 403
    assert reason(service, camille, "newsletter") is Reason.REQUESTED_UNCONFIRMED


def test_a_confirmation_works_for_seven_days(
    service: Service, camille: UUID, asking: Asking, at: Callable[[datetime], Flask], now: datetime
) -> None:
    path = asking()
    assert post(at(now + CONFIRMED_WITHIN), path).status_code == 404
    assert reason(service, camille, "newsletter") is Reason.REQUESTED_UNCONFIRMED
    assert post(at(now + CONFIRMED_WITHIN - timedelta(seconds=1)), path).status_code == 200


def dead_links(service: Service, camille: UUID, asking: Asking, portal: Flask, now: datetime) -> dict[str, str]:
    """Return a link for each way of being of no use."""
    used = asking()
    post(portal, used)
    about = Pending(uuid4(), camille, "newsletter", EMAIL)

    def link(pending: Pending, answer: ConsentState = ConsentState.GIVEN, until: timedelta = CONFIRMED_WITHIN) -> str:
        return f"/fr/c/{issue(service.keyring, ConsentLink(pending, answer, now + until))}"

    return {
        "used": used,
        "expired": link(about, until=timedelta(seconds=-1)),
        "of another record": link(about),
        "of nobody": link(replace(about, subject_ref=uuid4())),
        "of a purpose that is gone": link(replace(about, purpose="gone")),
        "of an objectable purpose": link(replace(about, purpose="similar_products")),
        "renewing what does not stand": link(about, ConsentState.RENEWED),
        "nonsense": "/fr/c/nonsense",
        "cut off": used[:-4],
        "long": "/fr/c/" + "A" * 900,
    }


def test_every_dead_link_leads_to_one_page(
    portal: Flask, service: Service, camille: UUID, asking: Asking, now: datetime
) -> None:
    links = dead_links(service, camille, asking, portal, now)
    before = [row.state for row in records(service, camille)]
    pages, answers = set(), set()
    for path in links.values():
        browser = Browser(portal)
        pages.add(browser.get(path).text)
        sent = browser.post(path)
        pages.add(sent.text)
        answers.add((browser.get(path).status_code, sent.status_code, "Set-Cookie" in sent.headers))
    assert answers == {(404, 404, False)}
    assert len(pages) == 1, "the same page to the byte, opened or sent"
    assert "Ce lien ne sert plus" in pages.pop()
    assert [row.state for row in records(service, camille)] == before


def test_dead_links_take_the_same_time(
    portal: Flask, service: Service, camille: UUID, asking: Asking, now: datetime
) -> None:
    """Medians of interleaved requests; a link that is only misspelt must not answer before one that was used."""
    links = dead_links(service, camille, asking, portal, now)
    client = portal.test_client()
    took: dict[str, list[float]] = {name: [] for name in ("used", "expired", "nonsense")}
    for _ in range(40):
        for name, times in took.items():
            began = perf_counter()
            client.get(links[name])
            times.append(perf_counter() - began)
    medians = [statistics.median(times[5:]) for times in took.values()]
    assert max(medians) < 1.5 * min(medians), medians


def test_asking_is_limited(service: Service, camille: UUID, asking: Asking, mails: Mails) -> None:
    for _ in range(PER_ADDRESS.most):
        asking()
    with pytest.raises(TooOften):
        asking()
    assert len(mails()) == PER_ADDRESS.most
    notice = service.policy.notice("newsletter", 1, "fr")
    with pytest.raises(BadInput):
        ask(service, Asked(camille, "newsletter", EMAIL, notice, Evidence("web_form", "nobody")), service.now())


def test_no_mail_goes_to_who_agreed_already(service: Service, camille: UUID, mails: Mails, now: datetime) -> None:
    declare(service, camille, "newsletter", ConsentState.GIVEN, now - timedelta(days=1))
    notice = service.policy.notice("newsletter", 1, "fr")
    asked = Asked(camille, "newsletter", EMAIL, notice, Evidence("web_form", CAMILLE))
    assert ask(service, asked, now) is None
    assert mails() == []


def test_on_the_portal_the_code_is_the_confirmation(
    portal: Flask, service: Service, camille: UUID, confirmed: Callable[..., Browser], mails: Mails
) -> None:
    browser = confirmed()
    assert "le code que vous avez saisi en tient lieu" in browser.get("/fr/preferences/").text
    browser.send("/fr/preferences/", {"newsletter-email": "yes", "promotions-email": "yes"})
    assert [(row.purpose, row.state, row.method) for row in records(service, camille)] == [
        ("newsletter", "given", "email_code"),
        ("promotions", "given", "portal"),
    ]
    assert not [mail for mail in mails() if mail.kind == "confirm_consent"]
    browser.send("/fr/preferences/", {"newsletter-email": "no"})
    assert [row.method for row in records(service, camille)][-1] == "portal"


def test_a_no_on_the_portal_ends_a_pending_request(
    portal: Flask, service: Service, camille: UUID, asking: Asking, confirmed: Callable[..., Browser]
) -> None:
    path = asking()
    browser = confirmed()
    browser.get("/fr/preferences/")
    browser.send("/fr/preferences/", {"newsletter-email": "no"})
    assert post(portal, path).status_code == 404
    assert records(service, camille)[-1].state == "withdrawn"


@pytest.fixture
def renewing(service: Service, camille: UUID, now: datetime) -> str:
    """A link that renews a newsletter consent of two years ago."""
    declare(service, camille, "newsletter", ConsentState.GIVEN, now.replace(year=now.year - 2))
    about = Pending(records(service, camille)[0].id, camille, "newsletter", EMAIL)
    return f"/en/c/{issue(service.keyring, ConsentLink(about, ConsentState.RENEWED, now + CONFIRMED_WITHIN))}"


def test_a_renewal_goes_on_or_stops_in_as_many_steps(
    portal: Flask, service: Service, camille: UUID, renewing: str
) -> None:
    page = portal.test_client().get(renewing).text
    assert "Do you still agree?" in page and "9 November 2024" in page
    stop = re.search(r'formaction="(/en/u/[A-Za-z0-9_-]+)"', page)
    assert stop is not None
    assert portal.test_client().get(stop[1]).status_code == 200
    assert [row.state for row in records(service, camille)] == ["given"], "looking changes nothing"
    assert "It goes on" in post(portal, renewing).text
    assert post(portal, renewing).status_code == 404
    assert [row.state for row in records(service, camille)] == ["given", "renewed"]
    assert post(portal, stop[1]).status_code == 200
    assert records(service, camille)[-1].state == "withdrawn"
    assert post(portal, renewing).status_code == 404


def test_a_link_stands_for_one_answer_to_one_question(keyring: Keyring, camille: UUID, now: datetime) -> None:
    about = Pending(uuid4(), camille, "newsletter", EMAIL)
    wanted = ConsentLink(about, ConsentState.GIVEN, now + CONFIRMED_WITHIN)
    first, second = issue(keyring, wanted), issue(keyring, wanted)
    assert first != second and read(keyring, first, now) == read(keyring, second, now) == wanted
    assert re.fullmatch(r"[A-Za-z0-9_-]+", first) and len(first) < MAX_CHARS
    assert camille.hex not in first and token_sha256(first) != token_sha256(second)
    with pytest.raises(BrokenLink):
        read(keyring, first, now + CONFIRMED_WITHIN)
    for answer in (ConsentState.WITHDRAWN, ConsentState.REQUESTED, ConsentState.UNKNOWN):
        with pytest.raises(BrokenLink):
            read(keyring, issue(keyring, replace(wanted, answer=answer)), now)


def test_links_of_another_kind_are_no_links_of_this_one(
    portal: Flask, service: Service, camille: UUID, asking: Asking, renewing: str
) -> None:
    unsubscribing = re.findall(r"/en/u/([A-Za-z0-9_-]+)", portal.test_client().get(renewing).text)[0]
    assert portal.test_client().get(f"/fr/c/{unsubscribing}").status_code == 404
    assert portal.test_client().get(renewing.replace("/c/", "/u/")).status_code == 404


def test_every_changed_letter_breaks_a_link(keyring: Keyring, camille: UUID, now: datetime) -> None:
    about = Pending(uuid4(), camille, "newsletter", EMAIL)
    token = issue(keyring, ConsentLink(about, ConsentState.GIVEN, now + CONFIRMED_WITHIN))
    for place in range(len(token) - 1):  # bits of the last letter may be padding
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(BrokenLink):
            read(keyring, f"{token[:place]}{other}{token[place + 1 :]}", now)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.text(max_size=400), st.binary(max_size=300).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
)
def test_no_other_text_is_a_link(keyring: Keyring, now: datetime, text: str) -> None:
    with pytest.raises(BrokenLink):
        read(keyring, text, now)
