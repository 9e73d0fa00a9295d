"""A child's consent waits for its parent: together in France, the parent alone elsewhere (Art. 8, R-8-1, R-8-2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.decide import Reason, decide
from consentcore.consent.parental import record_parental
from consentcore.consent.record import Choice, Evidence, Parent, RecordedChoice, record
from consentcore.consent.replay import compare
from consentcore.consent.tables import ConsentRecord, ConsentState, Quality
from consentcore.crm.contact_writing import open_contacts
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, Conflict, NotFound, PolicyViolation
from consentcore.ledger.canonical import decode
from consentcore.ledger.content import open_contents
from consentcore.ledger.tables import LogEvent
from consentcore.policyset import Channel, PolicySet
from tests.builders.people import draft
from tests.builders.policies import shipped

EMAIL = Channel.EMAIL
MOTHER = Parent("signed form, compared with her identity card", who="Jeanne Deschamps, mother")


@pytest.fixture(scope="module")
def policy() -> PolicySet:
    made = shipped()
    newsletter = replace(made.purposes["newsletter"], for_children=True)
    return replace(made, purposes={**made.purposes, "newsletter": newsletter})


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 2, 28, 22, 59, tzinfo=UTC)  # one minute before 1 March in Paris


def child(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime, born: str | None, country: str = "France"
) -> UUID:
    made = draft("petit@courriel.example")
    texts = {**made.texts, "country": country} | ({} if born is None else {"birth_date": born})
    with bound.begin() as session:
        return open_contacts(session, keyring, [replace(made, texts=texts)], now)[0].subject_ref


def declare(
    bound: sessionmaker[Session],
    person: UUID,
    policy: PolicySet,
    now: datetime,
    state: ConsentState = ConsentState.GIVEN,
    parent: Parent | None = None,
) -> RecordedChoice:
    choice = Choice("newsletter", EMAIL, state, policy.notice("newsletter", 1, "fr"), parent=parent)
    with bound.begin() as session:
        return record(session, person, [choice], policy, Evidence("web_form"), now)[0]


def authorise(bound: sessionmaker[Session], record_id: UUID, policy: PolicySet, now: datetime) -> RecordedChoice:
    with bound.begin() as session:
        return record_parental(session, record_id, MOTHER, policy, Evidence("paper"), now)


def answer(bound: sessionmaker[Session], person: UUID, policy: PolicySet, now: datetime) -> Reason:
    with bound() as session:
        return decide(session, person, "newsletter", EMAIL, policy, now).reason


def told(bound: sessionmaker[Session], keyring: Keyring) -> list[str]:
    with bound() as session:
        return [one.what for one in compare(session, keyring)]


@pytest.mark.parametrize(
    ("born", "country", "minutes", "reason"),
    [
        ("2011-03-01", "France", 0, Reason.PARENT_CONSENT_MISSING),
        ("2011-03-01", "France", 1, Reason.CONSENT_GIVEN),
        ("2012-02-29", "France", 0, Reason.PARENT_CONSENT_MISSING),
        ("2010-03-01", "Germany", 0, Reason.PARENT_CONSENT_MISSING),
        ("2012-06-01", "Belgium", 0, Reason.CONSENT_GIVEN),
        (None, "France", 0, Reason.CONSENT_GIVEN),
    ],
)
def test_the_age_on_the_day_in_the_childs_country_decides(
    bound: sessionmaker[Session],
    keyring: Keyring,
    policy: PolicySet,
    now: datetime,
    born: str | None,
    country: str,
    minutes: int,
    reason: Reason,
) -> None:
    person = child(bound, keyring, now, born, country)
    then = now + timedelta(minutes=minutes)
    declare(bound, person, policy, then)
    assert answer(bound, person, policy, then) is reason
    assert told(bound, keyring) == []


def test_a_purpose_that_is_not_for_children_asks_no_age(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    person = child(bound, keyring, now, "2020-01-01")
    declare(bound, person, shipped(), now)
    assert answer(bound, person, shipped(), now) is Reason.CONSENT_GIVEN


def test_child_and_parent_together_are_two_linked_declarations(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    person = child(bound, keyring, now, "2014-01-01")
    first = declare(bound, person, policy, now)
    later = now + timedelta(days=1)
    second = authorise(bound, first.record_id, policy, later)
    assert answer(bound, person, policy, later) is Reason.CONSENT_GIVEN
    with bound() as session:
        before = decide(session, person, "newsletter", EMAIL, policy, later, as_of=now)
        assert before.reason is Reason.PARENT_CONSENT_MISSING
        rows = [session.get_one(ConsentRecord, one.record_id) for one in (first, second)]
        assert [row.quality for row in rows] == [Quality.PARENT_MISSING, 0]
        leaf = session.get_one(LogEvent, second.event_id)
        claim = (second.event_id.bytes, person.bytes, leaf.header)
        content = open_contents(session, keyring, [claim])[second.event_id.bytes]
        assert isinstance(content, bytes)
        assert decode(content)["parent"] == {
            "authorises": str(first.record_id),
            "effort": MOTHER.effort,
            "who": MOTHER.who,
        }
        assert b"Jeanne" not in leaf.header
    assert told(bound, keyring) == []
    with pytest.raises(Conflict):
        authorise(bound, second.record_id, policy, later)


def test_a_parent_alone_consents_abroad_and_not_in_france(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    abroad = child(bound, keyring, now, "2015-01-01", "Germany")
    declare(bound, abroad, policy, now, parent=MOTHER)
    assert answer(bound, abroad, policy, now) is Reason.CONSENT_GIVEN
    here = child(bound, keyring, now, "2015-01-01", "France")
    with pytest.raises(PolicyViolation, match="together") as refused:
        declare(bound, here, policy, now, parent=MOTHER)
    assert refused.value.article == "8(1)"
    declare(bound, here, policy, now, ConsentState.WITHDRAWN, parent=MOTHER)  # a no needs nobody's leave
    assert told(bound, keyring) == []


def test_a_parent_cannot_consent_to_what_was_withdrawn_or_waits_for_nobody(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    person = child(bound, keyring, now, "2014-01-01")
    first = declare(bound, person, policy, now)
    no = declare(bound, person, policy, now + timedelta(seconds=1), ConsentState.WITHDRAWN)
    for record_id in (first.record_id, no.record_id):
        with pytest.raises(Conflict):
            authorise(bound, record_id, policy, now + timedelta(days=1))
    with pytest.raises(NotFound):
        authorise(bound, UUID(int=1), policy, now)
    assert answer(bound, person, policy, now + timedelta(days=1)) is Reason.CONSENT_WITHDRAWN


@pytest.mark.parametrize("bad", [Parent(" ", who="mother"), Parent("seen"), Parent("seen", who="x" * 2_001)])
def test_a_parent_is_named_and_verified(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime, bad: Parent
) -> None:
    person = child(bound, keyring, now, "2014-01-01", "Germany")
    with pytest.raises(BadInput):
        declare(bound, person, policy, now, parent=bad)


def test_a_parent_does_not_consent_before_the_child(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    person = child(bound, keyring, now, "2014-01-01")
    first = declare(bound, person, policy, now)
    with pytest.raises(BadInput), bound.begin() as session:
        record_parental(session, first.record_id, MOTHER, policy, Evidence("paper"), now, at=now - timedelta(seconds=1))
