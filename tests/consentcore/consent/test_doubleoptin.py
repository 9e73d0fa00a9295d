"""A consent that is asked for stands once it was confirmed, once, and never against what stands (R-7-8)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.decide import Reason, decide
from consentcore.consent.doubleoptin import Asked, NotPending, Pending, awaited, confirm, request
from consentcore.consent.history import records_of
from consentcore.consent.receipt import receipt
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, Conflict, NotFound, PolicyViolation
from consentcore.outbox.put import Message
from consentcore.outbox.tables import OutboxMessage
from consentcore.policyset import Channel, PolicySet
from tests.builders.people import open_people
from tests.builders.policies import shipped

EMAIL = Channel.EMAIL
ADDRESS = "camille@courriel.example"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def policy() -> PolicySet:
    """The shipped policies, in which the newsletter asks for a confirmation over e-mail."""
    made = shipped()
    newsletter = replace(made.purposes["newsletter"], double_opt_in=frozenset({EMAIL}))
    return replace(made, purposes={**made.purposes, "newsletter": newsletter})


@pytest.fixture
def person(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> UUID:
    return open_people(bound, keyring, now - 100 * HOUR, ADDRESS)[0]


class Desk:
    """Asking and confirming for one person, each in a unit of its own."""

    def __init__(self, bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, person: UUID) -> None:
        self.bound, self.keyring, self.policy, self.person = bound, keyring, policy, person

    def ask(self, now: datetime, *, lang: str = "fr", address: str | None = ADDRESS, **more: object) -> Pending | None:
        evidence = Evidence("web_form", address, "ab" * 32, "shop", {"page": "shop/foot", "version": "7"})
        notice = self.policy.notice("newsletter", 1, lang)
        asked = Asked(self.person, "newsletter", EMAIL, notice, evidence)
        with self.bound.begin() as session:
            return request(
                session,
                self.keyring,
                replace(asked, **more),  # type: ignore[arg-type]
                self.policy,
                lambda pending: Message("confirm_consent", ADDRESS, "Confirm", str(pending.record_id), self.person),
                now,
            )

    def confirm(self, pending: Pending, now: datetime) -> UUID:
        with self.bound.begin() as session:
            return confirm(session, self.keyring, pending, self.policy, {"token_sha256": "cd" * 32}, now).record_id

    def say(self, state: ConsentState, now: datetime) -> None:
        choice = Choice("newsletter", EMAIL, state, self.policy.notice("newsletter", 1, "fr"))
        with self.bound.begin() as session:
            record(session, self.person, [choice], self.policy, Evidence("web_form"), now)

    def reason(self, now: datetime) -> Reason:
        with self.bound() as session:
            return decide(session, self.person, "newsletter", EMAIL, self.policy, now).reason

    def states(self) -> list[str]:
        with self.bound() as session:
            return [row.state for row in records_of(session, self.person)]

    def mails(self) -> int:
        with self.bound() as session:
            return session.scalar(select(func.count()).select_from(OutboxMessage)) or 0


@pytest.fixture
def desk(bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, person: UUID) -> Desk:
    return Desk(bound, keyring, policy, person)


def test_asked_for_is_not_given_until_it_is_confirmed(desk: Desk, keyring: Keyring, now: datetime) -> None:
    pending = desk.ask(now, lang="en")
    assert pending is not None
    assert desk.reason(now) is Reason.REQUESTED_UNCONFIRMED
    assert desk.mails() == 1
    given = desk.confirm(pending, now + HOUR)
    assert desk.reason(now + HOUR) is Reason.CONSENT_GIVEN
    with desk.bound() as session:
        proof = receipt(session, keyring, desk.policy, given)
        rows = records_of(session, desk.person)
    payload = proof["content"]["payload"]
    details = {one["name"]: one["text"] for one in payload["details"]}
    assert [row.state for row in rows] == ["requested", "given"]
    assert (payload["method"], payload["contact_point"], payload["form_sha256"]) == ("email", ADDRESS, "ab" * 32)
    assert payload["notice"] == "newsletter@1/en", "what was shown when it was asked for"
    assert details["token_sha256"] == "cd" * 32
    assert details["requested_record"] == str(rows[0].id) == str(pending.record_id)
    assert details["requested_at"].startswith(now.date().isoformat())
    assert details["page"] == "shop/foot"
    assert proof["about"]["notice"] == desk.policy.notice("newsletter", 1, "en").text


def test_a_confirmation_counts_once(desk: Desk, now: datetime) -> None:
    pending = desk.ask(now)
    assert pending is not None
    desk.confirm(pending, now)
    with pytest.raises(NotPending):
        desk.confirm(pending, now + HOUR)
    assert desk.states() == ["requested", "given"]


def test_asking_again_ends_the_older_request(desk: Desk, now: datetime) -> None:
    first, second = desk.ask(now), desk.ask(now + HOUR)
    assert first is not None and second is not None
    with pytest.raises(NotPending):
        desk.confirm(first, now + 2 * HOUR)
    assert desk.reason(now + 2 * HOUR) is Reason.REQUESTED_UNCONFIRMED
    desk.confirm(second, now + 2 * HOUR)
    assert desk.reason(now + 2 * HOUR) is Reason.CONSENT_GIVEN


def test_a_request_never_overrides_a_consent_that_stands(desk: Desk, now: datetime) -> None:
    desk.say(ConsentState.GIVEN, now)
    assert desk.ask(now + HOUR) is None
    assert (desk.states(), desk.mails()) == (["given"], 0)
    assert desk.reason(now + HOUR) is Reason.CONSENT_GIVEN


def test_who_said_no_can_be_asked_and_stays_out_until_confirmed(desk: Desk, now: datetime) -> None:
    desk.say(ConsentState.WITHDRAWN, now)
    pending = desk.ask(now + HOUR)
    assert pending is not None
    assert desk.reason(now + HOUR) is Reason.CONSENT_WITHDRAWN
    desk.confirm(pending, now + 2 * HOUR)
    assert desk.reason(now + 2 * HOUR) is Reason.CONSENT_GIVEN


@pytest.mark.parametrize("said", [ConsentState.REFUSED, ConsentState.WITHDRAWN, ConsentState.GIVEN])
def test_any_later_word_ends_the_request(desk: Desk, now: datetime, said: ConsentState) -> None:
    pending = desk.ask(now)
    assert pending is not None
    desk.say(said, now + HOUR)
    with pytest.raises(NotPending):
        desk.confirm(pending, now + 2 * HOUR)
    assert desk.states() == ["requested", said.value]


def test_a_link_to_another_person_purpose_or_channel_confirms_nothing(
    desk: Desk, bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    pending = desk.ask(now)
    assert pending is not None
    other = open_people(bound, keyring, now, "autre@courriel.example")[0]
    foreign = [
        replace(pending, subject_ref=other),
        replace(pending, purpose="promotions"),
        replace(pending, channel=Channel.SMS),
        replace(pending, record_id=UUID(int=7)),
    ]
    for one in foreign:
        with pytest.raises(NotPending):
            desk.confirm(one, now)
        with bound() as session:
            assert awaited(session, one) is None
    assert desk.states() == ["requested"]


def test_what_cannot_be_asked_for_is_refused(desk: Desk, policy: PolicySet, now: datetime) -> None:
    promotions = policy.notice("promotions", 1, "fr")
    with pytest.raises(PolicyViolation):
        desk.ask(now, purpose="promotions", notice=promotions)
    with pytest.raises(PolicyViolation):
        desk.ask(now, channel=Channel.SMS)
    with pytest.raises(NotFound):
        desk.ask(now, purpose="gone")
    with pytest.raises(NotFound):
        desk.ask(now, subject_ref=UUID(int=9))
    with pytest.raises(BadInput):
        desk.ask(now, address=None)
    assert (desk.states(), desk.mails()) == ([], 0)


def test_the_mail_goes_with_the_record_or_not_at_all(
    desk: Desk, bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    def broken(_pending: Pending) -> Message:
        raise Conflict("no mail can be written")

    notice = desk.policy.notice("newsletter", 1, "fr")
    asked = Asked(desk.person, "newsletter", EMAIL, notice, Evidence("web_form", ADDRESS))
    with pytest.raises(Conflict), bound.begin() as session:
        request(session, keyring, asked, desk.policy, broken, now)
    assert desk.states() == []


def test_the_leaf_of_a_request_tells_nothing_of_the_person(desk: Desk, now: datetime) -> None:
    pending = desk.ask(now)
    assert pending is not None
    with desk.bound() as session:
        proof = receipt(session, desk.keyring, desk.policy, pending.record_id)
    header = json.dumps(proof["event"])
    assert ADDRESS not in header and str(desk.person) not in header
    assert proof["event"]["type"] == "consent.requested"


def test_an_address_that_the_person_left_confirms_nothing(desk: Desk, now: datetime) -> None:
    pending = desk.ask(now, address="ancienne@courriel.example")
    assert pending is not None
    with pytest.raises(NotPending):
        desk.confirm(pending, now)
    assert desk.states() == ["requested"]


def test_who_has_no_address_on_record_is_taken_at_the_one_that_was_asked(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    with bound.begin() as session:
        stranger = open_contacts(session, keyring, [ContactDraft(texts={"last_name": "Deschamps"})], now)[0].subject_ref
    desk = Desk(bound, keyring, policy, stranger)
    pending = desk.ask(now)
    assert pending is not None
    desk.confirm(pending, now)
    assert desk.reason(now) is Reason.CONSENT_GIVEN


def test_of_many_presses_at_once_one_counts(desk: Desk, now: datetime) -> None:
    pending = desk.ask(now)
    assert pending is not None
    start = Barrier(4)

    def press(_: int) -> bool:
        start.wait()
        try:
            desk.confirm(pending, now + HOUR)
        except NotPending:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(press, range(4))) == [False, False, False, True]
    assert desk.states() == ["requested", "given"]
