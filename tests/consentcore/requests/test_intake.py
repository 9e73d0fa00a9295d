"""A request by any channel becomes a case; a no takes effect at once, whoever says it (R-12-1, R-21-2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.decide import Reason, decide
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, NotFound, PolicyViolation
from consentcore.ledger.tables import LogEvent
from consentcore.outbox.put import Message, opened
from consentcore.outbox.tables import OutboxMessage
from consentcore.policyset import Channel, PolicySet
from consentcore.requests import lifecycle
from consentcore.requests.content import read_content
from consentcore.requests.intake import Intake, IntakeChannel, Received, Role
from consentcore.requests.tables import Outcome, Right, Status, SubjectRequest
from tests.builders.people import open_people

EMAIL = "camille@courriel.example"
STRANGER = "personne@courriel.example"
TakeIn = Callable[[Intake, datetime], Received]
Subscribe = Callable[[UUID, datetime], None]


def reason(factory: sessionmaker[Session], policy: PolicySet, person: UUID, purpose: str, at: datetime) -> Reason:
    with factory() as session:
        return decide(session, person, purpose, Channel.EMAIL, policy, at).reason


def messages(factory: sessionmaker[Session], keyring: Keyring) -> list[Message]:
    with factory() as session:
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at, OutboxMessage.id)).all()
        return [message for row in rows if (message := opened(keyring, row)) is not None]


def test_a_case_is_opened_with_its_deadline(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, person: UUID, take_in: TakeIn, now: datetime
) -> None:
    done = take_in(Intake((Right.ACCESS,), email=f"  {EMAIL.upper()} ", channel=IntakeChannel.LETTER), now)
    assert (done.due_on, done.status) == (date(2026, 12, 9), "received")
    with bound() as session:
        dsr = lifecycle.find(session, done.reference.lower())
        assert (dsr.subject_ref, dsr.rule_pack, dsr.channel) == (person, policy.deadlines_for("FR").id, "letter")
        assert dsr.policy_sha256 == policy.sha256
        assert read_content(keyring, dsr)["email"] == EMAIL
        assert [(step.from_status, step.to_status) for step in lifecycle.steps_of(session, dsr)] == [
            (None, Status.RECEIVED)
        ]
        assert EMAIL.encode() not in bytes(dsr.content)
        headers = session.scalars(select(LogEvent.header)).all()
    assert any(b'"request.received"' in header and str(person).encode() not in header for header in headers)


def test_known_and_unknown_are_answered_alike(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, take_in: TakeIn, now: datetime
) -> None:
    for rights in ((Right.ACCESS,), (Right.ERASURE, Right.ACCESS), (Right.OBJECTION,), (Right.WITHDRAWAL,)):
        scope = "marketing" if rights == (Right.OBJECTION,) else None
        before = messages(bound, keyring)
        known = take_in(Intake(rights, email=EMAIL, scope=scope), now)
        unknown = take_in(Intake(rights, email=STRANGER, scope=scope), now)
        assert (known.due_on, known.status) == (unknown.due_on, unknown.status)
        assert len(known.reference) == len(unknown.reference) == 9
        written = [message for message in messages(bound, keyring) if message not in before]
        assert {message.to for message in written} == {EMAIL, STRANGER}
        texts = {m.body.replace(known.reference, "REF").replace(unknown.reference, "REF") for m in written}
        assert len(texts) == 1


def test_an_objection_to_marketing_needs_no_identity(
    bound: sessionmaker[Session],
    keyring: Keyring,
    policy: PolicySet,
    person: UUID,
    take_in: TakeIn,
    subscribe: Subscribe,
    now: datetime,
) -> None:
    subscribe(person, now - timedelta(days=1))
    assert reason(bound, policy, person, "newsletter", now) is Reason.CONSENT_GIVEN
    done = take_in(Intake((Right.OBJECTION,), email=EMAIL, scope="marketing"), now)
    assert done.status == "closed"
    assert reason(bound, policy, person, "newsletter", now) is Reason.SUPPRESSED
    assert reason(bound, policy, person, "similar_products", now) is Reason.OBJECTION
    assert reason(bound, policy, person, "invoicing", now) is Reason.LEGAL_OBLIGATION
    with bound() as session:
        dsr = lifecycle.find(session, done.reference)
        assert (dsr.outcome, dsr.closed_at) == (Outcome.DONE, now)
        yesterday = decide(session, person, "newsletter", Channel.EMAIL, policy, now, as_of=now - timedelta(hours=1))
        at_once = decide(session, person, "newsletter", Channel.EMAIL, policy, now, as_of=now)
    assert yesterday.allowed and at_once.reason is Reason.SUPPRESSED


def test_the_objection_of_a_stranger_waits_for_whoever_comes(
    bound: sessionmaker[Session],
    keyring: Keyring,
    policy: PolicySet,
    take_in: TakeIn,
    subscribe: Subscribe,
    now: datetime,
) -> None:
    take_in(Intake((Right.OBJECTION,), email=STRANGER, scope="marketing"), now)
    later = now + timedelta(days=30)
    person = open_people(bound, keyring, later, STRANGER.upper())[0]
    assert reason(bound, policy, person, "newsletter", later) is Reason.SUPPRESSED
    assert reason(bound, policy, person, "similar_products", later) is Reason.SUPPRESSED
    # A consent of that person to one purpose takes back the opposition to that purpose, and to no other.
    subscribe(person, later)
    assert reason(bound, policy, person, "newsletter", later) is Reason.CONSENT_GIVEN
    assert reason(bound, policy, person, "similar_products", later) is Reason.SUPPRESSED
    take_in(Intake((Right.OBJECTION,), email=STRANGER, scope="marketing"), later + timedelta(hours=1))
    assert reason(bound, policy, person, "newsletter", later + timedelta(hours=2)) is Reason.SUPPRESSED


def test_a_no_at_a_shared_address_stands_for_everyone_there(
    bound: sessionmaker[Session],
    keyring: Keyring,
    policy: PolicySet,
    take_in: TakeIn,
    subscribe: Subscribe,
    now: datetime,
) -> None:
    both = open_people(bound, keyring, now, "foyer@courriel.example", "foyer@courriel.example")
    for one in both:
        subscribe(one, now)
    done = take_in(Intake((Right.WITHDRAWAL,), email="foyer@courriel.example"), now + timedelta(seconds=1))
    assert done.status == "closed"
    for one in both:
        assert not decide_allowed(bound, policy, one, now + timedelta(seconds=1))
    with bound() as session:
        assert lifecycle.find(session, done.reference).subject_ref is None


def decide_allowed(factory: sessionmaker[Session], policy: PolicySet, person: UUID, at: datetime) -> bool:
    with factory() as session:
        return decide(session, person, "newsletter", Channel.EMAIL, policy, at).allowed


def test_a_withdrawal_by_letter_counts_from_its_receipt(
    bound: sessionmaker[Session],
    policy: PolicySet,
    person: UUID,
    take_in: TakeIn,
    subscribe: Subscribe,
    now: datetime,
) -> None:
    subscribe(person, now - timedelta(days=2))
    letter = Intake(
        (Right.WITHDRAWAL,),
        email=EMAIL,
        scope="newsletter",
        received_at=now - timedelta(days=1),
        channel=IntakeChannel.LETTER,
    )
    take_in(letter, now)
    assert not decide_allowed(bound, policy, person, now)
    with bound() as session:
        then = decide(session, person, "newsletter", Channel.EMAIL, policy, now, as_of=now - timedelta(hours=1))
    assert not then.allowed


def test_an_erased_person_named_by_reference_is_answered(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, take_in: TakeIn, now: datetime
) -> None:
    for key_class in KeyClass:
        keyring.destroy_key(person, key_class, now)
    done = take_in(Intake((Right.ACCESS,), subject_ref=person), now)
    with bound() as session:
        assert lifecycle.find(session, done.reference).subject_ref is None
    assert messages(bound, keyring) == []  # no address is left to write to


@pytest.mark.parametrize(
    ("intake", "error"),
    [
        (Intake((), email=EMAIL), BadInput),
        (Intake((Right.ACCESS, Right.ACCESS), email=EMAIL), BadInput),
        (Intake((Right.ACCESS,)), BadInput),
        (Intake((Right.ACCESS,), email=EMAIL, subject_ref=uuid4()), BadInput),
        (Intake((Right.ACCESS,), email="nobody"), BadInput),
        (Intake((Right.ACCESS,), email="a@b.example\r\nBcc: c@d.example"), BadInput),
        (Intake((Right.ACCESS,), email="x" * 300 + "@b.example"), BadInput),
        (Intake((Right.ACCESS,), subject_ref=uuid4()), NotFound),
        (Intake((Right.ACCESS,), email=EMAIL, scope="marketing"), BadInput),
        (Intake((Right.ACCESS,), email=EMAIL, requester="a@b.example"), BadInput),
        (Intake((Right.ACCESS,), email=EMAIL, role=Role.HEIR), BadInput),
        (Intake((Right.ACCESS,), email=EMAIL, changes={"city": "Lyon"}), BadInput),
        (Intake((Right.RECTIFICATION,), email=EMAIL), BadInput),
        (Intake((Right.RECTIFICATION,), email=EMAIL, changes={"City; DROP": "Lyon"}), BadInput),
        (Intake((Right.RECTIFICATION,), email=EMAIL, changes={"city": "x" * 20_001}), BadInput),
        (Intake((Right.RECTIFICATION,), email=EMAIL, changes={f"f{n}": "x" for n in range(51)}), BadInput),
        (Intake((Right.ACCESS,), email=EMAIL, evidence=""), BadInput),
        (Intake((Right.OBJECTION,), email=EMAIL, scope="astrology"), NotFound),
        (Intake((Right.OBJECTION,), email=EMAIL, scope="invoicing"), PolicyViolation),
    ],
)
def test_what_cannot_be_read_opens_no_case(
    bound: sessionmaker[Session],
    policy: PolicySet,
    take_in: TakeIn,
    now: datetime,
    intake: Intake,
    error: type[Exception],
) -> None:
    with pytest.raises(error) as refused:
        take_in(intake, now)
    assert EMAIL not in str(refused.value)
    with bound() as session:
        for table in (SubjectRequest, OutboxMessage, LogEvent):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_nothing_is_received_in_the_future(take_in: TakeIn, now: datetime) -> None:
    with pytest.raises(BadInput):
        take_in(Intake((Right.ACCESS,), email=EMAIL, received_at=now + timedelta(hours=1)), now)
