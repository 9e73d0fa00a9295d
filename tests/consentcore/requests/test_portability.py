"""Portability: provided or observed, under consent or a contract, and nothing else (Art. 20, R-20-1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.columns import Provenance
from consentcore.crm.contacts import Contact
from consentcore.crypto.keyring import Keyring
from consentcore.errors import InvalidTransition
from consentcore.policyset import PolicySet
from consentcore.requests import identity, items, portability
from consentcore.requests.closing import overall_outcome
from consentcore.requests.intake import Intake
from consentcore.requests.portability import PortabilityPackage
from consentcore.requests.tables import Outcome, Right
from tests.builders.customers import EMAIL, NAMES, PHONE, STREET, Customer, bought, open_customer

ORDER, INVOICE = bought("order", date(2026, 5, 2), "C-7"), bought("invoice", date(2026, 5, 3), "F-7")


@pytest.fixture
def asked(bound: sessionmaker[Session], policy: PolicySet, take_in: Callable, now: datetime) -> Callable[..., UUID]:
    def ask(customer: Customer) -> UUID:
        reference = take_in(Intake((Right.PORTABILITY,), subject_ref=customer.person), now).reference
        with bound.begin() as session:
            return identity.verify(session, policy, reference, "portal", "first@example.org", now).id

    return ask


def collected(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, dsr_id: UUID, now: datetime
) -> PortabilityPackage:
    with bound() as session:
        return portability.collect(session, keyring, policy, dsr_id, now)


def test_what_was_provided_or_observed_under_a_contract_is_taken_along(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, asked: Callable, now: datetime
) -> None:
    dsr_id = asked(open_customer(bound, keyring, policy, now, ORDER, INVOICE, consent=False))
    package = collected(bound, keyring, policy, dsr_id, now)
    values = {item.value for item in package.items}
    assert {EMAIL, PHONE, *NAMES, STREET, "C-7"} <= values
    assert "F-7" not in values  # an invoice is kept for the law's sake alone
    assert {item.provenance for item in package.items} <= {Provenance.PROVIDED, Provenance.OBSERVED}
    assert not {item.store for item in package.items} & {"cc_blind_index", "cc_request", "cc_log_content", "cc_subject"}
    assert [one.purpose.id for one in package.purposes] == ["order_management", "support"]
    (card,) = package.cards
    assert (card.texts["last_name"], card.points[0].value) == (NAMES[1], EMAIL)


def test_a_consent_makes_the_contact_and_the_consent_portable(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, asked: Callable, now: datetime
) -> None:
    package = collected(bound, keyring, policy, asked(open_customer(bound, keyring, policy, now)), now)
    assert [one.purpose.id for one in package.purposes] == ["newsletter"]
    assert {EMAIL, "given"} <= {item.value for item in package.items}


def test_without_consent_and_contract_nothing_is_portable(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, asked: Callable, now: datetime
) -> None:
    dsr_id = asked(open_customer(bound, keyring, policy, now, consent=False))
    package = collected(bound, keyring, policy, dsr_id, now)
    assert (package.items, package.cards, package.purposes) == ((), (), ())
    with bound.begin() as session:
        portability.execute(session, keyring, policy, dsr_id, now)
        assert overall_outcome(items.read(session, dsr_id)) is Outcome.NOT_FOUND


def test_it_erases_nothing_and_happens_after_verification_only(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, asked: Callable, take_in: Callable, now: datetime
) -> None:
    customer = open_customer(bound, keyring, policy, now, ORDER)
    early = take_in(Intake((Right.PORTABILITY,), email=EMAIL), now).request_id
    with bound() as session, pytest.raises(InvalidTransition):
        portability.execute(session, keyring, policy, early, now)
    dsr_id = asked(customer)
    with bound.begin() as session:
        portability.execute(session, keyring, policy, dsr_id, now)
        assert overall_outcome(items.read(session, dsr_id)) is Outcome.DONE
        assert session.get(Contact, customer.contact) is not None
