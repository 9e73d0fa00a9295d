"""Entering a request that came some other way: on the day it arrived, once, with what belongs to its right."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from consentcore.requests import lifecycle
from consentcore.requests.content import read_content
from consentcore.requests.intake import Intake
from consentcore.requests.tables import Right, SubjectRequest
from tests.builders.console import ConsoleSite, address_of, console_site
from tests.builders.databases import DatabaseSource
from tests.builders.people import open_people
from web.console.intake_form import MAX_FILE
from web.security.permissions import Role
from web.transaction import reading

EMAILS = tuple(f"personne{number}@courriel.example" for number in range(4))
PLAIN = {"right_access": "1", "channel": "letter", "received_on": "2026-10-12", "email": "nul@ailleurs.example"}


@pytest.fixture(scope="module")
def site(database_source: DatabaseSource, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleSite]:
    """A console with a few persons."""
    with console_site(database_source, tmp_path_factory.mktemp("intake")) as made:
        open_people(made.wired.sessions, made.wired.keyring, datetime(2026, 9, 1, tzinfo=UTC), *EMAILS)
        yield made


def enter(site: ConsoleSite, **fields: Any) -> TestResponse:
    data = {name: value for name, value in {**PLAIN, **fields}.items() if value is not None}
    answer = site.browser(Role.OPERATOR).post("/requests/new", data)
    answer.request.environ["wsgi.input"].close()  # the client writes a large form into a file and leaves it open
    return answer


def entered(site: ConsoleSite, answer: TestResponse) -> tuple[SubjectRequest, dict[str, Any], list[Right]]:
    assert answer.status_code == 303, unescape(answer.get_data(as_text=True))
    reference = answer.headers["Location"].removeprefix("/requests/").partition("?")[0]
    with reading(site.wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        content, rights = read_content(site.wired.keyring, dsr), list(lifecycle.rights_of(session, dsr.id))
        assert lifecycle.steps_of(session, dsr)[0].by == address_of(Role.OPERATOR)
        session.expunge(dsr)
    return dsr, content, rights


def test_the_clock_starts_on_the_day_of_arrival(site: ConsoleSite) -> None:
    dsr, content, rights = entered(site, enter(site, email="a@ailleurs.example", received_time="22:45"))
    assert dsr.received_at == datetime(2026, 10, 12, 20, 45, tzinfo=UTC), "a time of Paris, in summer"
    assert (dsr.due_on, dsr.channel, rights) == (date(2026, 11, 12), "letter", [Right.ACCESS])
    assert content["written_email"] == "a@ailleurs.example"


def test_entered_on_the_day_it_came_it_came_now(site: ConsoleSite) -> None:
    dsr, _, _ = entered(site, enter(site, email="b@ailleurs.example", received_on="2026-11-09"))
    assert dsr.received_at == site.wired.now()


def test_the_receipt_is_on_the_page_of_the_request(site: ConsoleSite) -> None:
    answer = enter(site, email="c@ailleurs.example")
    browser = site.browser(Role.OPERATOR)
    page = unescape(browser.get(answer.headers["Location"]).get_data(as_text=True))
    assert "The request is entered:" in page
    assert "An acknowledgement is on its way by e-mail." in page
    assert "Thursday 12 November 2026" in page
    bare = unescape(browser.get(answer.headers["Location"].partition("?")[0]).get_data(as_text=True))
    assert "The request is entered:" not in bare


def test_a_rectification_names_its_values(site: ConsoleSite) -> None:
    fields = {"right_access": None, "right_rectification": "1", "fix_last_name": "Durand", "fix_city": "Exempleville"}
    _, content, rights = entered(site, enter(site, email=EMAILS[1], **fields))
    assert rights == [Right.RECTIFICATION]
    assert content["changes"] == {"last_name": "Durand", "address.city": "Exempleville"}


def test_an_objection_takes_effect_at_once(site: ConsoleSite) -> None:
    fields = {"right_access": None, "right_objection": "1", "scope": "marketing"}
    dsr, _, _ = entered(site, enter(site, email="d@ailleurs.example", **fields))
    assert dsr.status == "closed"


def test_somebody_for_another_with_a_mandate_of_which_only_the_fingerprint_stays(site: ConsoleSite) -> None:
    mandate = b"%PDF a mandate"
    fields = {
        "role": "mandate",
        "requester": "avocate@cabinet.example",
        "mandate": (io.BytesIO(mandate), "Mandat de Mme Deschamps.pdf"),
    }
    _, content, _ = entered(site, enter(site, email="e@ailleurs.example", **fields))
    assert content["role"] == "mandate"
    assert content["evidence"] == f"sha256:{hashlib.sha256(mandate).hexdigest()}"
    assert "Mandat" not in str(content)


def test_a_fingerprint_outlives_a_form_that_failed(site: ConsoleSite) -> None:
    fields = {"role": "heir", "requester": "heritier@ailleurs.example", "mandate": (io.BytesIO(b"act"), "act.pdf")}
    page = enter(site, received_on="2027-01-01", **fields).get_data(as_text=True)
    fingerprint = hashlib.sha256(b"act").hexdigest()
    assert f'name="evidence" value="{fingerprint}"' in page
    again = {"role": "heir", "requester": "heritier@ailleurs.example", "evidence": fingerprint}
    _, content, _ = entered(site, enter(site, email="f@ailleurs.example", **again))
    assert content["evidence"] == f"sha256:{fingerprint}"


def test_a_letter_without_address_names_the_person_by_reference(site: ConsoleSite) -> None:
    found = site.browser(Role.OPERATOR).post("/search", {"q": EMAILS[2]}).headers["Location"]
    subject = found.removeprefix("/people/")
    dsr, content, _ = entered(site, enter(site, email=None, subject=subject, notes="3 rue des Ifs, Exempleville"))
    assert str(dsr.subject_ref) == subject
    assert content["notes"] == "3 rue des Ifs, Exempleville"


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"right_access": None}, "right_access", "Choose at least one right"),
        ({"received_on": ""}, "received_on", "Enter the day on which the request arrived"),
        ({"received_on": "2026-11-10"}, "received_on", "A request cannot have arrived in the future"),
        ({"received_on": "1820-01-01"}, "received_on", "The request cannot be entered like this"),
        ({"received_time": "25:00"}, "received_time", "Enter a time such as 14:20"),
        ({"channel": "pigeon"}, "channel", ""),
        ({"email": ""}, "email", "Give the person’s e-mail address or reference: one of the two"),
        ({"email": "no address"}, "email", "This is not an e-mail address"),
        ({"email": "", "subject": "17"}, "subject", "This is not a person’s reference"),
        ({"email": "", "subject": "0" * 32}, "subject", "Nobody is known here under this reference"),
        ({"fix_last_name": "Durand"}, "right_rectification", "Values to correct belong to a rectification"),
        ({"right_rectification": "1"}, "fix_first_name", "Give at least one value to correct"),
        ({"scope": "marketing"}, "scope", "This belongs to an objection or a withdrawal"),
        ({"right_objection": "1", "scope": "invoicing"}, "scope", "Choose from the list"),
        ({"role": "parent"}, "requester", "is named by role and by e-mail address"),
        ({"requester": "x@ailleurs.example"}, "role", "is named by role and by e-mail address"),
        ({"role": "heir", "requester": "nobody"}, "requester", "This is not an e-mail address"),
        ({"notes": "x" * 2001}, "notes", "Shorten this text"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(site: ConsoleSite, fields: dict[str, Any], field: str, said: str) -> None:
    answer = enter(site, **fields)
    page = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in page
    assert said in page
    assert f'id="{field}"' in page
    assert "<title>Error:" in page


def test_a_file_that_is_too_large_is_refused(site: ConsoleSite) -> None:
    answer = enter(site, mandate=(io.BytesIO(bytes(MAX_FILE + 1)), "large.pdf"))
    assert answer.status_code == 422
    assert "The file is larger than 5 MB" in answer.get_data(as_text=True)
    assert enter(site, mandate=(io.BytesIO(bytes(MAX_FILE * 2)), "huge.pdf")).status_code == 413


def test_other_forms_stay_small(site: ConsoleSite) -> None:
    large = {"q": "x", "file": (io.BytesIO(bytes(300 * 1024)), "large.pdf")}
    assert site.browser(Role.OPERATOR).post("/search", large).status_code == 413


def test_the_same_asked_twice_wants_a_confirmation(site: ConsoleSite) -> None:
    first = site.request(Intake((Right.ACCESS,), email=EMAILS[3]), datetime(2026, 11, 2, 9, tzinfo=UTC))
    answer = enter(site, email=EMAILS[3].upper())
    page = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert f"This person already has an open request for the same right: {first}." in page
    assert f'href="/requests/{first}"' in page
    dsr, _, _ = entered(site, enter(site, email=EMAILS[3], confirmed="1"))
    assert dsr.reference != first


@pytest.mark.parametrize("role", [Role.APPROVER, Role.AUDITOR])
def test_who_does_not_handle_requests_enters_none(site: ConsoleSite, role: Role) -> None:
    browser = site.browser(role)
    assert browser.get("/requests/new").status_code == 403
    assert browser.post("/requests/new", PLAIN).status_code == 403
    assert "/requests/new" not in browser.get("/requests/").get_data(as_text=True)


def test_a_form_from_elsewhere_enters_nothing(site: ConsoleSite) -> None:
    browser = site.browser(Role.OPERATOR)
    assert browser.post("/requests/new", PLAIN, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    browser.form_token = "0" * 64
    assert browser.post("/requests/new", PLAIN).status_code == 403
