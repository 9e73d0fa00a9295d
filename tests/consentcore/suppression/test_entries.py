"""The opposition list: checked by value and by person, kept beyond an erasure, lifted by the person alone (R-FR-4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.tables import BlindIndexRow
from consentcore.errors import BadInput
from consentcore.ledger.tables import LogContent, LogEvent
from consentcore.policyset import Channel
from consentcore.suppression.entries import (
    INDEX_OF,
    SuppressionReason,
    entries_at,
    entries_of_person,
    is_suppressed,
    lift,
    suppress,
    suppress_person,
)
from consentcore.suppression.tables import MARKETING, SuppressionEntry
from tests.builders.people import draft, open_people

EMAIL = "camille@courriel.example"
OBJECTION = SuppressionReason.OBJECTION


def test_the_list_and_the_index_of_contacts_hash_alike() -> None:
    assert INDEX_OF == {Channel.EMAIL: EMAIL_INDEX, Channel.SMS: PHONE_INDEX, Channel.PHONE: PHONE_INDEX}


def test_a_scope_forbids_what_it_covers(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> None:
    with bound.begin() as session:
        suppress(session, keyring, Channel.EMAIL, EMAIL, MARKETING, OBJECTION, now)
        suppress(session, keyring, Channel.PHONE, "+33199001234", "newsletter", OBJECTION, now)
    with bound() as session:
        hit = is_suppressed(session, keyring, Channel.EMAIL, EMAIL, "newsletter")
        assert hit is not None and (hit.scope, hit.since, hit.reason) == (MARKETING, now, OBJECTION)
        assert is_suppressed(session, keyring, Channel.EMAIL, EMAIL, "invoicing", marketing=False) is None
        assert is_suppressed(session, keyring, Channel.EMAIL, "a" + EMAIL, "newsletter") is None
        assert is_suppressed(session, keyring, Channel.SMS, "+33199001234", "newsletter") is not None
        assert is_suppressed(session, keyring, Channel.SMS, "+33199001234", "promotions") is None


def test_an_entry_says_nothing_of_the_person(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> None:
    with bound.begin() as session:
        suppress(session, keyring, Channel.EMAIL, EMAIL, MARKETING, OBJECTION, now)
    with bound() as session:
        row = session.scalars(select(SuppressionEntry)).one()
        header = session.scalars(select(LogEvent.header)).one()
        assert session.scalar(select(func.count()).select_from(LogContent)) == 0
    assert b"suppression.opened" in header and row.bidx.hex().encode() not in header
    assert EMAIL not in repr({column.name: getattr(row, column.name) for column in SuppressionEntry.__table__.columns})


def test_saying_no_again_makes_one_standing_entry(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    later = now + timedelta(days=1)
    for at in (now, later, later):
        with bound.begin() as session:
            suppress(session, keyring, Channel.EMAIL, EMAIL, MARKETING, OBJECTION, at)
    with bound() as session:
        assert [entry.since for entry in entries_at(session, keyring, Channel.EMAIL, EMAIL)] == [later]
        assert session.scalar(select(func.count()).select_from(SuppressionEntry)) == 2


def test_it_outlives_the_persons_rows_and_is_lifted_once(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    person: UUID = open_people(bound, keyring, now, EMAIL)[0]
    with bound.begin() as session:
        assert suppress_person(session, person, MARKETING, SuppressionReason.ERASURE, now) == 1
        session.execute(delete(BlindIndexRow).where(BlindIndexRow.subject_ref == person))
        assert suppress_person(session, person, MARKETING, SuppressionReason.ERASURE, now) == 0
    with bound.begin() as session:
        hit = is_suppressed(session, keyring, Channel.EMAIL, EMAIL, "newsletter")
        assert hit is not None
        assert lift(session, hit.id, "asked_by_person", now)
        assert not lift(session, hit.id, "asked_by_person", now)
    with bound() as session:
        assert is_suppressed(session, keyring, Channel.EMAIL, EMAIL, "newsletter") is None


@pytest.mark.parametrize("channel", [Channel.POST, Channel.APP])
def test_only_what_is_indexed_can_be_listed(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime, channel: Channel
) -> None:
    with bound() as session, pytest.raises(BadInput):
        suppress(session, keyring, channel, "x", MARKETING, OBJECTION, now)


def test_a_persons_entries_are_those_at_every_point(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    with bound.begin() as session:
        contacts = [draft(EMAIL, phone="06 12 34 56 78"), draft("paul@courriel.example")]
        camille, paul = (one.subject_ref for one in open_contacts(session, keyring, contacts, now))
        suppress(session, keyring, Channel.EMAIL, EMAIL, MARKETING, OBJECTION, now - timedelta(days=2))
        suppress(session, keyring, Channel.PHONE, "+33612345678", "newsletter", OBJECTION, now)
        gone = suppress(session, keyring, Channel.EMAIL, EMAIL, "promotions", OBJECTION, now)
        lift(session, gone, "portal", now)
    with bound() as session:
        found = [(one.scope, one.channel) for one in entries_of_person(session, camille)]
        assert found == [("newsletter", Channel.PHONE), (MARKETING, Channel.EMAIL)]
        assert not entries_of_person(session, paul)
