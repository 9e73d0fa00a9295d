"""Saying no takes no more steps than saying yes, on every path, with no reason and no new login (Art. 7(3), R-7-4)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from consentcore.consent.decide import Reason
from consentcore.consent.doubleoptin import Asked
from consentcore.consent.record import Evidence
from consentcore.crypto.keyring import Keyring
from consentcore.outbox.put import opened
from consentcore.outbox.tables import OutboxMessage
from consentcore.policyset import Channel
from tests.builders.choices import reason
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database, DatabaseSource, migrate
from tests.builders.faces import Browser
from tests.builders.people import open_people
from tests.builders.wired import wired_service
from tests.web.api.conftest import Machine
from web.api.app import create_app as create_api
from web.api.schemas.consents import ConsentIn
from web.cli import consent as consent_commands
from web.confirming import ask
from web.portal.app import create_app
from web.security import apikeys
from web.security.apikeys import Scope
from web.security.unsubscribe_links import Unsubscription, issue
from web.wiring import Service

CAMILLE = "camille@courriel.example"
EMAIL = Channel.EMAIL


@dataclass
class Counting(Browser):
    """A browser that counts what its user opens and sends."""

    app: Flask
    steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.app)

    def get(self, path: str, **given: Any) -> TestResponse:
        self.steps.append("open")
        return super().get(path, **given)

    def post(self, path: str, data: Any = None, **given: Any) -> TestResponse:
        self.steps.append("send")
        return super().post(path, data, **given)

    def since(self) -> list[str]:
        """Return the steps since this was last asked."""
        done, self.steps = self.steps, []
        return done


@pytest.fixture
def database(database_source: DatabaseSource, tmp_path: Path) -> Iterator[Database]:
    """A database of SQLite: steps are the same on every one."""
    with database_source.lend("sqlite", tmp_path) as lent:
        yield lent


@pytest.fixture
def wired(database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, tmp_path: Path) -> Service:
    made = wired_service(database, bound, keyring, now, tmp_path)
    newsletter = replace(made.policy.purposes["newsletter"], double_opt_in=frozenset({EMAIL}))
    return replace(made, policy=replace(made.policy, purposes={**made.policy.purposes, "newsletter": newsletter}))


@pytest.fixture
def camille(wired: Service, keyring: Keyring, now: datetime) -> UUID:
    return open_people(wired.sessions, keyring, now, CAMILLE)[0]


@pytest.fixture
def portal(wired: Service) -> Flask:
    return create_app(wired)


def mail(wired: Service, kind: str) -> str:
    with wired.sessions() as session:
        found = [opened(wired.keyring, row) for row in session.scalars(select(OutboxMessage)).all()]
    return [one.body for one in found if one is not None and one.kind == kind][-1]


def test_on_the_portal_both_answers_stand_in_one_form(wired: Service, portal: Flask, camille: UUID) -> None:
    browser = Counting(portal)
    browser.get("/fr/sign-in/")
    browser.send("/fr/sign-in/", {"email": CAMILLE})
    code = re.findall(r"\b(\d{3}) (\d{3})\b", mail(wired, "sign_in_code"))[0]
    browser.post("/fr/sign-in/code", {"code": "".join(code)})
    browser.since()
    browser.get("/fr/preferences/")
    browser.post("/fr/preferences/", {"promotions-email": "yes"})
    giving = browser.since()
    page = browser.get("/fr/preferences/").text
    browser.post("/fr/preferences/", {"promotions-email": "no"})
    withdrawing = browser.since()
    assert withdrawing == giving == ["open", "send"]
    assert reason(wired, camille, "promotions") is Reason.CONSENT_WITHDRAWN
    form = re.findall(r'<form method="post" action="/fr/preferences/">.*?</form>', page, re.S)[0]
    assert not re.search(r"<(textarea|select)\b|type=\"text\"", form), "no reason is asked for"


def test_by_mail_stopping_takes_fewer_steps_than_agreeing(
    wired: Service, portal: Flask, camille: UUID, now: datetime
) -> None:
    notice = wired.policy.notice("newsletter", 1, "fr")
    ask(wired, Asked(camille, "newsletter", EMAIL, notice, Evidence("web_form", CAMILLE)), now)
    confirming = re.findall(r"/portal(/fr/c/[A-Za-z0-9_-]+)", mail(wired, "confirm_consent"))[0]
    agreeing = Counting(portal)
    agreeing.get(confirming)
    done = agreeing.post(confirming).text
    assert reason(wired, camille, "newsletter") is Reason.CONSENT_GIVEN
    stop = re.findall(r'href="(/fr/u/[A-Za-z0-9_-]+)"', done)[0]
    stopping = Counting(portal)
    page = stopping.get(stop).text
    assert stopping.post(stop).status_code == 200
    assert reason(wired, camille, "newsletter") is Reason.CONSENT_WITHDRAWN
    assert len(stopping.steps) <= len(agreeing.steps)
    assert "<input" not in re.sub(r'<input type="hidden"[^>]*>', "", page), "no reason, no address, no login"


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("purpose", ["promotions", "similar_products", "marketing"])
def test_one_click_by_a_mail_program_is_one_step(
    wired: Service, portal: Flask, camille: UUID, now: datetime, content_type: str, purpose: str
) -> None:
    """RFC 8058: a POST in either form, without cookie, origin or token; answered 200 without any redirect."""
    path = f"/fr/u/{issue(wired.keyring, Unsubscription(camille, purpose, EMAIL, now))}"
    for method in ("get", "head"):
        shown = getattr(portal.test_client(), method)(path)
        assert (shown.status_code, "Set-Cookie" in shown.headers) == (200, False)
    judged = "scoring" if purpose == "marketing" else purpose
    before = reason(wired, camille, judged)
    answer = portal.test_client().post(path, data={"List-Unsubscribe": "One-Click"}, content_type=content_type)
    assert answer.status_code == 200
    assert {"Set-Cookie", "Location"} & set(answer.headers.keys()) == set()
    assert before is not reason(wired, camille, judged)
    assert reason(wired, camille, judged) in (Reason.CONSENT_REFUSED, Reason.OBJECTION)


def test_over_http_a_no_is_one_request_with_the_same_fields(
    wired: Service, camille: UUID, bound: sessionmaker[Session], now: datetime
) -> None:
    with bound.begin() as session:
        token = apikeys.create(session, "shop", {Scope.CONSENTS_WRITE}, now, grantor=apikeys.ALL_SCOPES).token
    machine = Machine(create_api(wired).test_client(), token)
    body = {
        "email": CAMILLE,
        "purpose": "promotions",
        "channel": "email",
        "state": "given",
        "notice": "promotions@1/fr",
        "method": "web_form",
    }
    assert machine.post("/api/v1/consents", body).status_code == 201
    assert reason(wired, camille, "promotions") is Reason.CONSENT_GIVEN
    assert machine.post("/api/v1/consents", body | {"state": "withdrawn"}).status_code == 201
    assert reason(wired, camille, "promotions") is Reason.CONSENT_WITHDRAWN
    required = {name for name, one in ConsentIn().fields.items() if one.required}
    assert required <= set(body), "nothing is asked for a no that was not asked for the yes"


@pytest.fixture
def cc(database_source: DatabaseSource, tmp_path: Path) -> Iterator[CommandLine]:
    with database_source.lend("sqlite", tmp_path, migrate) as lent:
        line = command_line(tmp_path, lent.url, lent.keyring_url)
        line("init")
        (tmp_path / "people.csv").write_text(f"id,email\n1,{CAMILLE}\n", encoding="utf-8")
        mapping = "entity: contact\nexternal_id: {system: test, column: id}\nfields: {email: email}\n"
        (tmp_path / "people.yaml").write_text(mapping, encoding="utf-8")
        line("import", tmp_path / "people.csv", "--mapping", tmp_path / "people.yaml")
        yield line


def test_on_the_command_line_a_no_is_the_same_command(cc: CommandLine) -> None:
    matter = ("--email", CAMILLE, "--purpose", "promotions", "--channel", "email")
    told = (*matter, "--notice", "promotions@1", "--method", "phone")
    cc("consent", "record", *told, "--state", "given")
    assert cc("consent", "decide", *matter)["allowed"] is True
    cc("consent", "record", *told, "--state", "withdrawn")
    assert cc("consent", "decide", *matter)["reason"] == "consent_withdrawn"
    assert "reason" not in inspect.signature(consent_commands.record.callback).parameters  # type: ignore[arg-type]


def test_a_no_needs_no_login_that_the_yes_did_not_need(wired: Service, portal: Flask, now: datetime) -> None:
    """Links that stop work for whoever holds the mail, long after any session."""
    stranger = open_people(wired.sessions, wired.keyring, now, "autre@courriel.example")[0]
    path = f"/fr/u/{issue(wired.keyring, Unsubscription(stranger, 'newsletter', EMAIL, now - timedelta(days=900)))}"
    page = portal.test_client().get(path)
    assert (page.status_code, "sign-in" in page.headers.get("Location", "")) == (200, False)
