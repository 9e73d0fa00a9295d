"""An erasure end to end: everything goes but what a text keeps, each kept thing listed with text and end (Art. 17)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.decide import decide
from consentcore.consent.tables import ConsentRecord, ConsentStateRow
from consentcore.crm.contact_writing import WrittenContact
from consentcore.crm.contacts import Contact, ContactPoint
from consentcore.crm.transaction_writing import open_transactions
from consentcore.crm.transactions import Transaction
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.tables import BlindIndexRow, ShredPending
from consentcore.errors import Conflict, InvalidTransition, NotPermitted
from consentcore.importing.tables import Provenance, QuarantinedRow
from consentcore.ledger.fsck import audit
from consentcore.ledger.tables import LogEvent
from consentcore.outbox.put import opened
from consentcore.outbox.tables import OutboxMessage
from consentcore.policyset import Channel, LegalBasis, PolicySet
from consentcore.requests import access, certificate, erasure, identity, items, lifecycle
from consentcore.requests.closing import overall_outcome
from consentcore.requests.intake import Intake
from consentcore.requests.items import KEPT
from consentcore.requests.tables import ItemOutcome, Outcome, Right
from consentcore.retention.archive import read_archive
from consentcore.subjects import restrictions
from consentcore.subjects.objections import open_objections
from consentcore.subjects.tables import ExternalId
from consentcore.suppression.entries import is_suppressed
from tests.builders.customers import EMAIL, NAMES, NEEDLES, PHONE, STREET, Customer, bought, open_customer
from tests.builders.scan import places

FIRST, SECOND = "first@example.org", "second@example.org"
INVOICE = bought("invoice", date(2021, 3, 5), "F-2021-17")
OLD_INVOICE = bought("invoice", date(2009, 1, 3), "F-2009-1")
RETURN = bought("return", date(2022, 4, 1), "R-1")


def interests(policy: PolicySet) -> set[str]:
    """The purposes that an erasure objects to."""
    return {one.id for one in policy.purposes.values() if one.basis is LegalBasis.LEGITIMATE_INTEREST}


Factory = sessionmaker[Session]


@pytest.fixture
def customer(bound: Factory, keyring: Keyring, policy: PolicySet, now: datetime) -> Customer:
    return open_customer(bound, keyring, policy, now, INVOICE, OLD_INVOICE, RETURN)


def verified(bound: Factory, policy: PolicySet, take_in: Callable[..., object], now: datetime, *rights: Right) -> UUID:
    done = take_in(Intake(rights or (Right.ERASURE,), email=EMAIL), now)
    with bound.begin() as session:
        return identity.verify(session, policy, done.reference, "email_code", FIRST, now).id  # type: ignore[attr-defined]


def planned(bound: Factory, keyring: Keyring, policy: PolicySet, dsr_id: UUID, now: datetime) -> str:
    with bound.begin() as session:
        plan = erasure.assess(session, keyring, policy, dsr_id, FIRST, now)
    with bound.begin() as session:
        erasure.approve(session, dsr_id, plan.sha256, SECOND, now)
    return plan.sha256


def carry_out(
    bound: Factory,
    keyring: Keyring,
    policy: PolicySet,
    dsr_id: UUID,
    now: datetime,
    at: Callable[[str], None] = erasure.nowhere,
) -> None:
    done = False
    while not done:
        with bound.begin() as session:
            done = erasure.execute_next(session, keyring, policy, dsr_id, now, at)
    with bound.begin() as session:
        lifecycle.closed(session, dsr_id, overall_outcome(items.read(session, dsr_id)), now)


def erase(bound: Factory, keyring: Keyring, policy: PolicySet, dsr_id: UUID, now: datetime) -> None:
    planned(bound, keyring, policy, dsr_id, now)
    carry_out(bound, keyring, policy, dsr_id, now)


def count(session: Session, table: type, person: UUID) -> int:
    return session.scalar(select(func.count()).select_from(table).where(table.subject_ref == person)) or 0  # type: ignore[attr-defined]


def test_everything_goes_but_what_a_text_keeps(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    dsr_id = verified(bound, policy, take_in, now)
    with bound() as session:
        before = {table for table, _ in places(session, keyring, NEEDLES, [EMAIL, PHONE])}
    assert {"cc_contact", "cc_contact_point", "cc_transaction", "cc_blind_index", "cc_external_id", "cc_quarantine",
            "cc_account", "cc_log_content", "cc_request"} <= before  # fmt: skip
    erase(bound, keyring, policy, dsr_id, now)
    with bound() as session:
        for table in (Contact, ContactPoint, Transaction, BlindIndexRow, ExternalId, Provenance, ShredPending):
            assert count(session, table, customer.person) == 0, table
        assert session.scalar(select(func.count()).select_from(QuarantinedRow)) == 0
        kept = [item for item in items.read(session, dsr_id) if item.outcome in KEPT]
        dsr = lifecycle.locked(session, dsr_id)
        assert dsr.outcome == Outcome.PARTIAL.value
    stones = {stone.key_class for stone in keyring.tombstones(customer.person)}
    assert stones == {KeyClass.PROFILE}
    assert all(item.article and (item.until or item.until_event) for item in kept)
    invoices = [item for item in kept if item.store == "cc_transaction"]
    assert [(item.ref, item.outcome, item.article, item.until) for item in invoices] == [
        (customer.transactions[0], ItemOutcome.ARCHIVED, "17(3)(b)", date(2031, 12, 31))
    ]
    file = [item for item in kept if item.store == "cc_request"]
    assert [(item.article, item.until, item.until_event) for item in file] == [("17(3)(e)", date(2031, 11, 9), None)]
    consents = [item for item in kept if item.store == "cc_consent_record"]
    assert [(item.article, item.until) for item in consents] == [("17(3)(e)", date(2031, 11, 9))]


def test_a_scan_with_every_key_that_remains_finds_only_listed_items(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    dsr_id = verified(bound, policy, take_in, now)
    erase(bound, keyring, policy, dsr_id, now)
    with bound() as session:
        found = places(session, keyring, NEEDLES, [EMAIL, PHONE])
        listed = {item.store for item in items.read(session, dsr_id) if item.outcome in KEPT}
        archived = {str(one.id) for one in read_archive(session, keyring, customer.person)}
    assert len(archived) == 1
    for table, ref in found:
        if table in ("cc_archived_row", "cc_archive_index"):
            assert ref in archived
        else:
            assert table in listed, table
    assert not {table for table, _ in found} & {"cc_contact", "cc_transaction", "cc_blind_index", "cc_account"}


def test_an_archived_invoice_bears_name_and_address_and_is_found_again(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    erase(bound, keyring, policy, verified(bound, policy, take_in, now), now)
    with bound() as session:
        (row,) = read_archive(session, keyring, customer.person)
    assert row.fields["billing_name"] == " ".join(NAMES)
    assert (row.fields["billing_street"], row.fields["number"]) == (STREET, "F-2021-17")
    assert (row.fields["amount"], row.fields["issued_on"]) == ("42.10", "2021-03-05")
    assert (row.rule, row.article, row.kept_until) == ("invoice", "17(3)(b)", date(2031, 12, 31))
    assert "L123-22" in row.legal_text
    later = now + timedelta(days=30)
    again = verified(bound, policy, take_in, later, Right.ACCESS)
    with bound.begin() as session:
        package = access.collect(session, keyring, policy, again, later)
        access.execute(session, keyring, policy, again, later)
    assert package.subject_ref == customer.person and package.found
    texts = {item.value for item in package.items if item.store == "cc_transaction"}
    assert {"F-2021-17", " ".join(NAMES), STREET} <= texts
    assert "cc_contact" not in {item.store for item in package.items}
    assert {"cc_transaction", "cc_consent_record"} <= {item.store for item in package.retained}
    assert "invoicing" in {one.purpose.id for one in package.purposes}


def test_what_an_erased_person_asks_to_erase_again_is_refused(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    erase(bound, keyring, policy, verified(bound, policy, take_in, now), now)
    later = now + timedelta(days=30)
    again = verified(bound, policy, take_in, later)
    erase(bound, keyring, policy, again, later)
    with bound() as session:
        assert lifecycle.locked(session, again).outcome == Outcome.REFUSED.value
        assert len(read_archive(session, keyring, customer.person)) == 1


def test_a_prospect_goes_without_anything_to_refuse(
    bound: Factory, keyring: Keyring, policy: PolicySet, take_in: Callable, now: datetime
) -> None:
    prospect = open_customer(bound, keyring, policy, now, consent=False, disclosed=False)
    dsr_id = verified(bound, policy, take_in, now)
    erase(bound, keyring, policy, dsr_id, now)
    with bound() as session:
        assert lifecycle.locked(session, dsr_id).outcome == Outcome.DONE.value
        stores = {item.store for item in items.read(session, dsr_id) if item.outcome in KEPT}
    assert {"cc_request", "cc_log_content", "cc_suppression"} <= stores
    assert not stores & {"cc_consent_record", "cc_consent_state", "cc_disclosure", "cc_recipient_notice"}
    assert {stone.key_class for stone in keyring.tombstones(prospect.person)} == {KeyClass.PROFILE, KeyClass.ARCHIVE}


@pytest.mark.parametrize("kind", ["order", "subscription"])
def test_an_open_contract_keeps_what_it_uses(
    bound: Factory, keyring: Keyring, policy: PolicySet, take_in: Callable, now: datetime, kind: str
) -> None:
    customer = open_customer(bound, keyring, policy, now, INVOICE, bought(kind, date(2026, 11, 1), "C-9"))
    dsr_id = verified(bound, policy, take_in, now)
    erase(bound, keyring, policy, dsr_id, now)
    with bound() as session:
        verdicts = items.read(session, dsr_id)
        contact = next(item for item in verdicts if item.store == "cc_contact")
        assert (contact.outcome, contact.article, contact.until_event) == (
            ItemOutcome.RETAINED, "17(1)", "contract_end",
        )  # fmt: skip
        assert count(session, Contact, customer.person) == 1
        assert count(session, ContactPoint, customer.person) == 2
        assert count(session, ExternalId, customer.person) == 1
        left = session.scalars(select(Transaction.kind).where(Transaction.subject_ref == customer.person)).all()
        assert left == [kind]
        assert len(read_archive(session, keyring, customer.person)) == 1
        assert not restrictions.is_restricted(session, customer.person)
        assert lifecycle.locked(session, dsr_id).outcome == Outcome.PARTIAL.value
        assert {one.purpose for one in open_objections(session, customer.person)} == interests(policy)
    assert keyring.tombstones(customer.person) == []


@pytest.mark.parametrize("more", [{"status": "closed"}, {"ends_on": date(2026, 11, 8)}])
def test_a_contract_that_ended_keeps_nothing(
    bound: Factory, keyring: Keyring, policy: PolicySet, take_in: Callable, now: datetime, more: dict[str, object]
) -> None:
    customer = open_customer(bound, keyring, policy, now, bought("subscription", date(2025, 1, 1), **more))
    erase(bound, keyring, policy, verified(bound, policy, take_in, now), now)
    with bound() as session:
        assert count(session, Contact, customer.person) == count(session, Transaction, customer.person) == 0


def test_consent_is_ended_by_the_erasure_and_never_withdrawn(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    erase(bound, keyring, policy, verified(bound, policy, take_in, now), now)
    with bound() as session:
        states = session.scalars(select(ConsentStateRow.state)).all()
        records = session.scalars(select(ConsentRecord.state)).all()
        headers = [bytes(header) for header in session.scalars(select(LogEvent.header))]
        assert is_suppressed(session, keyring, Channel.EMAIL, EMAIL, "newsletter") is not None
        assert {one.purpose for one in open_objections(session, customer.person)} == interests(policy)
    assert (list(states), list(records)) == (["erased"], ["given"])
    ended = [header for header in headers if b'"consent.ended_by_erasure"' in header]
    assert len(ended) == 1 and b'"purpose":"newsletter"' in ended[0]
    assert not [header for header in headers if b"consent.withdrawn" in header]
    assert not [header for header in headers if str(customer.person).encode() in header]


def test_recipients_to_whom_data_went_are_told(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    erase(bound, keyring, policy, verified(bound, policy, take_in, now), now)
    with bound() as session:
        rows = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "recipient_erased")).all()
        messages = [opened(keyring, row) for row in rows]
    assert [message.to for message in messages if message] == [policy.recipients["carrier"].email]
    assert messages[0] and NAMES[1] in messages[0].body and EMAIL in messages[0].body


def test_the_certificate_says_what_went_and_what_stays(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    dsr_id = verified(bound, policy, take_in, now)
    plan = planned(bound, keyring, policy, dsr_id, now)
    carry_out(bound, keyring, policy, dsr_id, now)
    with bound() as session:
        issued = certificate.of_request(session, lifecycle.locked(session, dsr_id))
        log = audit(session, [keyring.log_signer().vkey])
    assert issued.kind == "erasure" and plan.encode() in issued.body
    assert b'"key_class":"profile"' in issued.body and b'"until":"2031-12-31"' in issued.body
    for needle in (*NEEDLES, str(customer.person)):
        assert needle.encode() not in issued.body
    assert log.ok


def test_assessing_changes_no_datum_and_gives_the_same_hash_again(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    dsr_id = verified(bound, policy, take_in, now)
    with bound.begin() as session:
        one = erasure.assess(session, keyring, policy, dsr_id, FIRST, now)
    with bound.begin() as session:
        two = erasure.assess(session, keyring, policy, dsr_id, SECOND, now)
    assert one.sha256 == two.sha256
    with bound() as session:
        assert count(session, Contact, customer.person) == 1
        assert not restrictions.is_restricted(session, customer.person)
        with pytest.raises(NotPermitted):  # both assessed this plan
            erasure.approve(session, dsr_id, two.sha256, FIRST, now)


def test_a_plan_that_the_data_outran_is_not_carried_out(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    dsr_id = verified(bound, policy, take_in, now)
    planned(bound, keyring, policy, dsr_id, now)
    with bound.begin() as session:
        from_shop = session.scalars(select(Transaction).where(Transaction.kind == "return")).one()
        from_shop.kind, from_shop.status = "order", "open"
    with bound() as session, pytest.raises(Conflict):
        erasure.execute_next(session, keyring, policy, dsr_id, now)
    with bound() as session:
        assert count(session, Contact, customer.person) == 1
    erase(bound, keyring, policy, dsr_id, now)
    with bound() as session:
        assert count(session, Contact, customer.person) == 1


def test_nothing_runs_without_approval_and_nothing_runs_twice(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    dsr_id = verified(bound, policy, take_in, now)
    with bound() as session, pytest.raises(InvalidTransition):
        erasure.execute_next(session, keyring, policy, dsr_id, now)
    with bound.begin() as session:
        plan = erasure.assess(session, keyring, policy, dsr_id, FIRST, now)
    with bound() as session, pytest.raises(InvalidTransition):
        erasure.execute_next(session, keyring, policy, dsr_id, now)
    with bound.begin() as session:
        erasure.approve(session, dsr_id, plan.sha256, SECOND, now)
    carry_out(bound, keyring, policy, dsr_id, now)
    for call in (
        lambda session: erasure.execute_next(session, keyring, policy, dsr_id, now),
        lambda session: erasure.assess(session, keyring, policy, dsr_id, FIRST, now),
    ):
        with bound() as session, pytest.raises(InvalidTransition):
            call(session)


def test_no_decision_lets_anybody_reach_an_erased_person(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    erase(bound, keyring, policy, verified(bound, policy, take_in, now), now)
    later = now + timedelta(days=1)
    with bound() as session:
        for purpose in policy.purposes.values():
            for channel in purpose.channels:
                assert not decide(session, customer.person, purpose.id, channel, policy, later).allowed


def test_a_row_that_came_in_while_the_erasure_ran_is_not_swept_along(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    dsr_id = verified(bound, policy, take_in, now)
    planned(bound, keyring, policy, dsr_id, now)
    with bound.begin() as session:
        erasure.execute_next(session, keyring, policy, dsr_id, now)
    with bound.begin() as session:
        owner = WrittenContact(customer.contact, customer.person)
        open_transactions(session, keyring, [(owner, bought("order", date(2026, 11, 9)))], now)
    with pytest.raises(Conflict, match="cc_transaction"):
        carry_out(bound, keyring, policy, dsr_id, now)
    with bound() as session:
        assert count(session, Transaction, customer.person) == 4
        assert count(session, Contact, customer.person) == 1
    assert keyring.tombstones(customer.person) == []


def test_another_person_is_left_alone(
    bound: Factory, keyring: Keyring, policy: PolicySet, customer: Customer, take_in: Callable, now: datetime
) -> None:
    other = open_customer(bound, keyring, policy, now, INVOICE, RETURN)
    done = take_in(Intake((Right.ERASURE,), subject_ref=customer.person), now)
    with bound.begin() as session:
        identity.verify(session, policy, done.reference, "paper", FIRST, now)
    erase(bound, keyring, policy, done.request_id, now)
    with bound() as session:
        assert count(session, Contact, other.person) == 1
        assert count(session, Transaction, other.person) == 2
        assert count(session, BlindIndexRow, other.person) == 2
    assert keyring.tombstones(other.person) == []
