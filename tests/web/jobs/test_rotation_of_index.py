"""The index key rotates: everybody is found all the while, and an opposition outlives rotation, erasure and import."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from consentcore.consent.decide import Reason
from consentcore.consent.tables import ConsentState
from consentcore.crm.accounts import Account, accounts_named
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.roots import INDEX
from consentcore.crypto.rotations import Keys
from consentcore.crypto.tables import ROOTS, BlindIndexRow
from consentcore.policyset import Channel
from consentcore.retention.disposal import dispose, of_classes
from consentcore.subjects.matching import find_subjects
from consentcore.suppression.entries import SuppressionReason, is_suppressed, suppress, suppress_person
from consentcore.suppression.tables import MARKETING, SuppressionEntry
from tests.builders.choices import declare, reason
from tests.builders.people import draft, open_people
from web.jobs.rotation import carry_on_rotations, rotate
from web.jobs.rotation_of_index import GRACE, NOTICE
from web.security import staff
from web.security.permissions import Role
from web.wiring import Service

EMAIL = "camille@courriel.example"


@pytest.fixture
def service(wired: Service) -> Service:
    """The service, under the name that reads best here."""
    return wired


def generations_of(service: Service, person: UUID) -> list[int]:
    with service.sessions() as session:
        query = select(BlindIndexRow.gen).where(BlindIndexRow.subject_ref == person).order_by(BlindIndexRow.gen)
        return list(session.scalars(query))


def found(service: Service, email: str) -> list[UUID]:
    with service.sessions() as session:
        return find_subjects(session, service.keyring, EMAIL_INDEX, email)


def test_everything_is_found_at_every_step_and_the_old_key_goes(
    service: Service, keyring: Keyring, now: datetime
) -> None:
    people = open_people(service.sessions, keyring, now, *(f"p{number}@courriel.example" for number in range(5)))
    with service.sessions.begin() as session:
        (with_phone,) = open_contacts(session, keyring, [draft(EMAIL, phone="06 12 34 56 78")], now)
        account = accounts_named(session, keyring, ["Boulangerie Ouest"])["Boulangerie Ouest"]
        staff.add(session, keyring, "dpo@example.org", "Dana", Role.DPO, now)
    seen: list[str] = []

    def look(progress: object) -> None:
        seen.append(progress.phase)  # type: ignore[attr-defined]
        for number, person in enumerate(people):
            assert found(service, f"p{number}@courriel.example") == [person]
        with service.sessions.begin() as session:
            assert find_subjects(session, keyring, PHONE_INDEX, "+33612345678") == [with_phone.subject_ref]
            assert accounts_named(session, keyring, ["boulangerie  ouest"])["boulangerie  ouest"] == account
            assert staff.by_email(session, keyring, "dpo@example.org") is not None

    ended = rotate(service, Keys.INDEX, now, at_once=True, rows=2, told=look)
    assert ended.ended_at == now and {"points", "moves", "settle", "check", "drop", "destroy"} <= set(seen)
    assert keyring.index_generations() == keyring.index_written() == (2,)
    assert generations_of(service, with_phone.subject_ref) == [2, 2]
    with service.sessions() as session:
        assert session.scalars(select(Account.gen)).all() == [2]
        assert session.scalar(select(func.count()).select_from(BlindIndexRow)) == 7
    with keyring.reading() as connection:
        (gone,) = connection.execute(select(ROOTS).where(ROOTS.c.name == INDEX, ROOTS.c.gen == 1)).all()
    assert gone.wrapped == b"" and len(gone.check_value) == 64 and gone.destroyed_at == now


def test_it_waits_for_the_others_and_the_job_goes_on(service: Service, keyring: Keyring, now: datetime) -> None:
    (person,) = open_people(service.sessions, keyring, now, EMAIL)
    begun = rotate(service, Keys.INDEX, now)
    assert (begun.phase, begun.due_at) == ("points", now + NOTICE)
    assert rotate(service, Keys.INDEX, now) == begun and generations_of(service, person) == [1]
    later = rotate(service, Keys.INDEX, now + NOTICE)
    assert (later.phase, later.due_at) == ("check", now + NOTICE + GRACE)
    assert generations_of(service, person) == [1, 2]
    (between,) = open_people(service.sessions, keyring, now, "between@courriel.example")
    assert generations_of(service, between) == [2]
    carry_on_rotations(service)  # the clock of the service stands still: nothing is due
    assert keyring.index_generations() == (2, 1)
    assert rotate(service, Keys.INDEX, now + NOTICE + GRACE).ended_at is not None
    assert keyring.index_generations() == (2,) and found(service, EMAIL) == [person]


def test_an_opposition_outlives_rotation_erasure_and_import(service: Service, keyring: Keyring, now: datetime) -> None:
    (person,) = open_people(service.sessions, keyring, now, EMAIL)
    declare(service, person, "newsletter", ConsentState.GIVEN, now - timedelta(days=2))
    with service.sessions.begin() as session:
        suppress(session, keyring, Channel.EMAIL, EMAIL, MARKETING, SuppressionReason.OBJECTION, now)
    assert reason(service, person, "newsletter") is Reason.SUPPRESSED
    with service.sessions.begin() as session:
        dispose(session, person, of_classes("contact", "transaction", "blind_index"))
    for generation in (2, 3):
        ended = rotate(service, Keys.INDEX, now, at_once=True, rows=2)
        assert ended.ended_at is not None and keyring.index_generations() == tuple(
            sorted({1, generation}, reverse=True)
        ), "the second generation had nothing to stay for"
    (again,) = open_people(service.sessions, keyring, now, EMAIL)
    assert generations_of(service, again) == [1, 3]
    declare(service, again, "newsletter", ConsentState.GIVEN, now - timedelta(days=1))
    assert reason(service, again, "newsletter") is Reason.SUPPRESSED
    with service.sessions() as session:
        assert is_suppressed(session, keyring, Channel.EMAIL, EMAIL, "newsletter") is not None
        assert session.scalars(select(SuppressionEntry.gen)).all() == [1]


def test_who_opposes_in_the_middle_is_heard_for_everyone_at_that_address(
    service: Service, keyring: Keyring, now: datetime
) -> None:
    one, other = open_people(service.sessions, keyring, now, EMAIL, EMAIL)
    for person in (one, other):
        declare(service, person, "newsletter", ConsentState.GIVEN, now - timedelta(days=2))
    rotate(service, Keys.INDEX, now, at_once=True, rows=1, most=2)  # announced; one point of two is indexed anew
    assert sorted(map(len, (generations_of(service, one), generations_of(service, other)))) == [1, 2]
    (newcomer,) = open_people(service.sessions, keyring, now, EMAIL)
    declare(service, newcomer, "newsletter", ConsentState.GIVEN, now - timedelta(days=2))
    with service.sessions.begin() as session:
        suppress_person(session, newcomer, MARKETING, SuppressionReason.OBJECTION, now)
    assert {reason(service, person, "newsletter") for person in (one, other, newcomer)} == {Reason.SUPPRESSED}
    rotate(service, Keys.INDEX, now, at_once=True)
    assert {reason(service, person, "newsletter") for person in (one, other, newcomer)} == {Reason.SUPPRESSED}
    assert keyring.index_written() == (2, 1)
    with service.sessions.begin() as session:
        assert suppress_person(session, one, MARKETING, SuppressionReason.OBJECTION, now + timedelta(days=1)) == 1
        standing = select(SuppressionEntry.gen).where(SuppressionEntry.lifted_at.is_(None))
        assert session.scalars(standing).all() == [2], "the newest generation takes over"
