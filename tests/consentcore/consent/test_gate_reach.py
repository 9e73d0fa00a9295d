"""Whom a purpose reaches, ground by ground, on every database (Art. 6(1), 18, 21)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.decide import decide
from consentcore.consent.reach import reach
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ERASED, ConsentState, ConsentStateRow
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, NotFound
from consentcore.policyset import Channel
from consentcore.subjects import objections, restrictions
from consentcore.subjects.objections import ObjectionState
from consentcore.suppression.entries import SuppressionReason, entries_of_person, lift, suppress_person
from consentcore.suppression.tables import MARKETING
from tests.builders.people import open_people
from tests.builders.policies import shipped

NOW = datetime(2026, 11, 9, 9, tzinfo=UTC)
DAY = timedelta(days=1)
Act = Callable[[Session, UUID], object]


def declare(state: ConsentState, at: datetime = NOW, channel: Channel = Channel.EMAIL) -> Act:
    notice = shipped().notice("promotions", 1, "fr")
    choice = Choice("promotions", channel, state, notice, at)
    return lambda session, person: record(session, person, [choice], shipped(), Evidence("web_form"), NOW + 9 * DAY)


def objects(purpose: str, at: datetime = NOW) -> Act:
    return lambda session, person: objections.record(session, person, [purpose], ObjectionState.ABSOLUTE, at)


def takes_back(purpose: str) -> Act:
    return lambda session, person: objections.lift(session, person, purpose, "taken_back", NOW + DAY)


def listed(scope: str, at: datetime = NOW) -> Act:
    return lambda session, person: suppress_person(session, person, scope, SuppressionReason.BY_HAND, at)


def unlisted(session: Session, person: UUID) -> object:
    return [lift(session, one.id, "wish", NOW) for one in entries_of_person(session, person)]


def restricted(session: Session, person: UUID) -> object:
    return restrictions.place(session, person, restrictions.Ground.ACCURACY_CONTESTED, NOW)


def released(session: Session, person: UUID) -> object:
    (one,) = restrictions.standing(session, person)
    restrictions.inform(session, one.id, NOW)
    return restrictions.lift(session, one.id, NOW)


def erased(session: Session, person: UUID) -> object:
    mine = ConsentStateRow.subject_ref == person
    return session.execute(update(ConsentStateRow).where(mine).values(state=ERASED))


GIVEN = declare(ConsentState.GIVEN)
SURVEY, ORDERS = "satisfaction_survey", "order_management"
CASES: dict[str, tuple[tuple[Act, ...], set[str]]] = {
    "nothing said": ((), {SURVEY, ORDERS}),
    "given": ((GIVEN,), {"promotions", SURVEY, ORDERS}),
    "given on one channel, refused on the other": (
        (GIVEN, declare(ConsentState.REFUSED, channel=Channel.SMS)),
        {"promotions", SURVEY, ORDERS},
    ),
    "renewed": ((declare(ConsentState.RENEWED),), {"promotions", SURVEY, ORDERS}),
    "refused": ((declare(ConsentState.REFUSED),), {SURVEY, ORDERS}),
    "asked for": ((declare(ConsentState.REQUESTED),), {SURVEY, ORDERS}),
    "without proof": ((declare(ConsentState.UNKNOWN),), {SURVEY, ORDERS}),
    "withdrawn": ((GIVEN, declare(ConsentState.WITHDRAWN, NOW + DAY)), {SURVEY, ORDERS}),
    "run out": ((declare(ConsentState.GIVEN, NOW - 4 * 366 * DAY),), {SURVEY, ORDERS}),
    "objection to the purpose": ((GIVEN, objects("promotions", NOW + DAY)), {SURVEY, ORDERS}),
    "objection at that instant": ((GIVEN, objects("promotions")), {SURVEY, ORDERS}),
    "consent after an objection": ((objects("promotions", NOW - DAY), GIVEN), {"promotions", SURVEY, ORDERS}),
    "objection to an interest": ((GIVEN, objects(SURVEY)), {"promotions", ORDERS}),
    "objection taken back": ((objects(SURVEY), takes_back(SURVEY)), {SURVEY, ORDERS}),
    "objection to another purpose": ((GIVEN, objects("newsletter")), {"promotions", SURVEY, ORDERS}),
    "marketing opposed": ((GIVEN, listed(MARKETING, NOW + DAY)), {SURVEY, ORDERS}),
    "marketing opposed before the consent": ((listed(MARKETING, NOW - DAY), GIVEN), {"promotions", SURVEY, ORDERS}),
    "purpose on the list": ((GIVEN, listed(SURVEY)), {"promotions", ORDERS}),
    "taken off the list": ((GIVEN, listed(MARKETING, NOW + DAY), unlisted), {"promotions", SURVEY, ORDERS}),
    "restricted": ((GIVEN, restricted), set()),
    "restricted, then released": ((GIVEN, restricted, released), {"promotions", SURVEY, ORDERS}),
    "consent erased": ((GIVEN, erased), {SURVEY, ORDERS}),
}


def reached(session: Session, purpose: str, now: datetime) -> set[UUID]:
    return set(session.scalars(reach(purpose, shipped(), now)))


def test_grounds(bound: sessionmaker[Session], keyring: Keyring) -> None:
    addresses = [f"person{number}@courriel.example" for number in range(len(CASES))]
    people = dict(zip(CASES, open_people(bound, keyring, NOW, *addresses), strict=True))
    for case, (acts, _) in CASES.items():
        for act in acts:
            with bound.begin() as session:
                act(session, people[case])
    later = NOW + 10 * DAY
    with bound() as session:
        found = {purpose: reached(session, purpose, later) for purpose in ("promotions", SURVEY, ORDERS)}
        told = {case: {purpose for purpose, refs in found.items() if person in refs} for case, person in people.items()}
        assert told == {case: wanted for case, (_, wanted) in CASES.items()}
        for case, person in people.items():
            allowed = any(
                decide(session, person, "promotions", channel, shipped(), later).allowed
                for channel in shipped().purpose("promotions").channels
            )
            assert allowed is ("promotions" in told[case]), case


def test_a_ground_lives_until_its_instant(bound: sessionmaker[Session], keyring: Keyring) -> None:
    (person,) = open_people(bound, keyring, NOW, "camille@courriel.example")
    with bound.begin() as session:
        GIVEN(session, person)
    with bound() as session:
        until = session.scalars(select(ConsentStateRow.expires_at)).one()
        assert until is not None
        assert reached(session, "promotions", until - timedelta(microseconds=1)) == {person}
        assert reached(session, "promotions", until) == set()


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(NotFound):
        reach("astrology", shipped(), NOW)
    with pytest.raises(BadInput):
        reach("newsletter", shipped(), NOW.replace(tzinfo=None))
