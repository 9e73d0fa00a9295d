"""Rectification: the new value stands, the old one only as evidence, and whoever received it is told (Art. 16, 19)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crm.accounts import Account
from consentcore.crm.contact_reading import read_contacts
from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.blindindex import find
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, InvalidTransition
from consentcore.outbox.put import opened
from consentcore.outbox.tables import OutboxMessage
from consentcore.policyset import Channel, PolicySet
from consentcore.requests import identity, items, lifecycle, rectification
from consentcore.requests.closing import overall_outcome
from consentcore.requests.content import read_content
from consentcore.requests.intake import Intake
from consentcore.requests.tables import ItemOutcome, Outcome, Right
from consentcore.suppression.entries import SuppressionReason, is_suppressed, suppress
from tests.builders.customers import EMAIL, NAMES, PHONE, Customer, bought, open_customer
from tests.builders.scan import places

NEW_EMAIL = "o.delaunay@courriel.example"
Rectify = Callable[[Mapping[str, str]], UUID]


@pytest.fixture
def customer(bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime) -> Customer:
    return open_customer(bound, keyring, policy, now, bought("invoice", date(2026, 3, 5)))


@pytest.fixture
def asked(
    bound: sessionmaker[Session], policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> Rectify:
    def ask(changes: Mapping[str, str]) -> UUID:
        intake = Intake((Right.RECTIFICATION,), email=EMAIL, changes=changes, evidence="sha256:" + "0" * 64)
        reference = take_in(intake, now).reference
        with bound.begin() as session:
            return identity.verify(session, policy, reference, "email_code", "first@example.org", now).id

    return ask


@pytest.fixture
def rectify(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, asked: Rectify, now: datetime
) -> Rectify:
    def carry_out(changes: Mapping[str, str]) -> UUID:
        dsr_id = asked(changes)
        with bound.begin() as session:
            rectification.execute(session, keyring, policy, dsr_id, now)
        return dsr_id

    return carry_out


def contact(session: Session, keyring: Keyring, customer: Customer) -> ContactDraft:
    return read_contacts(session, keyring, [customer.contact])[customer.contact]


def test_new_values_stand_and_old_ones_are_evidence(
    bound: sessionmaker[Session], keyring: Keyring, customer: Customer, rectify: Rectify
) -> None:
    dsr_id = rectify({"last_name": " Delaunay ", "address.city": "", "birth_date": "1971-04-30", "language": "fr"})
    with bound() as session:
        now_held = contact(session, keyring, customer)
        assert now_held.texts["last_name"] == "Delaunay" and "city" not in now_held.texts
        assert (now_held.texts["first_name"], now_held.language) == (NAMES[0], "fr")
        content = read_content(keyring, lifecycle.locked(session, dsr_id))
        changes = {one["field"]: (one["old"], one["new"]) for one in content["rectified"]}
        assert changes["last_name"] == (NAMES[1], "Delaunay") and changes["city"] == ("Exempleville", None)
        assert content["evidence"].startswith("sha256:")
        verdicts = items.read(session, dsr_id)
        assert {one.outcome for one in verdicts} == {ItemOutcome.RECTIFIED}
        assert overall_outcome(verdicts) is Outcome.DONE
        old_name = {table for table, _ in places(session, keyring, [NAMES[1]])}
    # billed documents, what others were told, the import's faulty row, and the evidence itself
    assert old_name <= {
        "cc_transaction",
        "cc_outbox",
        "cc_quarantine",
        "cc_request",
        "cc_log_content",
        "cc_contact_point",
    }


def test_points_are_found_under_their_new_value_only(
    bound: sessionmaker[Session], keyring: Keyring, customer: Customer, rectify: Rectify
) -> None:
    rectify({"email": NEW_EMAIL, "phone": "", "mobile": "06 99 90 12 34"})
    with bound() as session:
        assert [point.value for point in contact(session, keyring, customer).points] == [NEW_EMAIL, "06 99 90 12 34"]
        assert [hit.subject_ref for hit in find(session, keyring, EMAIL_INDEX, NEW_EMAIL)] == [customer.person]
        assert [hit.subject_ref for hit in find(session, keyring, PHONE_INDEX, "+33699901234")] == [customer.person]
        assert find(session, keyring, EMAIL_INDEX, EMAIL) == find(session, keyring, PHONE_INDEX, PHONE) == []


def test_an_opposition_follows_to_the_new_address(
    bound: sessionmaker[Session], keyring: Keyring, customer: Customer, rectify: Rectify, now: datetime
) -> None:
    with bound.begin() as session:
        suppress(session, keyring, Channel.EMAIL, EMAIL, "marketing", SuppressionReason.OBJECTION, now)
    rectify({"email": NEW_EMAIL})
    with bound() as session:
        assert is_suppressed(session, keyring, Channel.EMAIL, NEW_EMAIL, "newsletter") is not None
        assert is_suppressed(session, keyring, Channel.EMAIL, EMAIL, "newsletter") is not None


def test_a_new_employer_is_another_account_and_the_empty_one_goes(
    bound: sessionmaker[Session], keyring: Keyring, customer: Customer, rectify: Rectify
) -> None:
    rectify({"account.name": "Jardins de la Loire"})
    with bound() as session:
        assert contact(session, keyring, customer).texts["account_name"] == "Jardins de la Loire"
        assert session.scalar(select(func.count()).select_from(Account)) == 1


def test_recipients_are_told_of_the_change(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, rectify: Rectify
) -> None:
    rectify({"last_name": "Delaunay"})
    with bound() as session:
        rows = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "recipient_rectified")).all()
        (message,) = [opened(keyring, row) for row in rows]
    assert message and message.to == policy.recipients["carrier"].email
    assert f"{NAMES[1]} -> Delaunay" in message.body


def test_what_a_machine_cannot_change_is_left_to_people(
    bound: sessionmaker[Session], keyring: Keyring, customer: Customer, rectify: Rectify
) -> None:
    dsr_id = rectify({"last_name": "Delaunay", "billing_name": "Odile Delaunay"})
    with bound() as session:
        verdicts = {one.field: one.outcome for one in items.read(session, dsr_id)}
        assert verdicts == {"last_name": ItemOutcome.RECTIFIED, "billing_name": ItemOutcome.MANUAL}
        assert overall_outcome(items.read(session, dsr_id)) is Outcome.PARTIAL


@pytest.mark.parametrize("changes", [{"email": "no address"}, {"birth_date": "30 avril"}, {"last_name": "x" * 20_000}])
def test_a_value_that_its_field_does_not_take_changes_nothing(
    bound: sessionmaker[Session],
    keyring: Keyring,
    policy: PolicySet,
    customer: Customer,
    asked: Rectify,
    now: datetime,
    changes: dict[str, str],
) -> None:
    dsr_id = asked({"first_name": "Odette", **changes})
    with bound() as session, pytest.raises(BadInput):
        rectification.execute(session, keyring, policy, dsr_id, now)
    with bound() as session:
        assert contact(session, keyring, customer).texts["first_name"] == NAMES[0]


def test_it_happens_once(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, rectify: Rectify, now: datetime
) -> None:
    dsr_id = rectify({"last_name": "Delaunay"})
    with bound.begin() as session:
        lifecycle.closed(session, dsr_id, Outcome.DONE, now)
    with bound() as session, pytest.raises(InvalidTransition):
        rectification.execute(session, keyring, policy, dsr_id, now)
