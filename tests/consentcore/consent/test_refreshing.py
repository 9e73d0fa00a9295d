"""Old consents are asked about once, silence changes nothing, and an end is recorded when it comes (R-7-7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.clock import add_period
from consentcore.consent import refreshing
from consentcore.consent.decide import Reason, decide
from consentcore.consent.doubleoptin import NotPending, Pending
from consentcore.consent.history import records_of
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.refreshing import Question, due, end_next, questions, remind, renew
from consentcore.consent.replay import compare
from consentcore.consent.tables import ConsentRecord, ConsentState, RefreshReminder
from consentcore.crypto.keyring import Keyring
from consentcore.outbox.put import Message
from consentcore.outbox.tables import OutboxMessage
from consentcore.policyset import Channel, PolicySet
from consentcore.subjects import objections
from consentcore.subjects.objections import ObjectionState
from tests.builders.people import open_people
from tests.builders.policies import shipped

EMAIL = Channel.EMAIL
DAY = timedelta(days=1)
GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN


@pytest.fixture(scope="module")
def policy() -> PolicySet:
    return shipped()


@pytest.fixture
def old(now: datetime) -> datetime:
    """When a consent was given that is to be refreshed today: two years ago and a day."""
    return now.replace(year=now.year - 2) - DAY


@pytest.fixture
def people(bound: sessionmaker[Session], keyring: Keyring, old: datetime) -> list[UUID]:
    return sorted(open_people(bound, keyring, old - DAY, *(f"p{n}@courriel.example" for n in range(5))))


def say(
    bound: sessionmaker[Session], policy: PolicySet, person: UUID, at: datetime, state: ConsentState = GIVEN
) -> None:
    choice = Choice("newsletter", EMAIL, state, policy.notice("newsletter", 1, "fr"), at)
    with bound.begin() as session:
        record(session, person, [choice], policy, Evidence("web_form", "p@courriel.example"), at)


def asked_about(policy: PolicySet) -> Question:
    return questions(policy)[0]


def found(bound: sessionmaker[Session], policy: PolicySet, now: datetime, limit: int = 50) -> list[Pending]:
    with bound() as session:
        return due(session, asked_about(policy), now, limit)


def ask(bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, one: Pending, now: datetime) -> bool:
    mail = Message("renew_consent", "p@courriel.example", "Still?", "Still?", one.subject_ref)
    with bound.begin() as session:
        return remind(session, keyring, one, asked_about(policy), policy, lambda _pending: mail, now)


def mails(bound: sessionmaker[Session]) -> int:
    with bound() as session:
        return session.scalar(select(func.count()).select_from(OutboxMessage)) or 0


def newest(bound: sessionmaker[Session], person: UUID) -> ConsentRecord:
    with bound() as session:
        return records_of(session, person)[-1]


def reason(bound: sessionmaker[Session], policy: PolicySet, person: UUID, now: datetime) -> Reason:
    with bound() as session:
        return decide(session, person, "newsletter", EMAIL, policy, now).reason


def test_only_purposes_that_say_so_are_refreshed_and_by_mail_alone(policy: PolicySet) -> None:
    assert [(one.purpose.id, one.channel, one.every) for one in questions(policy)] == [("newsletter", EMAIL, "P2Y")]
    calls = replace(policy.purposes["phone_prospecting"], refresh="P1Y")
    assert questions(replace(policy, purposes={"phone_prospecting": calls})) == ()


def test_due_is_who_agreed_longer_ago_than_the_period(
    bound: sessionmaker[Session], policy: PolicySet, people: list[UUID], now: datetime, old: datetime
) -> None:
    first, second, third, fourth, _ = people
    say(bound, policy, first, old)
    say(bound, policy, second, old + 2 * DAY)
    say(bound, policy, third, old)
    say(bound, policy, third, old + DAY, WITHDRAWN)
    say(bound, policy, fourth, now.replace(year=now.year - 3))
    assert [one.subject_ref for one in found(bound, policy, now)] == [first], "the fourth is over already"


def test_pages_go_on_where_the_last_one_ended(
    bound: sessionmaker[Session], policy: PolicySet, people: list[UUID], now: datetime, old: datetime
) -> None:
    for person in people:
        say(bound, policy, person, old)
    with bound() as session:
        first = due(session, asked_about(policy), now, 2)
        second = due(session, asked_about(policy), now, 9, first[-1].subject_ref)
    assert len(first) == 2
    assert [one.subject_ref for one in first + second] == [one.subject_ref for one in found(bound, policy, now)]
    assert len(first + second) == len(people)


def test_nobody_is_asked_twice_within_the_period(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, people: list[UUID], now: datetime, old: datetime
) -> None:
    say(bound, policy, people[0], old)
    (one,) = found(bound, policy, now)
    assert ask(bound, keyring, policy, one, now)
    assert not ask(bound, keyring, policy, one, now), "what was found before is looked at again"
    assert found(bound, policy, now + 300 * DAY) == []
    assert mails(bound) == 1
    assert reason(bound, policy, people[0], now + 300 * DAY) is Reason.CONSENT_GIVEN, "silence changes nothing"


def test_who_stays_silent_is_asked_again_after_another_period(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, people: list[UUID], now: datetime, old: datetime
) -> None:
    endless = replace(policy.purposes["newsletter"], refresh="P1Y", validity=None)
    yearly = replace(policy, purposes={**policy.purposes, "newsletter": endless})
    say(bound, yearly, people[0], old)
    (one,) = found(bound, yearly, now)
    assert ask(bound, keyring, yearly, one, now)
    later = now.replace(year=now.year + 1)
    assert found(bound, yearly, later - DAY) == []
    assert found(bound, yearly, later) == [one]
    assert ask(bound, keyring, yearly, one, later)
    with bound() as session:
        assert session.scalars(select(RefreshReminder.asked_at)).all() == [later]


def test_who_objected_or_withdrew_meanwhile_is_not_written_to(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, people: list[UUID], now: datetime, old: datetime
) -> None:
    for person in people[:2]:
        say(bound, policy, person, old)
    first, second = found(bound, policy, now)
    with bound.begin() as session:
        objections.record(session, first.subject_ref, ["newsletter"], ObjectionState.ABSOLUTE, now)
    say(bound, policy, second.subject_ref, now, WITHDRAWN)
    assert not ask(bound, keyring, policy, first, now)
    assert not ask(bound, keyring, policy, second, now)
    assert mails(bound) == 0


def test_a_renewal_begins_anew_and_counts_once(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, people: list[UUID], now: datetime, old: datetime
) -> None:
    person = people[0]
    say(bound, policy, person, old)
    (one,) = found(bound, policy, now)
    notice = policy.notice("newsletter", 1, "en")
    with bound.begin() as session:
        renew(session, keyring, one, notice, policy, {"token_sha256": "ab" * 32}, now)
    row = newest(bound, person)
    assert (row.state, row.at, row.expires_at) == ("renewed", now, add_period(now, "P3Y"))
    assert found(bound, policy, now) == []
    with pytest.raises(NotPending), bound.begin() as session:
        renew(session, keyring, one, notice, policy, {}, now + DAY)


def test_what_ended_cannot_be_renewed(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, people: list[UUID], now: datetime, old: datetime
) -> None:
    say(bound, policy, people[0], old)
    (one,) = found(bound, policy, now)
    say(bound, policy, people[0], now, WITHDRAWN)
    for foreign in (one, replace(one, subject_ref=people[1]), replace(one, record_id=UUID(int=1))):
        with pytest.raises(NotPending), bound.begin() as session:
            renew(session, keyring, foreign, policy.notice("newsletter", 1, "fr"), policy, {}, now)


def test_an_end_is_recorded_in_bounded_batches(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, people: list[UUID], now: datetime
) -> None:
    given_at = now.replace(year=now.year - 3) - DAY
    for person in people[:4]:
        say(bound, policy, person, given_at)
    say(bound, policy, people[4], now - DAY)
    purpose = policy.purposes["newsletter"]
    done, after, rounds = 0, None, 0
    while rounds == 0 or after is not None:
        with bound.begin() as session:
            ended = end_next(session, keyring, purpose, policy, now, 3, after)
        done, after, rounds = done + ended.recorded, ended.after, rounds + 1
    assert (done, rounds) == (4, 2)
    for person in people[:4]:
        row = newest(bound, person)
        assert (row.state, row.at, row.recorded_at) == ("expired", add_period(given_at, "P3Y"), now)
        assert reason(bound, policy, person, now) is Reason.EXPIRED
    assert newest(bound, people[4]).state == "given"
    with bound.begin() as session:
        assert end_next(session, keyring, purpose, policy, now, 3).recorded == 0, "an end is recorded once"
    with bound() as session:
        assert list(compare(session, keyring)) == []


def test_who_renewed_before_the_end_does_not_end(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, people: list[UUID], now: datetime
) -> None:
    say(bound, policy, people[0], now.replace(year=now.year - 3) - DAY)
    say(bound, policy, people[0], now - 9 * DAY, ConsentState.RENEWED)
    with bound.begin() as session:
        assert end_next(session, keyring, policy.purposes["newsletter"], policy, now, 9).recorded == 0
    assert reason(bound, policy, people[0], now) is Reason.CONSENT_GIVEN


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001 - a zone is put on below
        lambda one: one.replace(tzinfo=UTC)
    ),
    st.sampled_from(["P1D", "P1M", "P6M", "P13M", "P1Y", "P2Y", "P3Y2M4D", "P52W"]),
)
def test_the_latest_start_is_the_latest(now: datetime, period: str) -> None:
    start = refreshing._latest_start(period, now)
    assert add_period(start, period) <= now < add_period(start + DAY, period)
