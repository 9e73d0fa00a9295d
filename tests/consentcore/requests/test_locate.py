"""Everything about a person is found, opened, and nothing of anybody else (R-15-3, R-17-7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from consentcore.columns import Category, Ref, impersonal, personal
from consentcore.consent.decide import Reason, decide
from consentcore.crm.contact_points import email_point
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.db import Base
from consentcore.errors import InvalidTransition, NotFound
from consentcore.outbox.put import Message, put
from consentcore.policyset import Channel, PolicySet
from consentcore.requests.finding import find_persons
from consentcore.requests.intake import Intake, Received
from consentcore.requests.locate import locate
from consentcore.requests.tables import Right
from consentcore.retention.archive import ArchiveItem, archive_rows
from consentcore.retention.archive_index import ArchivedPoint, index_points
from consentcore.retention.tables import ARCHIVED_EMAIL_INDEX
from consentcore.subjects import disclosures, objections, restrictions
from consentcore.subjects.objections import ObjectionState
from consentcore.subjects.restrictions import Ground
from tests.builders.people import open_people

EMAIL = "camille@courriel.example"
OTHER = "autre@courriel.example"
TakeIn = Callable[[Intake, datetime], Received]


class HostBase(DeclarativeBase):
    """A host application's own declarations."""


class LoyaltyCard(HostBase):
    """A table of the host, declared in the map."""

    __tablename__ = "host_loyalty_card"

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, index=True, info=personal(Category.PSEUDONYM, retention="contact"))
    colour: Mapped[str] = mapped_column(String(20), info=personal(Category.BEHAVIOR, retention="contact"))


def test_every_store_is_read_and_opened(
    bound: sessionmaker[Session],
    keyring: Keyring,
    policy: PolicySet,
    person: UUID,
    take_in: TakeIn,
    subscribe: Callable[[UUID, datetime], None],
    now: datetime,
) -> None:
    other = open_people(bound, keyring, now, OTHER)[0]
    subscribe(person, now)
    subscribe(other, now)
    take_in(Intake((Right.OBJECTION,), email=EMAIL, scope="marketing"), now + timedelta(seconds=1))
    take_in(Intake((Right.ACCESS,), email=OTHER), now)
    with bound.begin() as session:
        restrictions.place(session, person, Ground.ACCURACY_CONTESTED, now)
        recipient = next(iter(policy.recipients))
        disclosures.record(session, [person], recipient, "newsletter", ["email"], policy, now)
    with bound() as session:
        found = locate(session, keyring, policy, [person])
    assert {
        "cc_contact", "cc_contact_point", "cc_blind_index", "cc_consent_record", "cc_consent_state", "cc_log_content",
        "cc_request", "cc_request_right", "cc_request_item", "cc_request_transition", "cc_outbox", "cc_suppression",
        "cc_objection", "cc_restriction", "cc_disclosure", "cc_subject",
    } <= set(found.stores())  # fmt: skip
    assert {row.subject_ref for row in found.rows} <= {person, None}
    assert found.of_store("cc_contact")[0].values["first_name"] == "Camille"
    assert found.of_store("cc_contact_point")[0].values["value"] == EMAIL
    assert json.loads(found.of_store("cc_request")[0].values["content"])["email"] == EMAIL
    payloads = [json.loads(row.values["payload"] or "{}") for row in found.of_store("cc_log_content")]
    assert any(payload.get("purpose") == "newsletter" for payload in payloads)
    assert OTHER not in repr(found)
    assert not [row for row in found.rows if row.unreadable]
    assert not [value for row in found.rows for value in row.values.values() if isinstance(value, bytes)]


def test_an_account_is_found_through_its_contact(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime
) -> None:
    drafts = [
        ContactDraft(texts={"last_name": name, "account_name": firm}, points=(email_point(f"{name}@courriel.example"),))
        for name, firm in (("ada", "Exemple SARL"), ("bob", "Autre SA"))
    ]
    with bound.begin() as session:
        written = open_contacts(session, keyring, drafts, now)
    with bound() as session:
        found = locate(session, keyring, policy, [written[0].subject_ref])
    assert [row.values["name"] for row in found.of_store("cc_account")] == ["Exemple SARL"]


def test_the_archive_is_found_when_nothing_else_is_left(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, person: UUID, take_in: TakeIn, now: datetime
) -> None:
    gone = open_people(bound, keyring, now, "parti@courriel.example")[0]
    with bound.begin() as session:
        kept = ArchiveItem(
            "cc_transaction", gone, {"billing_name": "P. Parti"}, "invoice", "17(3)(b)", "L123-22", date(2031, 12, 31)
        )
        rows = archive_rows(session, keyring, gone, [kept], now)
        index_points(session, keyring, gone, rows, [ArchivedPoint(ARCHIVED_EMAIL_INDEX, "ancien@courriel.example")])
    keyring.destroy_key(gone, KeyClass.PROFILE, now)
    with bound() as session:
        assert find_persons(session, keyring, "ancien@courriel.example").candidates == (gone,)
        assert find_persons(session, keyring, "ancien@courriel.example").active == ()
        assert find_persons(session, keyring, EMAIL).candidates == (person,)
        assert find_persons(session, keyring, "nul@courriel.example").candidates == ()
        found = locate(session, keyring, policy, [gone])
    assert "P. Parti" in found.of_store("cc_archived_row")[0].values["content"]
    assert found.of_store("cc_contact")[0].unreadable  # its key is gone: told, not hidden
    done = take_in(Intake((Right.ACCESS,), email="ancien@courriel.example"), now)
    with bound() as session:
        rows_of_request = locate(session, keyring, policy, [gone]).of_store("cc_request")
    assert [row.values["reference"] for row in rows_of_request] == [done.reference]


def test_what_names_nobody_is_found_by_address(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, take_in: TakeIn, now: datetime
) -> None:
    done = take_in(Intake((Right.OBJECTION, Right.ACCESS), email="nul@courriel.example", scope="marketing"), now)
    with bound.begin() as session:
        put(session, keyring, Message("other", "Nul@Courriel.example", "x", "y"), now)
    with bound() as session:
        found = locate(session, keyring, policy, [], emails=["nul@courriel.example"])
        near = locate(session, keyring, policy, [], emails=["ul@courriel.example"])
    assert [row.values["reference"] for row in found.of_store("cc_request")] == [done.reference]
    assert len(found.of_store("cc_outbox")) == 2
    assert [row.values["scope"] for row in found.of_store("cc_suppression")] == ["marketing"]
    assert near.rows == ()


def test_the_tables_of_a_host_are_read_too(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, person: UUID, now: datetime
) -> None:
    with bound.begin() as session:
        HostBase.metadata.create_all(session.connection())
        session.add(LoyaltyCard(id=person, subject_ref=person, colour="green"))
    try:
        with bound() as session:
            found = locate(session, keyring, policy, [person], metadata=(Base.metadata, HostBase.metadata))
        assert [row.values["colour"] for row in found.of_store("host_loyalty_card")] == ["green"]
    finally:
        with bound.begin() as session:
            HostBase.metadata.drop_all(session.connection())


def test_restrictions_stop_and_are_lifted_after_telling(
    bound: sessionmaker[Session], policy: PolicySet, person: UUID, now: datetime
) -> None:
    with bound.begin() as session:
        placed = restrictions.place(session, person, Ground.LEGAL_CLAIMS, now)
        assert restrictions.place(session, person, Ground.LEGAL_CLAIMS, now) == placed
        assert restrictions.is_restricted(session, person)
        for purpose in ("newsletter", "invoicing", "similar_products"):
            found = decide(session, person, purpose, Channel.EMAIL, policy, now)
            assert (found.allowed, found.reason) == (False, Reason.RESTRICTED)
    with bound() as session, pytest.raises(InvalidTransition):
        restrictions.lift(session, placed, now)
    with bound.begin() as session:
        restrictions.inform(session, placed, now)
        restrictions.lift(session, placed, now)
        assert not restrictions.is_restricted(session, person)
    with bound() as session, pytest.raises(NotFound):
        restrictions.lift(session, placed, now)


def test_an_objection_is_upheld_and_never_weakened(bound: sessionmaker[Session], person: UUID, now: datetime) -> None:
    with bound.begin() as session:
        assert objections.record(session, person, ["b", "a", "a"], ObjectionState.PENDING, now) == ["a", "b"]
        assert objections.record(session, person, ["a"], ObjectionState.ABSOLUTE, now) == []
        assert objections.record(session, person, ["a"], ObjectionState.PENDING, now) == []
    with bound.begin() as session:
        states = {row.purpose: row.state for row in objections.open_objections(session, person)}
        assert states == {"a": "absolute", "b": "pending"}
        assert objections.lift(session, person, "b", "compelling_grounds", now)
        assert not objections.lift(session, person, "b", "compelling_grounds", now)
