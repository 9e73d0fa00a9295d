"""Every route of the faces, walked: role x route at the console, visitor x route x object at the portal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from consentcore.consent.tables import ConsentRecord
from consentcore.crm.contact_reading import contacts_of, read_contacts
from consentcore.requests.tables import RequestRight, Right, Status, SubjectRequest
from tests.builders.faces import Browser, without_token
from tests.builders.site import opened_demo
from web.console.access_table import ACCESS as OF_CONSOLE
from web.console.app import create_app as create_console
from web.portal.access_table import ACCESS as OF_PORTAL
from web.portal.app import create_app as create_portal
from web.portal.visitor import Needs
from web.security import sessions, staff
from web.security.permissions import Permission, Role, may
from web.shell.access import Open
from web.transaction import reading, unit
from web.wiring import Service

REFUSED = (403, 404)
SIGNS_OUT = {"account.sign_out", "account.end_others", "account.password", "sign_in.leave"}
NOBODY = str(UUID(int=7))


@pytest.fixture(scope="module")
def wired(demo_template_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A copy of the demo of this module's own: forms are really sent."""
    with opened_demo(demo_template_folder, tmp_path_factory.mktemp("walk") / "site") as service:
        yield service


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield each route with each of its methods that means something."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def address(app: Flask, rule: Rule, values: dict[str, Any]) -> str:
    """Fill a route's address."""
    wanted = {name: value for name, value in values.items() if name in rule.arguments}
    built = app.url_map.bind("localhost").build(rule.endpoint, wanted, method=next(iter(rule.methods or {"GET"})))
    return built if built.startswith("/") else "/" + built


def console_as(wired: Service, app: Flask, role: Role) -> Browser:
    """A browser in which the demo's member of staff of that role is signed in."""
    browser = Browser(app)
    with unit(wired.sessions) as session:
        person = next(one for one in staff.everyone(session, wired.keyring) if one.role is role)
        visit = sessions.start(session, wired.keyring, "console", wired.now(), staff_id=person.id)
    browser.client.set_cookie("cc_console", visit.token)
    browser.form_token = visit.form_token()
    return browser


def of_console(wired: Service) -> dict[str, Any]:
    """Values for the addresses of the console's pages."""
    with reading(wired.sessions) as session:
        record = session.execute(select(ConsentRecord.id, ConsentRecord.subject_ref).limit(1)).one()
        reference = session.scalar(
            select(SubjectRequest.reference).where(SubjectRequest.status == Status.ASSESSED.value)
        )
    return {
        "reference": reference,
        "subject_ref": record.subject_ref,
        "record_id": record.id,
        "notice_id": "newsletter",
        "notice": "newsletter",
        "version": 1,
        "notice_language": "fr",
        "activity_id": "newsletter",
        "event_id": NOBODY,
    }


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_its_permissions_name_and_nothing_else(wired: Service, role: Role) -> None:
    app = create_console(wired)
    values = of_console(wired)
    walked = 0
    for rule, method in routes(app):
        asked = OF_CONSOLE[rule.endpoint]
        if isinstance(asked, Open) or rule.endpoint in SIGNS_OUT:
            continue
        browser = console_as(wired, app, role)
        path = address(app, rule, values)
        answer = browser.get(path) if method == "GET" else browser.post(path)
        if may(role, asked):
            assert answer.status_code not in (401, 500, 503), f"{role} {method} {path}: {answer.status_code}"
            assert answer.status_code != 403 or rule.endpoint == "plan.approve", f"{role} {method} {path}"
        else:
            assert answer.status_code == 403, f"{role} {method} {path}: {answer.status_code}"
        walked += 1
    assert walked > 25


def test_nobody_who_is_not_signed_in_opens_anything_of_the_console(wired: Service) -> None:
    app = create_console(wired)
    for rule, method in routes(app):
        if isinstance(OF_CONSOLE[rule.endpoint], Open):
            continue
        path, browser = address(app, rule, of_console(wired)), Browser(app)
        answer = browser.get(path) if method == "GET" else browser.post(path)
        assert answer.status_code == 303, f"{method} {path}: {answer.status_code}"
        assert answer.headers["Location"].endswith("/sign-in")


def test_every_route_has_a_rule_that_its_face_knows() -> None:
    assert all(isinstance(rule, (Permission, Open)) for rule in OF_CONSOLE.values())
    assert all(isinstance(rule, (Needs, Open)) for rule in OF_PORTAL.values())


def visitor_of(wired: Service, app: Flask, email: str | None, at: datetime | None = None) -> Browser:
    """A browser at the portal whose address is confirmed; without an address, one that did nothing yet."""
    browser = Browser(app)
    if email is not None:
        content = {"email": email, "confirmed_at": (at or wired.now()).isoformat()}
        with unit(wired.sessions) as session:
            visit = sessions.start(session, wired.keyring, "portal", wired.now(), content=content)
        browser.client.set_cookie("cc_portal", visit.token)
        browser.form_token = visit.form_token()
    return browser


def people_with_requests(wired: Service) -> dict[str, list[str]]:
    """Address -> references of the requests of the one person reached there, for some persons of the demo."""
    found: dict[str, list[str]] = {}
    with reading(wired.sessions) as session:
        rows = session.execute(
            select(SubjectRequest.subject_ref, SubjectRequest.reference).where(SubjectRequest.subject_ref.is_not(None))
        ).all()
        for subject_ref, reference in rows:
            contacts = contacts_of(session, [subject_ref])
            opened = read_contacts(session, wired.keyring, [one.contact_id for one in contacts])
            addresses = [point.value for one in opened.values() for point in one.points if "@" in point.value]
            if len(addresses) == 1 and "famille" not in addresses[0]:
                found.setdefault(addresses[0], []).append(reference)
    return found


def test_no_subject_reaches_anothers_request(wired: Service) -> None:
    app = create_portal(wired)
    people = people_with_requests(wired)
    assert len(people) >= 4
    mine, theirs = 0, 0
    about_requests = [pair for pair in routes(app) if "reference" in pair[0].arguments]
    assert len(about_requests) >= 6
    for (email, own), (other, references) in product(list(people.items())[:6], list(people.items())[:6]):
        browser = visitor_of(wired, app, email)
        for reference, (rule, method) in product(references, about_requests):
            path = address(app, rule, {"lang": "fr", "reference": reference, "kind": "access"})
            if method == "POST" and email == other:
                continue
            answer = browser.get(path) if method == "GET" else browser.post(path)
            if email == other:
                mine += answer.status_code == 200
            else:
                assert answer.status_code == 404, f"{method} {rule.rule}: {answer.status_code}"
                assert reference not in answer.get_data(as_text=True)
                theirs += 1
        assert own
    assert mine > 5
    assert theirs > 50


def test_a_strangers_reference_and_a_wrong_one_are_answered_alike(wired: Service) -> None:
    app = create_portal(wired)
    people = people_with_requests(wired)
    email, other = list(people)[:2]
    browser = visitor_of(wired, app, email)
    for rule, method in routes(app):
        if "reference" not in rule.arguments or method != "GET":
            continue
        answers = [
            browser.get(address(app, rule, {"lang": "en", "reference": reference}))
            for reference in (people[other][0], "2222-2222", "nonsense")
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({without_token(answer) for answer in answers}) == 1, rule.rule


def test_no_subject_downloads_anothers_proof(wired: Service) -> None:
    app = create_portal(wired)
    with reading(wired.sessions) as session:
        records = session.execute(select(ConsentRecord.id, ConsentRecord.subject_ref).limit(40)).all()
    people = people_with_requests(wired)
    email = next(iter(people))
    browser = visitor_of(wired, app, email)
    with reading(wired.sessions) as session:
        owner = session.scalar(select(SubjectRequest.subject_ref).where(SubjectRequest.reference == people[email][0]))
    strangers = [record for record in records if record.subject_ref != owner]
    assert strangers
    for record_id in [*[record.id for record in strangers], uuid4()]:
        assert browser.get(f"/fr/history/receipts/{record_id}").status_code == 404
        assert browser.get(f"/fr/history/receipts/{record_id}.pdf").status_code == 404


def test_what_needs_a_confirmed_address_is_closed_to_everyone_else(wired: Service) -> None:
    app = create_portal(wired)
    reference = next(iter(people_with_requests(wired).values()))[0]
    for rule, method in routes(app):
        if not isinstance(OF_PORTAL[rule.endpoint], Needs):
            continue
        values = {"lang": "fr", "reference": reference, "kind": "access", "record_id": NOBODY}
        path, browser = address(app, rule, values), visitor_of(wired, app, None)
        answer = browser.get(path) if method == "GET" else browser.post(path)
        assert answer.status_code == 303, f"{method} {path}: {answer.status_code}"


def test_staff_of_the_console_are_nobody_at_the_portal(wired: Service) -> None:
    app = create_portal(wired)
    with unit(wired.sessions) as session:
        person = staff.everyone(session, wired.keyring)[0]
        visit = sessions.start(session, wired.keyring, "console", wired.now(), staff_id=person.id)
    browser = Browser(app)
    browser.client.set_cookie("cc_portal", visit.token)
    assert browser.get("/fr/preferences/").status_code == 303


def test_the_demo_has_something_to_steal(wired: Service) -> None:
    with reading(wired.sessions) as session:
        rights = set(session.scalars(select(RequestRight.right)).all())
    assert {Right.ACCESS.value, Right.ERASURE.value} <= rights
