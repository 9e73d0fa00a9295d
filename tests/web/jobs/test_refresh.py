"""The job asks once whose consent is old, records what ended, and says nothing to whoever must not be asked (R-7-7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent.decide import Reason
from consentcore.consent.tables import ConsentState
from consentcore.crypto.keyring import Keyring
from consentcore.errors import Conflict
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogEvent
from consentcore.outbox.put import Message, opened
from consentcore.outbox.tables import OutboxMessage
from consentcore.policyset import Channel
from consentcore.subjects.restrictions import Ground, place
from tests.builders.choices import declare, reason, records
from tests.builders.people import open_people
from web.jobs import refresh as job
from web.jobs.refresh import Refreshed, refresh, refresh_in_turn
from web.security import consent_links, unsubscribe_links
from web.wiring import Service

DAY = timedelta(days=1)
GIVEN = ConsentState.GIVEN


@pytest.fixture
def old(now: datetime) -> datetime:
    """Two years ago and a day: older than the newsletter's refresh, younger than its end."""
    return now.replace(year=now.year - 2) - DAY


@pytest.fixture
def people(wired: Service, keyring: Keyring, old: datetime) -> list[UUID]:
    names = [f"p{n}@courriel.example" for n in range(5)]
    return open_people(wired.sessions, keyring, old - DAY, *names)


def mails(wired: Service) -> list[Message]:
    with wired.sessions() as session:
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at)).all()
        return [one for one in (opened(wired.keyring, row) for row in rows) if one is not None]


def later(wired: Service, by: timedelta) -> Service:
    return replace(wired, settings=replace(wired.settings, fixed_now=wired.now() + by))


def events(wired: Service, kind: str) -> int:
    with wired.sessions() as session:
        return sum(read_header(header)["type"] == kind for header in session.scalars(select(LogEvent.header)))


def test_each_is_asked_once_and_silence_changes_nothing(wired: Service, people: list[UUID], old: datetime) -> None:
    for person in people[:3]:
        declare(wired, person, "newsletter", GIVEN, old)
    declare(wired, people[3], "newsletter", GIVEN, old + 9 * DAY)
    assert refresh(wired, batch=2) == Refreshed(ended=0, asked=3)
    assert refresh(wired, batch=2) == Refreshed(0, 0)
    assert refresh(later(wired, 8 * DAY), batch=2) == Refreshed(0, 1)
    assert sorted(mail.to for mail in mails(wired)) == [f"p{n}@courriel.example" for n in range(4)]
    assert {mail.kind for mail in mails(wired)} == {"renew_consent"}
    assert [len(records(wired, person)) for person in people[:4]] == [1] * 4
    assert reason(wired, people[0], "newsletter") is Reason.CONSENT_GIVEN
    assert events(wired, "consent.reminded") == 4


def test_the_mail_says_what_for_since_when_and_how_to_go_on_or_stop(
    wired: Service, people: list[UUID], old: datetime, now: datetime
) -> None:
    declare(wired, people[0], "newsletter", GIVEN, old)
    refresh(wired)
    (mail,) = mails(wired)
    assert mail.subject == "Toujours d'accord ? / Do you still agree?"
    for said in (
        "Lettre d’information",
        "Newsletter",
        "8 novembre 2024",
        "2 ans",
        "8 November 2027",
        "9 décembre 2026",
    ):
        assert said in mail.body, said
    renewing = set(re.findall(r"/c/([A-Za-z0-9_-]+)", mail.body))
    stopping = set(re.findall(r"/u/([A-Za-z0-9_-]+)", mail.body))
    assert len(renewing) == len(stopping) == 1
    link = consent_links.read(wired.keyring, renewing.pop(), now)
    assert (link.answer, link.pending.record_id) == (ConsentState.RENEWED, records(wired, people[0])[0].id)
    assert unsubscribe_links.read(wired.keyring, stopping.pop()).subject_ref == people[0]


def test_a_link_to_renew_never_outlives_the_consent(wired: Service, people: list[UUID], now: datetime) -> None:
    declare(wired, people[0], "newsletter", GIVEN, now.replace(year=now.year - 3) + 5 * DAY)
    refresh(wired)
    token = re.findall(r"/c/([A-Za-z0-9_-]+)", mails(wired)[0].body)[0]
    assert consent_links.read(wired.keyring, token, now).expires_at == now + 5 * DAY


def test_who_must_not_be_written_to_is_passed_over(wired: Service, people: list[UUID], old: datetime) -> None:
    for person in people:
        declare(wired, person, "newsletter", GIVEN, old)
    with wired.sessions.begin() as session:
        for person in people[:4]:
            place(session, person, Ground.ACCURACY_CONTESTED, wired.now())
    assert refresh(wired, batch=1) == Refreshed(0, 1), "four that stay due do not keep the fifth from being asked"
    assert [mail.to for mail in mails(wired)] == ["p4@courriel.example"]


def test_one_run_writes_no_more_than_it_may(wired: Service, people: list[UUID], old: datetime) -> None:
    for person in people:
        declare(wired, person, "newsletter", GIVEN, old)
    assert [refresh(wired, batch=2, most_mails=3).asked for _ in range(3)] == [3, 2, 0]
    assert len({mail.to for mail in mails(wired)}) == 5


def test_cut_off_it_goes_on_and_asks_nobody_twice(
    wired: Service, people: list[UUID], old: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in people:
        declare(wired, person, "newsletter", GIVEN, old)
    whole: Callable[..., bool] = job._ask_one
    calls = iter(range(9))

    def breaking(session: Session, *rest: object) -> bool:
        done = whole(session, *rest)
        if next(calls) == 2:
            raise Conflict("cut off after the mail was written, before it was committed")
        return done

    with monkeypatch.context() as patched:
        patched.setattr(job, "_ask_one", breaking)
        with pytest.raises(Conflict):
            refresh(wired)
    assert len(mails(wired)) == 2, "of the third nothing is left"
    assert refresh(wired).asked == 3
    assert len({mail.to for mail in mails(wired)}) == len(mails(wired)) == 5


def test_what_ended_is_recorded_and_nobody_is_asked_about_it(wired: Service, people: list[UUID], now: datetime) -> None:
    for person in people[:3]:
        declare(wired, person, "newsletter", GIVEN, now.replace(year=now.year - 3) - DAY)
        declare(wired, person, "partner_sharing", GIVEN, now.replace(year=now.year - 2) - DAY)
    assert refresh(wired, batch=2) == Refreshed(ended=6, asked=0)
    assert refresh(wired, batch=2) == Refreshed(0, 0)
    assert events(wired, "consent.expired") == 6
    for person in people[:3]:
        ended = [row for row in records(wired, person) if row.state == "expired"]
        assert {row.purpose for row in ended} == {"newsletter", "partner_sharing"}
        assert {row.at for row in ended} == {now - DAY}
        assert reason(wired, person, "newsletter", Channel.EMAIL) is Reason.EXPIRED


def test_in_turn_is_once_an_hour(wired: Service, people: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "_RAN", {})
    assert refresh_in_turn(wired) == Refreshed(0, 0)
    assert refresh_in_turn(wired) is None
    assert refresh_in_turn(later(wired, timedelta(minutes=59))) is None
    assert refresh_in_turn(later(wired, timedelta(minutes=60))) == Refreshed(0, 0)
