"""Retention in the console: what is due, what will be, letting it go with a typed word, and what went."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from consentcore.crm.contact_points import email_point
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.contacts import Contact
from consentcore.crm.drafts import ContactDraft
from consentcore.crm.transaction_writing import open_transactions
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogEvent
from consentcore.requests.intake import Intake
from consentcore.requests.tables import Right
from consentcore.retention.journal import disposed
from tests.builders.console import NOW, ConsoleSite
from tests.builders.customers import bought
from web.console import retention
from web.console.retention_forecast import month_ends
from web.jobs.sweeps import STARTED
from web.security.permissions import Role
from web.transaction import reading, unit

LONG_AGO = NOW - timedelta(days=4 * 366)


def silent(site: ConsoleSite, email: str, since: datetime) -> None:
    """Open a contact who was last heard of at an instant."""
    draft = ContactDraft(
        texts={"first_name": "Odile", "last_name": "Quenneville"},
        points=(email_point(email),),
        created_at=since,
        last_contact_at=since,
    )
    with unit(site.wired.sessions) as session:
        open_contacts(session, site.wired.keyring, [draft], since)


def customer(site: ConsoleSite, email: str, issued_on: date) -> None:
    """Open a contact, heard of today, with an old invoice."""
    draft = ContactDraft(texts={"first_name": "Ana"}, points=(email_point(email),), last_contact_at=NOW)
    with unit(site.wired.sessions) as session:
        written = open_contacts(session, site.wired.keyring, [draft], LONG_AGO)[0]
        open_transactions(session, site.wired.keyring, [(written, bought("invoice", issued_on))], LONG_AGO)


def contacts(site: ConsoleSite) -> int:
    """Count the contacts that are left."""
    with reading(site.wired.sessions) as session:
        return session.scalar(select(func.count()).select_from(Contact)) or 0


def logged(site: ConsoleSite, kind: str) -> list[dict[str, object]]:
    """Return the data of the log's entries of a type."""
    with reading(site.wired.sessions) as session:
        said = [read_header(header) for header in session.scalars(select(LogEvent.header))]
    return [one["data"] for one in said if one["type"] == kind]


@pytest.fixture
def due_site(fresh_site: ConsoleSite) -> Iterator[ConsoleSite]:
    """A console with two silent persons, a customer with an old invoice, and somebody heard of lately."""
    silent(fresh_site, "a@courriel.example", LONG_AGO)
    silent(fresh_site, "b@courriel.example", LONG_AGO)
    silent(fresh_site, "c@courriel.example", NOW - timedelta(days=3 * 365 - 60))
    customer(fresh_site, "d@courriel.example", date(2014, 3, 5))
    yield fresh_site


def test_nothing_due_says_when_the_next_is(fresh_site: ConsoleSite) -> None:
    silent(fresh_site, "c@courriel.example", NOW - timedelta(days=3 * 365 - 60))
    browser = fresh_site.browser(Role.DPO)
    page = browser.get("/retention/").get_data(as_text=True)
    assert "Nothing is due today." in page and "in the month of 1 January 2027" in page and 'name="word"' not in page
    assert "CNIL" in page and "10 years" in page  # the rules in force
    assert 'role="img"' in page and "Nothing has gone yet." in page


def test_what_is_due_is_counted_by_rule_and_a_day_to_come_counts_more(due_site: ConsoleSite) -> None:
    browser = due_site.browser(Role.AUDITOR)
    page = browser.get("/retention/").get_data(as_text=True)
    assert "3 items have reached their term" in page and 'name="word"' not in page  # an auditor lets nothing go
    ahead = browser.get("/retention/?on=2027-03-01").get_data(as_text=True)
    table = ahead[ahead.index("On 1 March 2027") :]
    counts = [int(number) for number in re.findall(r'<td class="cc-num">(\d+)</td>', table[: table.index("</table>")])]
    assert sorted(counts) == [1, 3]
    assert contacts(due_site) == 4


@pytest.mark.parametrize("on", ["tomorrow", "2026-11-08", "2126-01-01", "2027-13-01"])
def test_a_day_that_cannot_be_asked_about_is_told(site: ConsoleSite, on: str) -> None:
    answer = site.browser(Role.AUDITOR).get(f"/retention/?on={on}")
    assert answer.status_code == 422 and 'href="#on"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("word", ["", "yes", "deleted"])
def test_without_the_word_nothing_goes(due_site: ConsoleSite, word: str) -> None:
    browser = due_site.browser(Role.DPO)
    answer = browser.post("/retention/run", {"word": word})
    assert answer.status_code == 422 and 'href="#word"' in answer.get_data(as_text=True)
    assert contacts(due_site) == 4 and not logged(due_site, STARTED)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPERATOR, Role.APPROVER])
def test_who_may_not_run_it_cannot(due_site: ConsoleSite, role: Role) -> None:
    assert due_site.browser(role).post("/retention/run", {"word": "delete"}).status_code == 403
    assert contacts(due_site) == 4


def test_a_run_lets_go_what_is_due_and_leaves_its_journal(due_site: ConsoleSite) -> None:
    browser = due_site.browser(Role.DPO)
    browser.send("/retention/run", {"word": " Delete "})
    assert browser.page is not None
    page = browser.page.get_data(as_text=True)
    assert "What was due has gone." in page and "Nothing is due today." in page and "3 items went" in page
    assert contacts(due_site) == 2
    with reading(due_site.wired.sessions) as session:
        journal = disposed(session)
    assert sorted((one.rule, one.items) for one in journal) == [("invoice", 1), ("prospects", 2)]
    assert all(f"n° {one.last_leaf}" in page for one in journal)
    assert logged(due_site, STARTED) == [{"by": str(due_site.account(Role.DPO).id)}]
    browser.send("/retention/run", {"word": "delete"})
    assert "There was nothing to let go." in browser.page.get_data(as_text=True)


def test_a_long_run_goes_on_by_another_click(due_site: ConsoleSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_BATCHES", 1)
    browser = due_site.browser(Role.DPO)
    browser.send("/retention/run", {"word": "delete"})
    assert browser.page is not None
    assert "More is due: start it again to go on." in browser.page.get_data(as_text=True)
    browser.send("/retention/run", {"word": "delete"})
    assert "What was due has gone." in browser.page.get_data(as_text=True)
    assert contacts(due_site) == 2


def test_whoever_has_an_open_request_is_passed_over(due_site: ConsoleSite) -> None:
    due_site.request(Intake((Right.ACCESS,), email="a@courriel.example"), NOW)
    page = due_site.browser(Role.DPO).get("/retention/").get_data(as_text=True)
    assert "2 items have reached their term" in page


def test_months_end_where_they_end() -> None:
    assert month_ends(date(2027, 12, 31), 3) == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29)]
