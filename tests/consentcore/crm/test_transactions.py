from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crm.contact_writing import WrittenContact, open_contacts
from consentcore.crm.drafts import ContactDraft
from consentcore.crm.transaction_billing import names_to_bill
from consentcore.crm.transaction_drafts import SEALED_TEXTS, TransactionDraft
from consentcore.crm.transaction_reading import has_open_business, read_transactions, transactions_of
from consentcore.crm.transaction_writing import open_transactions, replace_transactions
from consentcore.crm.transactions import Transaction, data_class_of
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.errors import BadInput

INVOICE = TransactionDraft(
    kind="invoice",
    issued_on=date(2021, 3, 5),
    amount=Decimal("999999999999.99"),
    currency="EUR",
    texts={name: f"secret {number}" for number, name in enumerate(SEALED_TEXTS)},
)


def contact(
    factory: sessionmaker[Session], keyring: Keyring, now: datetime, *names: tuple[str, str]
) -> list[WrittenContact]:
    with factory.begin() as session:
        return open_contacts(session, keyring, [ContactDraft(texts=dict([name])) for name in names], now)


def test_a_transaction_comes_back_as_it_went_in_and_is_sealed(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    (owner,) = contact(bound, keyring, now, ("last_name", "Novák"))
    refund = replace(INVOICE, kind="return", amount=Decimal("-0.10"), texts={}, ends_on=date(2022, 1, 1))
    with bound.begin() as session:
        written = open_transactions(session, keyring, [(owner, INVOICE), (owner, refund)], now)
    with bound() as session:
        assert set(transactions_of(session, [owner.subject_ref])) == set(written)
        found = read_transactions(session, keyring, [one.transaction_id for one in written])
        assert [found[one.transaction_id].draft for one in written] == [
            replace(INVOICE, status="closed"),
            replace(refund, status="closed"),
        ]
        assert {one.contact_id for one in found.values()} == {owner.contact_id}
        row = session.scalars(select(Transaction).where(Transaction.id == written[0].transaction_id)).one()
        assert not [name for name in SEALED_TEXTS if b"secret" in bytes(getattr(row, name))]
        assert row.created_at == now


def test_replacing_changes_the_rows_named_and_no_other(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    (owner,) = contact(bound, keyring, now, ("last_name", "Novák"))
    with bound.begin() as session:
        one, two, three = open_transactions(session, keyring, [(owner, INVOICE)] * 3, now)
        changed = replace(INVOICE, amount=Decimal("1.00"), status="open", texts={"number": "A1"})
        replace_transactions(session, keyring, [(one, changed), (two, replace(changed, currency="USD"))])
        replace_transactions(session, keyring, [])
        found = read_transactions(session, keyring, [one.transaction_id, two.transaction_id, three.transaction_id])
        assert found[one.transaction_id].draft == changed
        assert found[two.transaction_id].draft.currency == "USD"
        assert found[three.transaction_id].draft == replace(INVOICE, status="closed")


@pytest.mark.parametrize("amount", ["1000000000000", "-1000000000000", "0.001", "NaN", "Infinity", "1E+99999"])
def test_an_amount_that_the_column_would_bend_is_refused(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime, amount: str
) -> None:
    (owner,) = contact(bound, keyring, now, ("last_name", "Novák"))
    with bound() as session, pytest.raises(BadInput, match=r"cc_transaction\.amount"):
        open_transactions(session, keyring, [(owner, replace(INVOICE, amount=Decimal(amount)))], now)


@pytest.mark.parametrize(
    ("kind", "status", "is_open"),
    [
        ("order", None, True),
        ("subscription", None, True),
        ("order", "closed", False),
        ("invoice", None, False),
        ("invoice", "open", False),
        ("return", None, False),
    ],
)
def test_open_orders_and_subscriptions_keep_a_contract_alive(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime, kind: str, status: str | None, is_open: bool
) -> None:
    owner, other = contact(bound, keyring, now, ("last_name", "Novák"), ("last_name", "Silva"))
    with bound.begin() as session:
        open_transactions(session, keyring, [(owner, replace(INVOICE, kind=kind, status=status))], now)
        assert has_open_business(session, [owner.subject_ref]) is is_open
        assert not has_open_business(session, [other.subject_ref])


def test_the_rows_of_the_table_are_told_apart_by_kind() -> None:
    assert [data_class_of(kind) for kind in ("invoice", "order", "subscription", "return")] == [
        "invoice",
        "transaction",
        "transaction",
        "transaction",
    ]


def test_the_name_to_bill_is_the_persons_or_else_the_employers(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    owners = contact(bound, keyring, now, ("last_name", "Novák"), ("account_name", "Acme"), ("city", "Brno"))
    with bound() as session:
        names = names_to_bill(session, keyring, [one.contact_id for one in owners])
        assert [names[one.contact_id] for one in owners] == ["Novák", "Acme", None]
        keyring.destroy_key(owners[0].subject_ref, KeyClass.PROFILE, now)
        with pytest.raises(KeyDestroyed):
            names_to_bill(session, keyring, [owners[0].contact_id])
