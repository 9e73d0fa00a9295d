"""An objection to marketing, by whichever way, ends all of it at once, profiling included (Art. 21(2)(3), R-21-2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from consentcore.consent.decide import Reason, decide, eligible
from consentcore.consent.tables import ConsentState
from consentcore.crm.contact_writing import open_contacts
from consentcore.crypto.keyring import Keyring
from consentcore.policyset import Channel, LegalBasis
from consentcore.requests.intake import Intake, IntakeChannel, receive
from consentcore.requests.tables import Right
from consentcore.suppression.entries import SuppressionReason, suppress, suppress_person
from consentcore.suppression.tables import MARKETING
from tests.builders.choices import declare, records
from tests.builders.faces import Browser
from tests.builders.people import draft
from web.security.unsubscribe_links import Unsubscription, issue
from web.wiring import Service

ADDRESS, PHONE = "tel@courriel.example", "06 12 34 56 78"
Confirmed = Callable[..., Browser]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def person(service: Service, keyring: Keyring, now: datetime) -> UUID:
    """A person with an address and a telephone, who said yes to everything there is to say yes to."""
    before = now - timedelta(days=9)
    with service.sessions.begin() as session:
        ref = open_contacts(session, keyring, [draft(ADDRESS, phone=PHONE)], before)[0].subject_ref
    for purpose in service.policy.purposes.values():
        if purpose.basis is LegalBasis.CONSENT:
            for channel in purpose.channels:
                declare(service, ref, purpose.id, ConsentState.GIVEN, before, channel)
    return ref


def link(service: Service, person: UUID, now: datetime) -> str:
    return f"/fr/u/{issue(service.keyring, Unsubscription(person, MARKETING, Channel.EMAIL, now))}"


def by_portal(service: Service, portal: Flask, confirmed: Confirmed, person: UUID, now: datetime) -> None:
    browser = confirmed(ADDRESS)
    browser.get("/fr/preferences/")
    assert browser.post("/fr/preferences/object").status_code == 303


def by_one_click(service: Service, portal: Flask, confirmed: Confirmed, person: UUID, now: datetime) -> None:
    answer = portal.test_client().post(link(service, person, now), data=ONE_CLICK)
    assert (answer.status_code, "Set-Cookie" in answer.headers, "Location" in answer.headers) == (200, False, False)


def by_request(service: Service, portal: Flask, confirmed: Confirmed, person: UUID, now: datetime) -> None:
    intake = Intake((Right.OBJECTION,), subject_ref=person, channel=IntakeChannel.PHONE, scope=MARKETING)
    with service.sessions.begin() as session:
        receive(session, service.policy, intake, now)


def by_unscoped_request(service: Service, portal: Flask, confirmed: Confirmed, person: UUID, now: datetime) -> None:
    with service.sessions.begin() as session:
        receive(session, service.policy, Intake((Right.OBJECTION,), email=ADDRESS), now)


def by_list_of_addresses(service: Service, portal: Flask, confirmed: Confirmed, person: UUID, now: datetime) -> None:
    with service.sessions.begin() as session:
        suppress(session, service.keyring, Channel.EMAIL, ADDRESS, MARKETING, SuppressionReason.BY_HAND, now)


def by_list_of_numbers(service: Service, portal: Flask, confirmed: Confirmed, person: UUID, now: datetime) -> None:
    with service.sessions.begin() as session:
        suppress(session, service.keyring, Channel.PHONE, "+33612345678", MARKETING, SuppressionReason.IMPORT, now)


def by_list_of_persons(service: Service, portal: Flask, confirmed: Confirmed, person: UUID, now: datetime) -> None:
    with service.sessions.begin() as session:
        suppress_person(session, person, MARKETING, SuppressionReason.OBJECTION, now)


WAYS = (
    by_portal,
    by_one_click,
    by_request,
    by_unscoped_request,
    by_list_of_addresses,
    by_list_of_numbers,
    by_list_of_persons,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_ends_every_marketing_purpose_on_every_channel(
    service: Service,
    portal: Flask,
    confirmed: Confirmed,
    person: UUID,
    now: datetime,
    way: Callable[[Service, Flask, Confirmed, UUID, datetime], None],
) -> None:
    matters = [(one, channel) for one in service.policy.purposes.values() for channel in sorted(one.channels)]
    marketing = [(one, channel) for one, channel in matters if one.is_marketing]
    with service.sessions() as session:
        before = {
            (one.id, channel): decide(session, person, one.id, channel, service.policy, now) for one, channel in matters
        }
    assert before["scoring", Channel.POST].allowed and before["promotions", Channel.EMAIL].allowed
    way(service, portal, confirmed, person, now)
    with service.sessions() as session:
        for one, channel in marketing:
            answer = decide(session, person, one.id, channel, service.policy, now)
            assert not answer.allowed, (one.id, channel, answer.reason)
            chosen = eligible(session, one.id, channel, service.policy, now)
            assert len(chosen) == 0, (one.id, channel)
        for channel in service.policy.purposes["scoring"].channels:
            found = decide(session, person, "scoring", channel, service.policy, now)
            assert {Reason.OBJECTION, Reason.SUPPRESSED} & set(found.chain), channel
        for one, channel in matters:
            if not one.is_marketing and (
                way is not by_unscoped_request or one.basis is not LegalBasis.LEGITIMATE_INTEREST
            ):
                after = decide(session, person, one.id, channel, service.policy, now)
                assert after.allowed is before[one.id, channel].allowed, (one.id, channel, after.reason)


def test_the_link_to_end_all_marketing_only_shows_when_opened(
    service: Service, portal: Flask, person: UUID, now: datetime
) -> None:
    path, before = link(service, person, now), len(records(service, person))
    for method in ("get", "head", "options"):
        answer = getattr(portal.test_client(), method)(path)
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    page = portal.test_client().get(path).text
    assert "Arrêter toute publicité" in page and f'<form method="post" action="{path}">' in page
    assert ADDRESS not in page
    assert len(records(service, person)) == before
    for rest in ("/undo", "/undone"):
        assert Browser(portal).get(path + rest).status_code in (404, 405)
    assert Browser(portal).post(f"{path}/undo").status_code == 404, "a link says no for its reader, never yes"


def test_sent_again_it_changes_nothing(
    service: Service, portal: Flask, person: UUID, now: datetime, mails: Callable[[], list[object]]
) -> None:
    path = link(service, person, now)
    for _ in range(3):
        assert portal.test_client().post(path, data=ONE_CLICK).status_code == 200
    assert len(mails()) == 1
    states = [row.state for row in records(service, person)]
    marketing = [
        (one.id, channel)
        for one in service.policy.purposes.values()
        if one.basis is LegalBasis.CONSENT and one.is_marketing
        for channel in one.channels
    ]
    assert states.count("withdrawn") == len(marketing)
    assert "Vous ne recevez plus de publicité" in portal.test_client().get(path).text
