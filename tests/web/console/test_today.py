"""Today: the worst first, each thing once, and nothing offered that the reader's role cannot do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import update

from consentcore.outbox.tables import OutboxMessage
from consentcore.requests import erasure, lifecycle
from consentcore.requests.intake import Intake
from consentcore.requests.tables import Right
from registry import breaches
from tests.builders.console import NOW, ConsoleSite, address_of, console_site
from tests.builders.databases import DatabaseSource
from tests.builders.people import open_people
from web.security.permissions import Role
from web.transaction import unit

EMAILS = tuple(f"personne{number}@courriel.example" for number in range(8))


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(database_source: DatabaseSource, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleSite]:
    """One of everything that can be to do."""
    with console_site(database_source, tmp_path_factory.mktemp("today")) as made:
        open_people(made.wired.sessions, made.wired.keyring, at(9, 1), *EMAILS)
        for role in Role:
            made.account(role)
        yield made


@pytest.fixture(scope="module")
def cases(site: ConsoleSite) -> dict[str, str]:
    def ask(place: int, right: Right, day: datetime, to: str, by: Role = Role.OPERATOR) -> str:
        return site.request(Intake((right,), email=EMAILS[place]), day, to=to, by=by)

    made = {
        "late": ask(0, Right.ACCESS, at(10, 5), "verified"),
        "of operator": ask(1, Right.ERASURE, at(11, 3), "assessed"),
        "of dpo": ask(2, Right.ERASURE, at(11, 4), "assessed", Role.DPO),
        "soon": ask(3, Right.PORTABILITY, at(10, 12), "verified"),
        "unverified": ask(4, Right.ACCESS, at(11, 5), "received"),
        "failed": ask(5, Right.ERASURE, at(11, 6), "assessed"),
        "in time": ask(6, Right.ACCESS, at(11, 6), "verified"),
    }
    with unit(site.wired.sessions) as session:
        dsr = lifecycle.find(session, made["failed"])
        erasure.approve(session, dsr.id, dsr.plan_sha256 or "", address_of(Role.APPROVER), at(11, 7))
        lifecycle.start(session, dsr.id, at(11, 7))
        lifecycle.failed(session, dsr.id, "database_error", at(11, 7))
        breaches.open(session, site.wired.policy, at(11, 7), "confidentiality", "a letter went astray", NOW)
    return made


def page_of(site: ConsoleSite, role: Role) -> str:
    return unescape(site.browser(role).get("/").get_data(as_text=True))


def lines(page: str) -> list[tuple[str, str]]:
    """Return title and button of each line to do."""
    rows = re.search(r'<ol class="cc-rows">(.*?)</ol>', page, re.S)
    found = re.findall(r'cc-row-l"[^>]*>([^<]+)<.*?btn-[a-z-]+"[^>]*>([^<]+)<', rows[1], re.S) if rows else []
    return [(title, button.strip()) for title, button in found]


def test_the_order_and_the_buttons_of_the_dpo(site: ConsoleSite, cases: dict[str, str]) -> None:
    found = lines(page_of(site, Role.DPO))
    named = {reference: name for name, reference in cases.items()}
    order = [named.get(title.rpartition(" ")[2], title.partition(" ")[0]) for title, _ in found]
    assert order == ["late", "Breach", "of operator", "soon", "unverified", "failed"]
    assert dict(found)[f"Erasure {cases['of operator']}"] == "Give my approval"
    assert dict(found)[f"Access {cases['unverified']}"] == "Verify the identity"


def test_nobody_is_asked_to_approve_a_plan_of_their_own(site: ConsoleSite, cases: dict[str, str]) -> None:
    titles = [title for title, _ in lines(page_of(site, Role.DPO))]
    assert f"Erasure {cases['of dpo']}" not in titles
    approver = [title for title, button in lines(page_of(site, Role.APPROVER)) if button == "Give my approval"]
    assert approver == [f"Erasure {cases['of operator']}", f"Erasure {cases['of dpo']}"]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR])
def test_who_may_not_approve_is_not_asked_to(site: ConsoleSite, cases: dict[str, str], role: Role) -> None:
    assert "Give my approval" not in page_of(site, role)


def test_the_auditor_is_offered_nothing_to_change(site: ConsoleSite, cases: dict[str, str]) -> None:
    page = page_of(site, Role.AUDITOR)
    assert {button for _, button in lines(page)} == {"Open the request", "See the log"}
    assert "/requests/new" not in page


def test_two_primary_buttons_at_most(site: ConsoleSite, cases: dict[str, str]) -> None:
    assert page_of(site, Role.APPROVER).count("btn btn-primary") == 2


def test_the_lead_says_the_worst(site: ConsoleSite, cases: dict[str, str]) -> None:
    lead = re.search(r'<p class="cc-lead">(.*?)</p>', page_of(site, Role.DPO), re.S)
    assert lead is not None
    assert lead[1].startswith(
        "<strong>One request is late.</strong> A breach is to be notified before <strong>tomorrow"
    )
    assert "One request is due by 16\u00a0November." in lead[1]


def test_every_open_request_is_in_chart_and_table(site: ConsoleSite, cases: dict[str, str]) -> None:
    page = page_of(site, Role.AUDITOR)
    chart, table = page.partition('id="h-q"')[0], page.partition('id="h-q"')[2]
    for reference in cases.values():
        assert reference in chart
        assert reference in table
    assert "11 Nov is a public holiday" not in table
    assert "C… D…" in table
    assert "Deschamps" not in page


def test_the_page_is_in_french_too(site: ConsoleSite, cases: dict[str, str]) -> None:
    browser = site.browser(Role.OPERATOR)
    browser.post("/account/preferences", {"language": "fr", "theme": "dark"})
    page = unescape(browser.get("/").get_data(as_text=True))
    browser.post("/account/preferences", {"language": "en", "theme": "auto"})
    assert "Lundi 9 novembre 2026" in page
    assert "<strong>Une demande est en retard.</strong>" in page
    assert 'data-bs-theme="dark"' in page


def test_mail_that_fails_is_a_line(fresh_site: ConsoleSite) -> None:
    fresh_site.request(Intake((Right.ACCESS,), email="nul@ailleurs.example"), NOW)
    with unit(fresh_site.wired.sessions) as session:
        session.execute(update(OutboxMessage).values(attempts=2))
    page = page_of(fresh_site, Role.DPO)
    assert ("Outgoing mail", "See the outgoing mail") in lines(page)
    assert "one not sent" in page


def test_an_empty_day_names_what_comes_next(fresh_site: ConsoleSite) -> None:
    page = page_of(fresh_site, Role.DPO)
    assert "No request is open." in page
    assert "cc-rows" not in page
    reference = fresh_site.request(Intake((Right.ACCESS,), email="nul@ailleurs.example"), NOW, to="verified")
    page = page_of(fresh_site, Role.DPO)
    assert f"The next due date is Wednesday 9 December 2026, request {reference}." in page
    assert "cc-rows" not in page


def test_a_breach_whose_time_is_over_stays_a_week(fresh_site: ConsoleSite) -> None:
    with unit(fresh_site.wired.sessions) as session:
        for days in (5, 20):
            aware = NOW - timedelta(days=days)
            breaches.open(session, fresh_site.wired.policy, aware, "integrity", f"{days} days ago", NOW)
    page = page_of(fresh_site, Role.DPO)
    assert [title.partition(" ")[0] for title, _ in lines(page)] == ["Breach"]
    assert "time over" in page
    assert "The time to notify a breach is over." in page
