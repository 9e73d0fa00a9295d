"""The queue: filters in the address, views with counts, pages, a file of what is shown, pictures; and the search."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from consentcore.crm.contact_writing import open_contacts
from consentcore.requests.intake import Intake, IntakeChannel, receive
from consentcore.requests.queue import PAGE
from consentcore.requests.tables import Right
from tests.builders.console import NOW, ConsoleSite, console_site
from tests.builders.databases import DatabaseSource
from tests.builders.people import draft, open_people
from web.console.queue_filters import VIEW_WORDS
from web.security.permissions import Role
from web.transaction import unit

EMAILS = tuple(f"personne{number}@courriel.example" for number in range(6))


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(database_source: DatabaseSource, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleSite]:
    """Some requests that run and some that ended."""
    with console_site(database_source, tmp_path_factory.mktemp("queue")) as made:
        open_people(made.wired.sessions, made.wired.keyring, at(9, 1), *EMAILS)
        yield made


@pytest.fixture(scope="module")
def cases(site: ConsoleSite) -> dict[str, str]:
    def ask(place: int, right: Right, day: datetime, to: str = "verified", **more: object) -> str:
        return site.request(Intake((right,), email=EMAILS[place], **more), day, to=to)  # type: ignore[arg-type]

    return {
        "late": ask(0, Right.ACCESS, at(10, 5)),
        "soon": ask(1, Right.PORTABILITY, at(10, 12)),
        "letter": ask(2, Right.ERASURE, at(11, 3), channel=IntakeChannel.LETTER),
        "unverified": ask(3, Right.ACCESS, at(11, 5), "received"),
        "ended": ask(4, Right.OBJECTION, at(11, 2), "received", scope="marketing"),
    }


def listed(site: ConsoleSite, cases: dict[str, str], query: str) -> list[str]:
    page = site.browser(Role.AUDITOR).get(f"/requests/{query}").get_data(as_text=True)
    named = {reference: name for name, reference in cases.items()}
    return [named[reference] for reference in re.findall(r'<th scope="row"><a class="cc-ref"[^>]*>([^<]+)<', page)]


def test_views_and_filters(site: ConsoleSite, cases: dict[str, str]) -> None:
    assert listed(site, cases, "") == ["late", "soon", "letter"]
    assert listed(site, cases, "?view=late") == ["late"]
    assert listed(site, cases, "?view=soon") == ["soon"]
    assert listed(site, cases, "?view=unverified") == ["unverified"]
    assert listed(site, cases, "?view=closed") == ["ended"]
    assert "ended 2 Nov" in site.browser(Role.AUDITOR).get("/requests/?view=closed").get_data(as_text=True)
    assert listed(site, cases, "?view=running&order=newest") == ["unverified", "letter", "soon", "late"]
    assert listed(site, cases, "?right=erasure") == ["letter"]
    assert listed(site, cases, "?channel=letter&right=access") == []
    assert listed(site, cases, "?due_from=2026-11-12&due_until=2026-11-12") == ["soon"]


def test_unknown_codes_are_overlooked(site: ConsoleSite, cases: dict[str, str]) -> None:
    assert listed(site, cases, "?view=everything&right=flight&page=0&order=random&page=x") == ["late", "soon", "letter"]


@pytest.mark.parametrize("query", ["?due_from=tomorrow", "?due_from=2026-11-12&due_until=2026-11-01"])
def test_days_that_cannot_be_are_said(site: ConsoleSite, cases: dict[str, str], query: str) -> None:
    answer = site.browser(Role.AUDITOR).get(f"/requests/{query}")
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "<title>Error:" in page
    assert 'href="#due_' in page


def test_counts_in_words_and_what_is_left_out(site: ConsoleSite, cases: dict[str, str]) -> None:
    page = unescape(site.browser(Role.AUDITOR).get("/requests/").get_data(as_text=True))
    assert "4 requests are open." in page
    assert "<strong>One is late.</strong>" in page
    assert "One is due by 16\u00a0November." in page
    assert "One request is not in this list, because nobody has verified its applicant yet." in page
    assert 'href="/requests/?view=unverified"' in page


def test_every_view_has_a_page(site: ConsoleSite, cases: dict[str, str]) -> None:
    browser = site.browser(Role.AUDITOR)
    for group in VIEW_WORDS:
        assert browser.get(f"/requests/?view={group.value}").status_code == 200


def test_pictures_have_tables(site: ConsoleSite, cases: dict[str, str]) -> None:
    page = unescape(site.browser(Role.AUDITOR).get("/requests/").get_data(as_text=True))
    assert page.count('role="img"') == 1
    assert "Access: In time 1, Within 7 days 0, Late 1" in page
    assert "Too few requests have ended for a picture" in page
    for number in range(2):
        email = f"autre{number}@ailleurs.example"
        site.request(Intake((Right.OBJECTION,), email=email, scope="marketing"), at(11, 2))
    page = unescape(site.browser(Role.AUDITOR).get("/requests/").get_data(as_text=True))
    assert page.count('role="img"') == 2
    assert "Objection, Carried out: 3" in page


def test_the_file_holds_what_the_list_shows(site: ConsoleSite, cases: dict[str, str]) -> None:
    answer = site.browser(Role.AUDITOR).get("/requests/export.csv?view=running&right=access")
    assert answer.mimetype == "text/csv"
    assert 'filename="requests-running-2026-11-09.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [row["Reference"] for row in rows] == [cases["late"], cases["unverified"]]
    assert {row["Person"] for row in rows} == {"C… D…"}
    assert rows[0]["Due"] == "2026-11-05"


def test_a_name_is_no_formula_in_the_file(fresh_site: ConsoleSite) -> None:
    wired = fresh_site.wired
    with wired.sessions.begin() as session:
        open_contacts(session, wired.keyring, [draft("joker@courriel.example", first_name="=1+1")], NOW)
    fresh_site.request(Intake((Right.ACCESS,), email="joker@courriel.example"), NOW, to="verified")
    text = fresh_site.browser(Role.AUDITOR).get("/requests/export.csv").get_data(as_text=True)
    assert '"\'=… D…"' in text


def test_fifty_a_page(fresh_site: ConsoleSite) -> None:
    with unit(fresh_site.wired.sessions) as session:
        for number in range(PAGE + 1):
            intake = Intake((Right.ACCESS,), email=f"p{number}@ailleurs.example")
            receive(session, fresh_site.wired.policy, intake, NOW - timedelta(minutes=number))
    browser = fresh_site.browser(Role.AUDITOR)
    first = browser.get("/requests/?view=unverified&right=access").get_data(as_text=True)
    assert first.count('<th scope="row"><a class="cc-ref"') == PAGE
    assert "page 1 of 2" in first
    following = unescape(re.search(r'href="([^"]+)" rel="next"', first)[1])  # type: ignore[index]
    second = browser.get(following).get_data(as_text=True)
    assert second.count('<th scope="row"><a class="cc-ref"') == 1
    assert 'rel="prev"' in second
    assert "page 1 of 2" in browser.get("/requests/?view=unverified&page=9").get_data(as_text=True)


@pytest.mark.parametrize("typed", ["{}", " {} ", "lower", "no dash"])
def test_a_reference_leads_to_its_request(site: ConsoleSite, cases: dict[str, str], typed: str) -> None:
    reference = cases["late"]
    written = {"lower": reference.lower(), "no dash": reference.replace("-", "")}.get(typed, typed.format(reference))
    answer = site.browser(Role.AUDITOR).post("/search", {"q": written})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/requests/{reference}")


def test_an_address_leads_to_its_person_and_never_stands_in_the_url(site: ConsoleSite, cases: dict[str, str]) -> None:
    answer = site.browser(Role.AUDITOR).post("/search", {"q": EMAILS[0].upper()})
    assert answer.status_code == 303
    assert re.fullmatch(r"/people/[0-9a-f-]{36}", answer.headers["Location"])
    assert site.browser(Role.AUDITOR).get(f"/search?q={EMAILS[0]}").status_code == 405


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ZZZZ-ZZZZ", "There is no request ZZZZ-ZZZZ."),
        ("nobody@ailleurs.example", "Nobody is known here under this address."),
        ("Deschamps", "Names are stored encrypted and cannot be searched."),
        ("", "Type the reference of a request"),
    ],
)
def test_what_is_not_found_is_said(site: ConsoleSite, cases: dict[str, str], typed: str, said: str) -> None:
    answer = site.browser(Role.AUDITOR).post("/search", {"q": typed})
    assert answer.status_code == 200
    assert said in unescape(answer.get_data(as_text=True))


def test_several_persons_at_one_address_are_listed_masked(fresh_site: ConsoleSite) -> None:
    open_people(fresh_site.wired.sessions, fresh_site.wired.keyring, at(9, 1), EMAILS[0], EMAILS[0])
    page = unescape(fresh_site.browser(Role.AUDITOR).post("/search", {"q": EMAILS[0]}).get_data(as_text=True))
    assert "2 persons are reached at this address." in page
    assert len(set(re.findall(r'href="/people/([0-9a-f-]{36})"', page))) == 2
    assert "Deschamps" not in page
