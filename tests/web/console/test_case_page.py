"""One request on its page: masked until a look is recorded, one next step, every state drawn."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import select

from consentcore.ledger.tables import LogContent, LogEvent
from consentcore.requests import lifecycle
from consentcore.requests.content import read_content
from consentcore.requests.intake import Intake
from consentcore.requests.intake import Role as Requester
from consentcore.requests.tables import Right
from consentcore.subjects import access_log
from tests.builders.console import NOW, ConsoleSite
from tests.builders.faces import Browser
from tests.builders.people import open_people
from web.jobs import answers
from web.jobs.rights import carry_out
from web.security import staff
from web.security.permissions import Role
from web.transaction import reading, unit
from web.wiring import Service

StaffOf = Callable[[Role], Browser]
TakeIn = Callable[..., str]
NAME = "Camille Deschamps"
NUMBERS = count(1)


@pytest.fixture
def wired(site: ConsoleSite) -> Service:
    return site.wired


@pytest.fixture
def staff_of(site: ConsoleSite) -> StaffOf:
    return site.browser


@pytest.fixture
def take_in(site: ConsoleSite) -> TakeIn:
    return site.request


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def email() -> str:
    """An address that no other test of the module uses."""
    return f"c{next(NUMBERS)}amille@courriel.example"


@pytest.fixture
def person(wired: Service, email: str) -> UUID:
    return open_people(wired.sessions, wired.keyring, NOW, email)[0]


def text_of(browser: Browser, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def test_a_person_is_masked_until_the_look_is_in_the_log(
    wired: Service, staff_of: StaffOf, take_in: TakeIn, person: UUID, email: str, now: datetime
) -> None:
    reference = take_in(Intake((Right.ACCESS,), email=email), now)
    browser = staff_of(Role.OPERATOR)
    before = text_of(browser, f"/requests/{reference}")
    assert "C… D…" in before and NAME not in before and email not in before and "c…e@co…el.example" in before
    assert browser.post(f"/requests/{reference}/name").status_code == 303
    with reading(wired.sessions) as session:
        written = select(LogEvent.header, LogContent.payload).join(LogContent, LogContent.event_id == LogEvent.id)
        rows = session.execute(written.where(LogContent.subject_ref == person)).all()
    looks = [row for row in rows if access_log.RECORDED.encode() in row.header]
    assert len(looks) == 1
    assert b"operator@" not in looks[0].header + looks[0].payload  # who looked is sealed under the person's key
    after = text_of(browser, f"/requests/{reference}")
    assert NAME in after and email in after
    assert NAME not in text_of(staff_of(Role.DPO), f"/requests/{reference}")  # another session sees nothing of it
    browser.post(f"/requests/{reference}/name/hide")
    assert NAME not in text_of(browser, f"/requests/{reference}")


def test_a_name_is_shown_for_ten_minutes(
    site: ConsoleSite, staff_of: StaffOf, take_in: TakeIn, person: UUID, email: str, now: datetime
) -> None:
    reference = take_in(Intake((Right.ACCESS,), email=email), now)
    browser = staff_of(Role.OPERATOR)
    browser.post(f"/requests/{reference}/name")
    for minutes, shown in ((9, True), (11, False)):
        later = Browser(site.later(now + timedelta(minutes=minutes)))
        later.client.set_cookie("cc_console", browser.client.get_cookie("cc_console").value)  # type: ignore[union-attr]
        assert (NAME in text_of(later, f"/requests/{reference}")) is shown


def test_nothing_is_shown_that_could_not_be_recorded(
    staff_of: StaffOf, take_in: TakeIn, person: UUID, email: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = take_in(Intake((Right.ACCESS,), email=email), now)
    browser = staff_of(Role.OPERATOR)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(access_log, "record", broken)
    assert browser.post(f"/requests/{reference}/name").status_code == 500
    assert NAME not in text_of(browser, f"/requests/{reference}")


def test_of_a_stranger_there_is_no_name_to_show(staff_of: StaffOf, take_in: TakeIn, now: datetime) -> None:
    reference = take_in(Intake((Right.ERASURE,), email="nul@courriel.example"), now, to="verified")
    browser = staff_of(Role.OPERATOR)
    page = text_of(browser, f"/requests/{reference}")
    assert "Show the name" not in page and "Answer that nothing was found" in page
    assert browser.post(f"/requests/{reference}/name").status_code == 404


def test_the_clock_says_how_the_last_day_came_about(
    site: ConsoleSite, wired: Service, staff_of: StaffOf, take_in: TakeIn, person: UUID, email: str, now: datetime
) -> None:
    reference = take_in(Intake((Right.ACCESS,), email=email), now - timedelta(days=29))
    english = text_of(staff_of(Role.AUDITOR), f"/requests/{reference}")
    assert "Answer due on Thursday 12 November 2026" in english and "in 3 days" in english
    assert "11 November 2026 is a public holiday (Armistice Day)" in english
    assert "Rules FR@1, applied on receipt." in english
    with unit(wired.sessions) as session:
        staff.set_preferences(session, site.account(Role.APPROVER).id, "fr", "auto")
    french = text_of(staff_of(Role.APPROVER), f"/requests/{reference}")
    assert "À rendre le jeudi 12 novembre 2026" in french and "est férié (Armistice)" in french


def test_every_state_has_its_page_and_no_address_in_it(
    wired: Service, staff_of: StaffOf, take_in: TakeIn, person: UUID, email: str, now: datetime
) -> None:
    browser = staff_of(Role.DPO)
    found = {
        take_in(Intake((Right.ACCESS,), email=email), now): ("Verify the identity", "Not verified"),
        take_in(Intake((Right.ACCESS,), email=email), now, to="verified"): ("Carry out and answer", "Verified"),
        take_in(Intake((Right.ERASURE,), email=email), now, to="verified"): ("Make the erasure plan", "To do"),
        take_in(Intake((Right.ERASURE,), email=email), now, to="assessed"): ("Look at the plan", "Second approval"),
        take_in(Intake((Right.OBJECTION,), email=email, scope="marketing"), now): ("Apply the objection", "Not needed"),
        take_in(Intake((Right.ACCESS, Right.HUMAN_REVIEW), email=email), now, to="verified"): (
            "Review by a person: this version leaves that to people.",
            "Handle outside this system",
        ),
    }
    closed = take_in(Intake((Right.ACCESS, Right.PORTABILITY), email=email), now, to="verified")
    carry_out(wired, closed)
    found[closed] = ("Answered on Monday 9 November 2026", "Carried out")
    refused = take_in(Intake((Right.ACCESS,), email=email), now)
    with unit(wired.sessions) as session:
        answers.refuse(session, wired, refused, "excessive", "The same was asked three times.", "a@ex.example")
    found[refused] = ("The same was asked three times.", "refused the request")
    for reference, sentences in found.items():
        page = text_of(browser, f"/requests/{reference.lower()}")
        assert all(sentence in page for sentence in sentences), (reference, sentences)
        assert not re.search(r'(?:href|action)="[^"]*(?:@|%40|camille)', page, re.IGNORECASE)


def test_what_is_left_to_people_is_not_started(
    wired: Service, staff_of: StaffOf, take_in: TakeIn, person: UUID, email: str, now: datetime
) -> None:
    reference = take_in(Intake((Right.ACCESS, Right.HUMAN_REVIEW), email=email), now, to="verified")
    answer = staff_of(Role.OPERATOR).post(f"/requests/{reference}/execution")
    assert answer.status_code == 422 and "This step is not possible here." in answer.get_data(as_text=True)
    with reading(wired.sessions) as session:
        assert lifecycle.find(session, reference).status == "verified"


def test_an_unknown_reference_is_nowhere(staff_of: StaffOf) -> None:
    assert staff_of(Role.DPO).get("/requests/AAAA-BBBB").status_code == 404
    assert staff_of(Role.DPO).get("/requests/AAAA-BBBB/plan").status_code == 404


def test_several_persons_share_an_address(wired: Service, staff_of: StaffOf, take_in: TakeIn, now: datetime) -> None:
    family = "famille@courriel.example"
    first, second = open_people(wired.sessions, wired.keyring, now, family, family)
    stranger = open_people(wired.sessions, wired.keyring, now, "autre@courriel.example")[0]
    reference = take_in(Intake((Right.ACCESS,), email=family), now)
    browser = staff_of(Role.OPERATOR)
    assert "2 persons share this address" in text_of(browser, f"/requests/{reference}")
    form = text_of(browser, f"/requests/{reference}/verification")
    assert str(first) in form and str(second) in form and NAME not in form
    path = f"/requests/{reference}/verification"
    for chosen in ({}, {"person": str(stranger)}, {"person": "x"}):
        assert browser.post(path, {"method": "phone", **chosen}).status_code == 422
    assert browser.post(path, {"method": "guess", "person": str(second)}).status_code == 422
    assert browser.post(path, {"method": "phone", "person": str(second)}).status_code == 303
    with reading(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        assert dsr.subject_ref == second
        assert lifecycle.steps_of(session, dsr)[-1].by == "operator@exemplia-jardins.example"
    again = browser.post(path, {"method": "phone"})
    assert again.status_code == 409 and "has moved on meanwhile" in again.get_data(as_text=True)


def test_without_a_mandate_nobody_is_verified(
    wired: Service, staff_of: StaffOf, take_in: TakeIn, person: UUID, email: str, now: datetime
) -> None:
    intake = Intake((Right.ACCESS,), email=email, requester="agent@cabinet.example", role=Requester.MANDATE)
    reference = take_in(intake, now)
    browser = staff_of(Role.OPERATOR)
    assert "agent@" not in text_of(browser, f"/requests/{reference}")
    answer = browser.post(f"/requests/{reference}/verification", {"method": "phone"})
    assert answer.status_code == 403 and "The identity is not proven this way" in answer.get_data(as_text=True)
    with reading(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        assert dsr.status == "received" and "method" not in read_content(wired.keyring, dsr)
