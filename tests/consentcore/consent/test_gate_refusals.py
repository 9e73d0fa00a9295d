"""What the ORM's filter does not reach is refused at the cursor; nothing is let through in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import (
    and_,
    case,
    column,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    text,
    union,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.exc import ObjectDeletedError

from consentcore.consent.gate import gated
from consentcore.consent.reach import reach
from consentcore.errors import PolicyViolation
from tests.builders.databases import servers_in_faults
from tests.builders.hosting import Booking, Customer, Order, Product, Survey
from tests.consentcore.consent.gate_shop import NAMES, Shop, shop

pytestmark = servers_in_faults("database")

__all__ = ["shop"]
T, ORDERS = Customer.__table__, Order.__table__
PRODUCTS = Product.__table__
Attempt = Callable[[Session, Shop], Any]

REFUSED: dict[str, Attempt] = {
    "text": lambda s, _: s.execute(text("SELECT name FROM shop_customer")).all(),
    "text in other letters": lambda s, _: s.execute(text("select NAME from SHOP_CUSTOMER")).all(),
    "text with a comment": lambda s, _: s.execute(text("SELECT name FROM/**/shop_customer")).all(),
    "text in quotes": lambda s, _: s.execute(text('SELECT name FROM "shop_customer"')).all(),
    "text that spells the guard": lambda s, _: s.execute(
        text("SELECT name FROM shop_customer WHERE subject_ref IN (SELECT subject_ref FROM cc_subject AS cc_reach)")
    ).all(),
    "update by text": lambda s, _: s.execute(text("UPDATE shop_customer SET name = 'x'")),
    "delete by text": lambda s, _: s.execute(text("DELETE FROM shop_customer")),
    "insert from select by text": lambda s, _: s.execute(
        text("INSERT INTO shop_product (id, title) SELECT id, name FROM shop_customer")
    ),
    "another verb by text": lambda s, _: s.execute(text("CREATE TABLE copied AS SELECT * FROM shop_customer")),
    "a verb that runs stored text": lambda s, _: s.execute(text("EXECUTE known")),
    "core table": lambda s, _: s.execute(select(T.c.name)).all(),
    "core table in a union": lambda s, _: s.execute(union(select(PRODUCTS.c.title), select(T.c.name))).all(),
    "core table joined to an entity": lambda s, _: s.execute(
        select(Order.label, T.c.name).join(T, T.c.id == Order.customer_id)
    ).all(),
    "core table in exists": lambda s, _: s.execute(
        select(Product.title).where(exists(select(T.c.id).where(T.c.name == "Bob")))
    ).all(),
    "core table in a scalar subquery": lambda s, _: s.execute(
        select(select(func.max(T.c.name)).scalar_subquery())
    ).all(),
    "core table in a cte": lambda s, _: s.execute(select(select(T.c.name).cte("known"))).all(),
    "core alias": lambda s, _: s.execute(select(T.alias("c").c.name)).all(),
    "core update": lambda s, _: s.execute(update(T).values(name="x")),
    "core delete": lambda s, _: s.execute(delete(T)),
    "ad hoc table": lambda s, _: s.execute(select(table("shop_customer", column("name")))).all(),
    "ad hoc column": lambda s, _: s.execute(select(literal_column("name")).select_from(text("shop_customer"))).all(),
    "literal subquery": lambda s, _: s.execute(
        select(Product.title, literal_column("(SELECT max(name) FROM shop_customer)"))
    ).all(),
    "entities from text": lambda s, _: s.scalars(
        select(Customer).from_statement(text("SELECT * FROM shop_customer"))
    ).all(),
    "entities from a core union": lambda s, _: s.scalars(
        select(Customer).from_statement(union(select(T), select(T).where(T.c.name == "Bob")))
    ).all(),
    "alternative to the guard by text": lambda s, _: s.scalars(
        select(Customer).where(text("shop_customer.name = 'Bob' OR shop_customer.name = 'Ada'"))
    ).all(),
    "rest commented out": lambda s, _: s.scalars(select(Customer).where(text("1 = 1 -- "))).all(),
    "denied": lambda s, _: s.scalars(select(Customer.name).where(text("NOT 1 = 1 OR 1 = 1"))).all(),
    "window of a lonely column": lambda s, _: s.scalars(select(func.count(Customer.id).over())).all(),
    "relation to its own class": lambda s, _: s.scalars(
        select(Customer.name).where(Customer.friend.has(Customer.name == "Bob"))
    ).all(),
    "connection": lambda s, _: s.connection().execute(select(T.c.name)).all(),
    "driver sql": lambda s, _: s.connection().exec_driver_sql("SELECT name FROM shop_customer").all(),
    "driver sql, many": lambda s, _: s.connection().exec_driver_sql("DELETE FROM shop_customer"),
    "driver upsert": lambda s, _: s.connection().exec_driver_sql("REPLACE INTO shop_customer (name) VALUES ('x')"),
    "update of many by key": lambda s, shop: s.execute(
        update(Customer), [{"id": shop.customers[name], "name": "x"} for name in NAMES]
    ),
    "update of one by key": lambda s, shop: s.execute(update(Customer), [{"id": shop.customers["Bob"], "name": "x"}]),
    "legacy bulk update": lambda s, shop: s.bulk_update_mappings(
        Customer,
        [{"id": shop.customers["Bob"], "name": "x"}],  # type: ignore[arg-type]
    ),
    "core executemany": lambda s, shop: s.connection().execute(
        update(T).where(T.c.id == text(":key")), [{"key": 1, "name": "x"}, {"key": 2, "name": "x"}]
    ),
    "insert from a core select": lambda s, _: s.execute(
        insert(Product).from_select(["id", "title"], select(T.c.id, T.c.name))
    ),
    "upsert": lambda s, shop: s.execute(upsert(s, shop)),
    "no person named": lambda s, _: s.scalars(select(Survey.answer)).all(),
    "row loaded elsewhere": lambda s, shop: s.add(elsewhere(shop, "Ada")),
    "hidden row loaded elsewhere": lambda s, shop: s.add(elsewhere(shop, "Bob")),
    "row merged without loading": lambda s, shop: s.merge(elsewhere(shop, "Bob"), load=False),
    "row deleted from elsewhere": lambda s, shop: s.delete(elsewhere(shop, "Bob")),
    "row made up": lambda s, shop: s.add(made_up(shop, "Bob")),
}


def upsert(session: Session, shop: Shop) -> Any:
    values = {"id": shop.customers["Bob"], "subject_ref": uuid4(), "name": "x", "score": 1}
    if session.connection().dialect.name == "mariadb":
        from sqlalchemy.dialects.mysql import insert as of_mariadb

        return of_mariadb(Customer).values(**values).on_duplicate_key_update(name="x")
    made = (postgresql if session.connection().dialect.name == "postgresql" else sqlite).insert(Customer)
    return made.values(**values).on_conflict_do_update(index_elements=["id"], set_={"name": "x"})


def elsewhere(shop: Shop, name: str) -> Customer:
    with shop.sessions() as other:
        found = other.get_one(Customer, shop.customers[name])
        other.expunge(found)
        return found


def made_up(shop: Shop, name: str) -> Customer:
    one = Customer(id=shop.customers[name], subject_ref=shop.people[name], name=name, score=7)
    make_transient_to_detached(one)
    return one


def outcome(attempt: Attempt, session: Session, shop: Shop) -> str:
    try:
        return f"passed: {attempt(session, shop)}"
    except PolicyViolation as error:
        return "refused" if error.article == "5(1)(b)" else repr(error)
    except Exception as error:
        return repr(error)


def everything(shop: Shop) -> list[tuple[str, int]]:
    with shop.sessions() as session:
        return [tuple(row) for row in session.execute(select(Customer.name, Customer.score).order_by(Customer.name))]  # type: ignore[misc]


def test_what_passes_by_the_filter_is_refused(shop: Shop) -> None:
    before = everything(shop)
    found = {}
    for form, attempt in REFUSED.items():
        with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
            found[form] = outcome(attempt, session, shop)
            session.rollback()
    assert found == dict.fromkeys(REFUSED, "refused")
    assert everything(shop) == before


def test_a_refusal_leaves_the_session_usable(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        with pytest.raises(PolicyViolation):
            session.execute(text("SELECT name FROM shop_customer"))
        assert session.scalars(select(Customer.name)).all() == ["Ada"]


def test_text_about_nobody_passes(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        assert session.scalar(text("SELECT title FROM shop_product")) == "Spade"
        assert session.connection().exec_driver_sql("SELECT 1").scalar() == 1


def test_core_that_carries_the_guard_word_for_word_passes(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now) as gate:
        alias = T.alias("c")
        assert session.scalars(select(T.c.name).where(gate.reaches(T.c.subject_ref))).all() == ["Ada"]
        assert session.scalars(select(alias.c.name).where(gate.reaches(alias.c.subject_ref))).all() == ["Ada"]
        reached = gate.reaches(T.c.subject_ref)
        for spoilt in (
            select(T.c.name).where(~gate.reaches(T.c.subject_ref)),
            select(T.c.name).where(or_(reached, T.c.name == "Bob")),
            select(T.c.name).where(and_(or_(reached, T.c.name == "Bob"), T.c.score == 7)),
            select(T.c.name, reached),
            select(T.c.name).group_by(T.c.name, T.c.subject_ref).having(reached),
            select(T.c.name).where(case((T.c.score == 7, True), else_=reached)),
            select(T.c.name).join(ORDERS, T.c.id == ORDERS.c.customer_id).where(gate.reaches(ORDERS.c.subject_ref)),
            select(T.c.name).where(exists(select(ORDERS.c.id).where(gate.reaches(ORDERS.c.subject_ref)))),
            union(select(T.c.name).where(reached), select(T.c.name)),
            select(T.c.name).where(T.c.subject_ref.in_(reach("newsletter", shop.policy, shop.now))),
        ):
            with pytest.raises(PolicyViolation):
                session.execute(spoilt)


def test_changing_reaches_only_who_is_reached(shop: Shop) -> None:
    with shop.sessions.begin() as session, gated(session, "newsletter", shop.policy, shop.now):
        assert session.execute(update(Customer).values(score=1)).rowcount == 1  # type: ignore[attr-defined]
        assert (
            session.execute(update(Customer).where(Customer.name != "Bob").values(score=Customer.score + 1)).rowcount
            == 1
        )  # type: ignore[attr-defined]
        assert session.execute(delete(Order).where(Order.label.like("% 1"))).rowcount == 1  # type: ignore[attr-defined]
        assert session.execute(delete(Customer).where(Customer.name == "Bob")).rowcount == 0  # type: ignore[attr-defined]
        session.execute(insert(Product).from_select(["id", "title"], select(Customer.id, Customer.name)))
    assert everything(shop) == [("Ada", 2), ("Bob", 7), ("Cleo", 7)]
    with shop.sessions() as session:
        assert session.scalar(select(func.count(Order.id))) == 5
        assert sorted(session.scalars(select(Product.title))) == ["Ada", "Spade"]


@pytest.mark.parametrize("how", ["auto", "fetch", "evaluate", False])
def test_changing_keeps_loaded_rows_in_step(shop: Shop, how: Any) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        ada = session.scalars(select(Customer)).one()
        change = update(Customer).values(score=3).execution_options(synchronize_session=how)
        try:
            session.execute(change)
        except Exception as error:
            assert how == "evaluate", error
            return
        session.expire(ada) if how is False else None
        assert ada.score == 3


def test_the_unit_of_work_writes_what_it_loaded_and_what_is_new(shop: Shop) -> None:
    with shop.sessions.begin() as session, gated(session, "newsletter", shop.policy, shop.now):
        ada = session.scalars(select(Customer)).one()
        ada.score = 9
        session.add(Order(subject_ref=ada.subject_ref, customer_id=ada.id, label="Ada 3"))
        session.add(Customer(subject_ref=uuid4(), name="Dora", score=1))
        session.flush()
        session.delete(session.scalars(select(Order).where(Order.label == "Ada 1")).one())
        assert sorted(session.scalars(select(Order.label))) == ["Ada 2", "Ada 3"]
        assert session.scalars(select(Customer.name)).all() == ["Ada"]
    assert everything(shop) == [("Ada", 9), ("Bob", 7), ("Cleo", 7), ("Dora", 1)]


def test_listeners_of_a_flush_write_nothing_past_the_gate(shop: Shop) -> None:
    from sqlalchemy import event

    def intrude(session: Session, *_: object) -> None:
        session.connection().execute(update(T).values(score=0))

    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        ada = session.scalars(select(Customer)).one()
        for name in ("before_flush", "after_flush"):
            event.listen(session, name, intrude)
            ada.score += 1
            with pytest.raises(PolicyViolation):
                session.flush()
            event.remove(session, name, intrude)
            session.rollback()
            ada = session.scalars(select(Customer)).one()


def test_a_known_row_is_hidden_by_its_key(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        assert session.get(Customer, shop.customers["Bob"]) is None
        assert session.get(Customer, shop.customers["Ada"]) is not None
        both = {one.wish: one.id for one in session.scalars(select(Booking))}
        assert list(both) == ["both"]


def test_refreshing_asks_again(shop: Shop) -> None:
    from tests.consentcore.consent.gate_shop import ConsentState, consent

    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        ada = session.get_one(Customer, shop.customers["Ada"])
        session.refresh(ada)
        session.commit()
        assert ada.name == "Ada"
        session.commit()
        with shop.sessions.begin() as other:
            consent(other, shop.people["Ada"], shop.policy, shop.now, ConsentState.WITHDRAWN)
        with pytest.raises(ObjectDeletedError):
            _ = ada.name
        assert session.scalars(select(Customer)).all() == []
