"""Fetching one's data: by a fresh code, counted, within a time, to the one person at the address and nobody else."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from consentcore.ledger.tables import LogEvent
from consentcore.requests import identity, lifecycle
from consentcore.requests.intake import Intake, receive
from consentcore.requests.tables import Right
from tests.builders.asking import ask_for, carry_through
from tests.builders.faces import Browser
from tests.builders.people import open_people
from web.jobs.packages import MadePackage
from web.portal import handing_over
from web.security.tables import DownloadRow
from web.transaction import unit
from web.wiring import Service

CAMILLE = "camille.deschamps@courriel.example"
Confirmed = Callable[..., Browser]


def fetch(browser: Browser, reference: str, kind: str = "access") -> TestResponse:
    """Open the page, then fetch."""
    browser.get(f"/fr/requests/{reference}/download")
    return browser.post(f"/fr/requests/{reference}/download/{kind}", {})


def count(service: Service) -> int:
    """How many downloads are on record."""
    with service.sessions() as session:
        return session.scalar(select(func.count()).select_from(DownloadRow)) or 0


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages of a few bytes: drawing real ones is another test's business."""

    def make(service: Service, reference: str, lang: str, rights: set[Right]) -> list[MadePackage]:
        return [MadePackage(right, f"{right}-{reference}.zip", b"PK small") for right in rights]

    monkeypatch.setattr(handing_over, "make_packages", make)


@pytest.fixture
def answered(service: Service, camille: UUID, confirmed: Confirmed) -> str:
    """An access that was asked for and carried out."""
    reference = ask_for(confirmed(), "access")
    carry_through(service, reference)
    return reference


def test_the_package_is_handed_over_and_noted(
    service: Service, answered: str, confirmed: Confirmed, tmp_path: Path
) -> None:
    before = {path for path in tmp_path.rglob("*") if path.suffix != ".eml"}
    browser = confirmed()
    page = browser.get(f"/fr/requests/{answered}/download").get_data(as_text=True)
    assert "Encore 10 téléchargements, jusqu’au 9 décembre 2026" in page
    got = fetch(browser, answered)
    digest = sha256(got.data)
    assert got.headers["Content-Disposition"] == f'attachment; filename="access-{answered}.zip"'
    assert got.headers["Cache-Control"] == "no-store" and got.mimetype == "application/zip"
    assert got.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    with zipfile.ZipFile(io.BytesIO(got.data)) as archive:
        assert "Deschamps" in json.dumps(json.loads(archive.read("data.json")))
    after = browser.get(f"/fr/requests/{answered}/download").get_data(as_text=True)
    assert "Encore 9 téléchargements" in after and digest.hexdigest() in after
    with service.sessions() as session:
        headers = [json.loads(row) for row in session.scalars(select(LogEvent.header))]
    (leaf,) = [one for one in headers if one["type"] == "package.handed_over"]
    assert leaf["data"] == {"kind": "access", "package_sha256": digest.hexdigest(), "reference": answered}
    assert {path for path in tmp_path.rglob("*") if path.suffix != ".eml"} - before <= {
        tmp_path / name for name in ("main.db-wal", "main.db-shm", "keyring.db-wal", "keyring.db-shm")
    }


def test_a_code_of_a_while_ago_opens_nothing(
    service: Service, answered: str, small: None, confirmed: Confirmed, at: Callable[[datetime], Flask], now: datetime
) -> None:
    browser = confirmed()
    cookie = browser.client.get_cookie("cc_portal")
    assert cookie is not None
    later = Browser(at(now + timedelta(minutes=11)))
    later.client.set_cookie("cc_portal", cookie.value)
    page = later.get(f"/fr/requests/{answered}/download").get_data(as_text=True)
    assert "Télécharger (ZIP)" not in page and "nouveau code" in page
    refused = later.post(f"/fr/requests/{answered}/download/access", {})
    assert refused.status_code == 303 and count(service) == 0
    asked = later.post(f"/fr/requests/{answered}/download/code", {})
    assert "/fr/sign-in/code" in asked.headers["Location"]


def test_a_package_can_be_fetched_so_often_and_no_more(
    service: Service, answered: str, small: None, confirmed: Confirmed
) -> None:
    browser = confirmed()
    answers = [fetch(browser, answered).status_code for _ in range(handing_over.MOST + 1)]
    assert answers == [200] * handing_over.MOST + [409] and count(service) == handing_over.MOST
    assert "autant de fois" in browser.get(f"/fr/requests/{answered}/download").get_data(as_text=True)


def test_after_its_time_nothing_is_handed_over(
    service: Service, answered: str, small: None, confirmed: Confirmed, at: Callable[[datetime], Flask], now: datetime
) -> None:
    over = at(now + timedelta(days=handing_over.DAYS))
    browser = confirmed(app=over)
    page = browser.get(f"/fr/requests/{answered}/download").get_data(as_text=True)
    assert "est passé" in page and fetch(browser, answered).status_code == 409 and count(service) == 0


def test_data_go_to_no_address_that_several_share(
    service: Service, answered: str, small: None, confirmed: Confirmed, now: datetime
) -> None:
    open_people(service.sessions, service.keyring, now, CAMILLE)  # somebody else, by now, at the same address
    browser = confirmed()
    assert "Pas depuis cette page" in browser.get(f"/fr/requests/{answered}/download").get_data(as_text=True)
    assert fetch(browser, answered).status_code == 409 and count(service) == 0


def test_a_new_address_does_not_suffice(
    service: Service, camille: UUID, answered: str, small: None, confirmed: Confirmed
) -> None:
    moved = "camille.nouvelle@courriel.example"
    with unit(service.sessions) as session:
        intake = Intake((Right.RECTIFICATION,), email=CAMILLE, changes={"email": moved})
        reference = receive(session, service.policy, intake, service.now()).reference
        identity.verify(session, service.policy, reference, "paper", "first@example.org", service.now())
    carry_through(service, reference)
    browser = confirmed(moved)
    assert "a changé il y a peu" in browser.get(f"/fr/requests/{answered}/download").get_data(as_text=True)
    assert fetch(browser, answered).status_code == 409
    assert fetch(confirmed(CAMILLE), answered).status_code == 409  # the old one is not on the record any more
    assert count(service) == 0


def test_what_was_not_carried_out_has_no_package(
    service: Service, camille: UUID, small: None, confirmed: Confirmed
) -> None:
    browser = confirmed()
    reference = ask_for(browser, "access")
    assert browser.get(f"/fr/requests/{reference}/download").status_code == 404
    carry_through(service, reference)
    assert fetch(browser, reference, "portability").status_code == 404
    with service.sessions() as session:
        assert lifecycle.find(session, reference).closed_at is not None
