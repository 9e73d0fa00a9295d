"""What was declared decides, silence never does, and a leaf stands behind every record (Art. 4(11), 7, R-7-1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.decide import Reason, decide, decide_for_all
from consentcore.consent.history import leaf_index, records_of
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, NotFound, PolicyViolation
from consentcore.ledger.tables import LogEvent, LogLeaf
from consentcore.policyset import Channel, LegalBasis, PolicySet
from policies.loader import load
from tests.builders.people import open_people

EMAIL = Channel.EMAIL


@pytest.fixture(scope="module")
def policy() -> PolicySet:
    return load()


@pytest.fixture
def person(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> UUID:
    return open_people(bound, keyring, now, "camille@courriel.example")[0]


def declare(
    bound: sessionmaker[Session],
    person: UUID,
    state: ConsentState,
    policy: PolicySet,
    now: datetime,
    at: datetime | None = None,
) -> UUID:
    choice = Choice("newsletter", EMAIL, state, policy.notice("newsletter", 1, "fr"), at)
    with bound.begin() as session:
        return record(session, person, [choice], policy, Evidence("web_form"), now)[0].record_id


def answer(bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime, **more: datetime) -> Reason:
    with bound() as session:
        found = decide(session, person, "newsletter", EMAIL, policy, now, as_of=more.get("as_of"))
    assert found.allowed is (found.reason is Reason.CONSENT_GIVEN)
    return found.reason


def test_silence_is_no_consent(bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime) -> None:
    assert answer(bound, person, policy, now) is Reason.CONSENT_MISSING


def test_given_then_withdrawn_then_given_again(
    bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime
) -> None:
    declare(bound, person, ConsentState.GIVEN, policy, now)
    assert answer(bound, person, policy, now) is Reason.CONSENT_GIVEN
    declare(bound, person, ConsentState.WITHDRAWN, policy, now + timedelta(seconds=1))
    assert answer(bound, person, policy, now + timedelta(seconds=1)) is Reason.CONSENT_WITHDRAWN
    declare(bound, person, ConsentState.GIVEN, policy, now + timedelta(seconds=2))
    assert answer(bound, person, policy, now + timedelta(seconds=2)) is Reason.CONSENT_GIVEN


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (ConsentState.REFUSED, Reason.CONSENT_REFUSED),
        (ConsentState.EXPIRED, Reason.EXPIRED),
        (ConsentState.REQUESTED, Reason.REQUESTED_UNCONFIRMED),
        (ConsentState.INVALIDATED, Reason.CONSENT_INVALIDATED),
        (ConsentState.UNKNOWN, Reason.CONSENT_UNPROVEN),
        (ConsentState.RENEWED, Reason.CONSENT_GIVEN),
    ],
)
def test_each_state_has_its_reason(
    bound: sessionmaker[Session],
    person: UUID,
    policy: PolicySet,
    now: datetime,
    state: ConsentState,
    reason: Reason,
) -> None:
    declare(bound, person, state, policy, now)
    assert answer(bound, person, policy, now) is reason


def test_an_older_declaration_recorded_later_changes_nothing(
    bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime
) -> None:
    declare(bound, person, ConsentState.WITHDRAWN, policy, now)
    declare(bound, person, ConsentState.GIVEN, policy, now, at=now - timedelta(days=30))
    assert answer(bound, person, policy, now) is Reason.CONSENT_WITHDRAWN


def test_of_two_declarations_of_one_instant_the_later_written_counts(
    bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime
) -> None:
    declare(bound, person, ConsentState.GIVEN, policy, now)
    declare(bound, person, ConsentState.WITHDRAWN, policy, now)
    assert answer(bound, person, policy, now) is Reason.CONSENT_WITHDRAWN
    assert answer(bound, person, policy, now, as_of=now) is Reason.CONSENT_WITHDRAWN


def test_a_consent_ends_when_its_validity_does(
    bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime
) -> None:
    declare(bound, person, ConsentState.GIVEN, policy, now)
    three_years_later = now.replace(year=now.year + 3)
    assert answer(bound, person, policy, three_years_later - timedelta(seconds=1)) is Reason.CONSENT_GIVEN
    assert answer(bound, person, policy, three_years_later) is Reason.EXPIRED


def test_the_past_answers_as_it_was(
    bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime
) -> None:
    declare(bound, person, ConsentState.GIVEN, policy, now)
    later = now + timedelta(days=2)
    declare(bound, person, ConsentState.WITHDRAWN, policy, later)
    assert answer(bound, person, policy, later, as_of=now + timedelta(days=1)) is Reason.CONSENT_GIVEN
    assert answer(bound, person, policy, later, as_of=now) is Reason.CONSENT_GIVEN
    assert answer(bound, person, policy, later, as_of=now - timedelta(days=1)) is Reason.UNKNOWN_SUBJECT
    with bound() as session, pytest.raises(BadInput):
        decide(session, person, "newsletter", EMAIL, policy, now, as_of=later)


def test_other_bases_decide_by_their_own_rule(
    bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime
) -> None:
    with bound() as session:
        invoice = decide(session, person, "invoicing", EMAIL, policy, now)
        offers = decide(session, person, "similar_products", EMAIL, policy, now)
    assert (invoice.allowed, invoice.reason, invoice.basis) == (
        True,
        Reason.LEGAL_OBLIGATION,
        LegalBasis.LEGAL_OBLIGATION,
    )
    assert (offers.allowed, offers.reason) == (False, Reason.NO_SALE)


def test_a_stranger_is_never_reached(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    with bound() as session:
        for purpose in policy.purposes:
            channel = min(policy.purposes[purpose].channels)
            assert decide(session, uuid4(), purpose, channel, policy, now).reason is Reason.UNKNOWN_SUBJECT


def test_a_shared_address_is_as_free_as_its_most_reserved_owner(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    one, other = open_people(bound, keyring, now, "foyer@courriel.example", "foyer@courriel.example")

    def together() -> Reason:
        with bound() as session:
            return decide_for_all(session, [one, other], "newsletter", EMAIL, policy, now).reason

    assert together() is Reason.CONSENT_MISSING
    declare(bound, one, ConsentState.GIVEN, policy, now)
    assert together() is Reason.SHARED_CONTACT_POINT
    declare(bound, other, ConsentState.GIVEN, policy, now)
    assert together() is Reason.CONSENT_GIVEN
    with bound() as session:
        assert decide_for_all(session, [], "newsletter", EMAIL, policy, now).reason is Reason.UNKNOWN_SUBJECT


def test_a_record_is_its_leaf_and_a_rollback_leaves_neither(
    bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime
) -> None:
    choice = Choice("newsletter", EMAIL, ConsentState.GIVEN, policy.notice("newsletter", 1, "en"))
    with bound() as session:
        record(session, person, [choice], policy, Evidence("web_form"), now)
        session.rollback()
    with bound() as session:
        for table in (ConsentRecord, LogEvent, LogLeaf):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    with bound.begin() as session:
        done = record(session, person, [choice], policy, Evidence("web_form"), now)[0]
    with bound() as session:
        assert leaf_index(session, done.event_id) == 0
        assert [row.id for row in records_of(session, person)] == [done.record_id]
        header = session.scalars(select(LogEvent.header)).one()
    assert b"consent.given" in header and str(person).encode() not in header


def test_what_is_refused_leaves_nothing(
    bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime
) -> None:
    newsletter = policy.notice("newsletter", 1, "fr")
    invoicing = policy.notice("invoicing", 1, "fr")
    given = ConsentState.GIVEN
    form = Evidence("web_form")
    refused: list[tuple[type[Exception], UUID, Choice, Evidence]] = [
        (NotFound, uuid4(), Choice("newsletter", EMAIL, given, newsletter), form),
        (NotFound, person, Choice("astrology", EMAIL, given, newsletter), form),
        (PolicyViolation, person, Choice("invoicing", EMAIL, given, invoicing), form),
        (PolicyViolation, person, Choice("newsletter", Channel.PHONE, given, newsletter), form),
        (PolicyViolation, person, Choice("newsletter", EMAIL, given, invoicing), form),
        (BadInput, person, Choice("newsletter", EMAIL, given, newsletter, now + timedelta(hours=1)), form),
        (BadInput, person, Choice("newsletter", EMAIL, given, newsletter), Evidence("telepathy")),
        (
            BadInput,
            person,
            Choice("newsletter", EMAIL, given, newsletter),
            Evidence("paper", details={"x": "y" * 9_999}),
        ),
    ]
    for error, subject, choice, evidence in refused:
        with bound() as session, pytest.raises(error):
            record(session, subject, [choice], policy, evidence, now)
    with bound() as session:
        assert session.scalar(select(func.count()).select_from(ConsentRecord)) == 0
        assert session.scalar(select(func.count()).select_from(LogEvent)) == 0
