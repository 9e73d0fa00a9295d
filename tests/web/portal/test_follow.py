"""Following a request: whose it is, where it stands, what became of it; and nobody sees another's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from consentcore.ledger.note import open_note
from consentcore.requests import identity, lifecycle
from consentcore.requests.content import read_content, write_content
from consentcore.requests.intake import Intake, IntakeChannel, receive
from consentcore.requests.tables import Right
from tests.builders.asking import ask_for, carry_through, fill_in, send_in
from tests.builders.faces import Browser, without_token
from tests.builders.people import open_people
from web.portal.access_of_requests import ACCESS
from web.transaction import unit
from web.wiring import Service

OTHER = "autre.personne@courriel.example"
Confirmed = Callable[..., Browser]


def paths_of(app: Flask, reference: str) -> list[tuple[str, str]]:
    """Every page about one request, with its method, as the application's own map lists them."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ACCESS and "reference" in rule.arguments:
            path = rule.rule.replace("<any(fr, en):lang>", "fr").replace("<reference>", reference)
            path = path.replace("<any(access,portability):kind>", "access")
            assert "<" not in path
            found.append(("POST" if "POST" in (rule.methods or ()) else "GET", path))
    return found


def test_nobody_reaches_the_request_of_another(
    service: Service, camille: UUID, portal: Flask, confirmed: Confirmed, now: datetime
) -> None:
    open_people(service.sessions, service.keyring, now, OTHER)
    mine = confirmed()
    references = [ask_for(mine, what) for what in ("access", "portability", "erasure")]
    for reference in references:
        carry_through(service, reference)
    paths = [path for reference in references for path in paths_of(portal, reference)]
    assert len(paths) >= 3 * 8
    other, stranger = confirmed(OTHER), Browser(portal)
    other.get("/fr/follow/")
    for method, path in paths:
        missing = path.replace(path.split("/")[3], "ZZZZ-ZZZZ")
        answer, nothing = ((other.get(one) if method == "GET" else other.post(one, {})) for one in (path, missing))
        assert answer.status_code == 404, path
        assert without_token(answer).replace(path, missing) == without_token(nothing), path
        away = stranger.get(path) if method == "GET" else stranger.post(path, {})
        assert away.status_code == 303 and "/sign-in/" in away.headers["Location"], path
    assert not any(reference in other.get("/fr/follow/").get_data(as_text=True) for reference in references)


def test_a_typed_reference_opens_ones_own_alone(
    service: Service, camille: UUID, confirmed: Confirmed, now: datetime
) -> None:
    open_people(service.sessions, service.keyring, now, OTHER)
    reference = ask_for(confirmed(), "access")
    mine, other = confirmed(), confirmed(OTHER)
    mine.get("/fr/follow/")
    found = mine.post("/fr/follow/", {"reference": f" {reference.lower().replace('-', ' ')} "})
    assert found.headers["Location"].endswith(f"/fr/follow/{reference}")
    other.get("/fr/follow/")
    theirs, none = (other.post("/fr/follow/", {"reference": one}) for one in (reference, "ZZZZ-ZZZZ"))
    assert theirs.status_code == none.status_code == 404
    assert without_token(theirs).replace(reference, "ZZZZ-ZZZZ") == without_token(none)


def test_the_requests_of_a_person_are_listed_whatever_way_they_came(
    service: Service, camille: UUID, confirmed: Confirmed, now: datetime
) -> None:
    with unit(service.sessions) as session:
        letter = Intake((Right.ACCESS,), subject_ref=camille, channel=IntakeChannel.LETTER)
        reference = receive(session, service.policy, letter, now, by="desk@example.org").reference
    assert reference in confirmed().get("/fr/follow/").get_data(as_text=True)


def test_a_shared_address_shows_what_was_asked_from_it_alone(
    service: Service, confirmed: Confirmed, now: datetime
) -> None:
    first, _ = open_people(
        service.sessions, service.keyring, now, "famille@courriel.example", "famille@courriel.example"
    )
    with unit(service.sessions) as session:
        by_letter = receive(session, service.policy, Intake((Right.ACCESS,), subject_ref=first), now).reference
    browser = confirmed("famille@courriel.example")
    asked = ask_for(browser, "access")
    assert browser.get(f"/fr/follow/{asked}").status_code == 200
    # by letter, the answer goes to the shared address: that one may follow it; nothing of the person is shown
    assert "cc_" not in browser.get(f"/fr/follow/{by_letter}").get_data(as_text=True)
    assert browser.get(f"/fr/requests/{by_letter}/download").status_code == 404


def test_an_erased_person_still_reaches_the_request_and_its_certificate(
    service: Service, camille: UUID, confirmed: Confirmed
) -> None:
    asking = confirmed()
    reference = ask_for(asking, "erasure")
    carry_through(service, reference)
    for browser in (asking, confirmed()):  # the session that asked, and one of another day
        page = browser.get(f"/fr/follow/{reference}").get_data(as_text=True)
        assert "Vos données sont effacées" in page and "Ce que nous gardons, et pourquoi" in page
        note = browser.get(f"/fr/follow/{reference}/certificate").get_data(as_text=True)
        open_note(note, [service.keyring.log_signer().vkey])
        assert reference in note and "camille" not in note and service.keyring.log_signer().vkey in page
    assert reference in asking.get("/fr/follow/").get_data(as_text=True)


def test_staff_and_notes_are_not_shown(service: Service, camille: UUID, confirmed: Confirmed) -> None:
    browser = confirmed()
    reference = ask_for(browser, "access")
    with unit(service.sessions) as session:
        dsr = lifecycle.find(session, reference)
        lifecycle.refused(session, dsr.id, "unfounded", "interne seulement", "agent@example.org", service.now())
    page = browser.get(f"/fr/follow/{reference}").get_data(as_text=True)
    assert "Nous vous avons écrit pourquoi" in page and "saisir la CNIL" in page
    assert "agent@example.org" not in page and "interne seulement" not in page


def test_an_agent_sees_how_it_stands_and_nothing_about_the_person(
    service: Service, camille: UUID, confirmed: Confirmed
) -> None:
    agent = confirmed("maitre@cabinet.example")
    fill_in(agent, "erasure", whom="mandate")
    agent.send("/fr/ask/person", {"email": "camille.deschamps@courriel.example"})
    reference = send_in(agent)
    with unit(service.sessions) as session:
        dsr = lifecycle.locked(session, lifecycle.find(session, reference).id)
        on_file = {**read_content(service.keyring, dsr), "evidence": "dossier 12"}
        write_content(service.keyring, dsr, on_file)
        identity.verify(session, service.policy, reference, "paper", "first@example.org", service.now())
    carry_through(service, reference)
    page = agent.get(f"/fr/follow/{reference}").get_data(as_text=True)
    assert "effacées" in page and "Ce que nous gardons, et pourquoi" not in page
    assert agent.get(f"/fr/follow/{reference}/certificate").status_code == 404
    assert confirmed().get(f"/fr/follow/{reference}/certificate").status_code == 200  # the person's own address


@pytest.mark.parametrize(("days", "words"), [(1, "Soit dans 29"), (28, "dans 2 jours"), (35, "Nous sommes en retard")])
def test_how_it_stands_follows_the_clock(
    camille: UUID, confirmed: Confirmed, at: Callable[[datetime], Flask], days: int, words: str
) -> None:
    reference = ask_for(confirmed(), "access")
    later = at(datetime(2026, 11, 9, 9, 0, tzinfo=UTC) + timedelta(days=days))
    page = confirmed(app=later).get(f"/fr/follow/{reference}").get_data(as_text=True)
    assert words in page and "saisir la CNIL" in page
