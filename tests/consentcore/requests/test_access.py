"""Access: everything of this person and nothing of another, with what Art. 15(1) has to say of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.columns import Provenance
from consentcore.crypto.keyring import Keyring
from consentcore.errors import InvalidTransition
from consentcore.policyset import PolicySet
from consentcore.requests import access, identity, items, lifecycle
from consentcore.requests.access import AccessPackage
from consentcore.requests.closing import overall_outcome
from consentcore.requests.intake import Intake
from consentcore.requests.tables import ItemOutcome, Outcome, Right
from tests.builders.customers import EMAIL, NAMES, PHONE, STREET, Customer, bought, open_customer
from tests.builders.people import open_people

STAFF = "first@example.org"


@pytest.fixture
def customer(bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime) -> Customer:
    open_people(bound, keyring, now, "quelqu.un.dautre@courriel.example")
    return open_customer(bound, keyring, policy, now, bought("invoice", date(2021, 3, 5)))


@pytest.fixture
def verified(
    bound: sessionmaker[Session], policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> UUID:
    reference = take_in(Intake((Right.ACCESS,), email=EMAIL), now).reference
    with bound.begin() as session:
        return identity.verify(session, policy, reference, "email_code", STAFF, now).id


@pytest.fixture
def package(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, verified: UUID, now: datetime
) -> AccessPackage:
    with bound() as session:
        return access.collect(session, keyring, policy, verified, now)


def test_the_copy_holds_all_of_the_person_and_nobody_else(package: AccessPackage, customer: Customer) -> None:
    values = {item.value for item in package.items}
    assert {EMAIL, PHONE, *NAMES, STREET, "F-1", "42.10", "CUST-4711", "2021-03-05", "newsletter"} <= values
    assert {item.store for item in package.items} >= {
        "cc_contact", "cc_contact_point", "cc_transaction", "cc_account", "cc_external_id", "cc_consent_record",
        "cc_log_content", "cc_request", "cc_quarantine",
    }  # fmt: skip
    assert not [value for value in values if "quelqu.un.dautre" in value or STAFF in value]
    assert package.found and package.subject_ref == customer.person


def test_each_value_says_where_it_came_from(package: AccessPackage, now: datetime) -> None:
    by_field = {(item.store, item.field): item for item in package.items}
    name = by_field["cc_contact", "last_name"]
    assert (name.source, name.obtained_on, name.provenance) == ("fair", now.date(), Provenance.PROVIDED)
    assert by_field["cc_contact_point", "value"].source == "fair"
    assert by_field["cc_transaction", "amount"].provenance is Provenance.OBSERVED
    assert package.sources == ("fair",)


def test_purposes_recipients_and_retention_are_those_of_this_person(package: AccessPackage) -> None:
    applied = {one.purpose.id: one for one in package.purposes}
    assert set(applied) == {
        "newsletter",
        "invoicing",
        "order_management",
        "rights_requests",
        "satisfaction_survey",
        "scoring",
        "similar_products",
        "support",
    }
    (kept,) = applied["invoicing"].keeping
    assert (kept.data, kept.period, kept.article) == ("invoice", "P10Y", "17(3)(b)")
    assert [(one.id, one.categories) for one in package.recipients] == [("carrier", ("address", "name"))]
    assert "tax_administration" in {one.id for one in package.foreseen}
    assert "carrier" not in {one.id for one in package.foreseen}
    assert package.retained == () and package.automated == ()


def test_a_prospect_without_consent_is_not_told_of_purposes_for_customers(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, person: UUID, take_in: Callable, now: datetime
) -> None:
    reference = take_in(Intake((Right.ACCESS,), subject_ref=person), now).reference
    with bound.begin() as session:
        dsr_id = identity.verify(session, policy, reference, "paper", STAFF, now).id
        package = access.collect(session, keyring, policy, dsr_id, now)
    assert {one.purpose.id for one in package.purposes} == {"rights_requests"}


def test_executing_notes_what_was_found_and_happens_once(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, verified: UUID, now: datetime
) -> None:
    with bound.begin() as session:
        access.execute(session, keyring, policy, verified, now)
        lifecycle.closed(session, verified, overall_outcome(items.read(session, verified)), now)
    with bound() as session:
        verdicts = items.read(session, verified)
        assert lifecycle.locked(session, verified).outcome == Outcome.DONE.value
        assert {one.outcome for one in verdicts} == {ItemOutcome.DONE}
        with pytest.raises(InvalidTransition):
            access.execute(session, keyring, policy, verified, now)


def test_nothing_is_composed_before_identity_is_proven(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable,
    now: datetime,
) -> None:  # fmt: skip
    received = take_in(Intake((Right.ACCESS,), email=EMAIL), now)
    with bound() as session:
        for call in (access.collect, access.execute):
            with pytest.raises(InvalidTransition):
                call(session, keyring, policy, received.request_id, now)


def test_a_stranger_gets_the_negative_answer(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, take_in: Callable, now: datetime
) -> None:
    reference = take_in(Intake((Right.ACCESS,), email="personne@courriel.example"), now).reference
    with bound.begin() as session:
        dsr_id = identity.verify(session, policy, reference, "email_code", STAFF, now).id
        package = access.collect(session, keyring, policy, dsr_id, now)
        access.execute(session, keyring, policy, dsr_id, now)
        assert overall_outcome(items.read(session, dsr_id)) is Outcome.NOT_FOUND
    assert not package.found and package.items == ()
