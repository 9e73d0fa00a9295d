"""Fields outside the data of the purpose are not loaded, not named in SQL, and not opened (Art. 5(1)(b), 5(1)(c))."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, literal_column, select, text, update
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session, aliased, joinedload, load_only, selectinload, undefer

from consentcore.consent.gate import gated
from consentcore.crm.contacts import Contact
from consentcore.crm.transactions import Transaction
from consentcore.crypto.fields import reveal
from consentcore.errors import PolicyViolation
from tests.builders.customers import bought, open_customer
from tests.builders.databases import servers_in_faults
from tests.builders.hosting import Customer, Order
from tests.builders.policies import shipped
from tests.consentcore.consent.gate_shop import Shop, seeing, shop

pytestmark = servers_in_faults("database")

__all__ = ["shop"]
NARROW = seeing(shipped(), "contact", "consent_proof")
T = Customer.__table__
Other = aliased(Customer)


def test_a_field_outside_is_deferred_and_raises(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", NARROW, shop.now):
        ways: list[Callable[[], Customer]] = [
            lambda: session.scalars(select(Customer)).one(),
            lambda: session.scalars(select(Other)).one(),
            lambda: session.query(Customer).one(),
            lambda: session.scalars(select(Order)).all()[0].customer,
            lambda: session.scalars(select(Order).options(selectinload(Order.customer))).all()[0].customer,
            lambda: session.scalars(select(Customer).options(selectinload(Customer.orders))).one().orders[0].customer,
            lambda: session.get_one(Customer, shop.customers["Ada"]),
        ]
        for way in ways:
            found = way()
            assert found.name == "Ada"
            with pytest.raises(InvalidRequestError, match="raiseload"):
                _ = found.score
            session.expunge_all()


def test_a_field_outside_is_seen_where_the_purpose_uses_its_class(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        assert session.scalars(select(Customer)).one().score == 7


def test_a_field_outside_is_not_to_be_named(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", NARROW, shop.now):
        named: list[Any] = [
            select(Customer.score),
            select(Other.score),
            select(func.max(Customer.score)),
            select(Customer.name).where(Customer.score == 7),
            select(Customer.name).order_by(Customer.score),
            select(Customer.name, literal_column("score")).select_from(Customer),
            select(literal_column("*")).select_from(Customer),
            select(Customer.name, literal_column("shop_customer.*")).select_from(Customer),
            select(Customer.name).where(text("score = 7")),
            select(select(Customer.name, Customer.score).subquery().c.name),
            select(Order.label).where(Order.customer.has(Customer.score == 7)),
            update(Customer).values(name=Customer.score),
            update(Customer).values(name="x").where(Customer.score == 7),
            select(Order).options(joinedload(Order.customer)),
            select(Customer).options(undefer(Customer.name)).where(Customer.score > 1),
        ]
        for statement in named:
            with pytest.raises(PolicyViolation, match=r"shop_customer\.(score|\*) is not among the data") as refused:
                session.execute(statement)
            assert "'newsletter'" in str(refused.value)
        if session.connection().dialect.name == "postgresql":
            with pytest.raises(PolicyViolation, match=r"shop_customer\.\*"):
                session.execute(select(Customer.name, func.row_to_json(T.table_valued())))


def test_what_the_purpose_may_see_is_not_mistaken(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", NARROW, shop.now):
        assert session.execute(select(Customer.name.label("score"))).all() == [("Ada",)]
        assert session.scalar(select(func.count()).select_from(Customer)) == 1
        one = (
            session.scalars(select(Order).options(joinedload(Order.customer).load_only(Customer.name))).unique().first()
        )
        assert one is not None
        assert one.customer.name == "Ada"
        assert session.execute(update(Customer).values(score=8)).rowcount == 1  # type: ignore[attr-defined]


def test_a_row_outlives_a_commit_without_the_field(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", NARROW, shop.now):
        ada = session.scalars(select(Customer).options(load_only(Customer.name))).one()
        session.commit()
        assert ada.name == "Ada"
        session.refresh(ada)
        assert ada.name == "Ada"
        with pytest.raises((InvalidRequestError, PolicyViolation)):
            _ = ada.score


def test_sealed_fields_of_the_purpose_open_and_others_do_not(shop: Shop) -> None:
    buyer = open_customer(shop.sessions, shop.keyring, shop.policy, shop.now, bought("invoice", date(2026, 1, 5)))
    with shop.sessions() as session, gated(session, "newsletter", NARROW, shop.now):
        (contact,) = session.scalars(select(Contact).where(Contact.subject_ref == buyer.person))
        assert reveal(shop.keyring, [contact], Contact.first_name) == [("Odile",)]
    with shop.sessions() as session, gated(session, "invoicing", shop.policy, shop.now):
        (contact,) = session.scalars(select(Contact).where(Contact.subject_ref == buyer.person))
        with pytest.raises(PolicyViolation, match=r"cc_contact\.first_name .*'invoicing'"):
            reveal(shop.keyring, [contact], Contact.first_name)
        with pytest.raises(PolicyViolation, match=r"cc_contact\.last_name"):
            session.execute(select(Contact.id, Contact.subject_ref, Contact.last_name))
        with pytest.raises(InvalidRequestError, match="raiseload"):
            _ = contact.language


def test_an_invoice_is_of_another_class_than_an_order(shop: Shop) -> None:
    sold = (bought("invoice", date(2026, 1, 5)), bought("order", date(2026, 1, 4), "C-1"))
    open_customer(shop.sessions, shop.keyring, shop.policy, shop.now, *sold)

    def kinds(session: Session, purpose: str) -> list[str]:
        with gated(session, purpose, shop.policy, shop.now):
            return sorted(row.kind for row in session.scalars(select(Transaction)))

    with shop.sessions() as session:
        assert kinds(session, "invoicing") == ["invoice"]
    with shop.sessions() as session:
        assert kinds(session, "order_management") == ["order"]
    with shop.sessions() as session, gated(session, "invoicing", shop.policy, shop.now):
        alias = aliased(Transaction)
        assert session.scalars(select(alias.kind)).all() == ["invoice"]
