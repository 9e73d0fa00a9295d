"""Whatever the ORM is asked in, a gated session sees the persons whom the purpose reaches and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.orm import (
    Bundle,
    Session,
    aliased,
    contains_eager,
    defer,
    immediateload,
    joinedload,
    lazyload,
    selectinload,
    subqueryload,
)

from consentcore.consent.gate import gated
from consentcore.crm.contacts import Contact
from tests.builders.databases import servers_in_faults
from tests.builders.hosting import Booking, Customer, Guest, Order, Product
from tests.consentcore.consent.gate_shop import Shop, shop

pytestmark = servers_in_faults("database")

__all__ = ["shop"]
Ask = Callable[[Session], Any]
Other = aliased(Customer)
NAME = Customer.name


def names(session: Session, statement: Any) -> list[str]:
    return sorted(session.scalars(statement).all())


def entities(session: Session, *options: Any, entity: Any = Customer) -> list[str]:
    return sorted(one.name for one in session.scalars(select(entity).options(*options)).unique())


def ordered(session: Session, *options: Any) -> list[str]:
    rows = session.scalars(select(Customer).options(*options)).unique().all()
    return sorted(f"{one.name}: {order.label}" for one in rows for order in one.orders)


ADA = ["Ada"]
ADAS = ["Ada 1", "Ada 2"]
BOTH = ["Ada: Ada 1", "Ada: Ada 2"]
# fmt: off
READS: dict[str, tuple[Ask, Any]] = {
    "entities": (lambda s: entities(s), ADA),
    "columns": (lambda s: names(s, select(NAME)), ADA),
    "columns of a bundle": (lambda s: [row.one.name for row in s.execute(select(Bundle("one", NAME)))], ADA),
    "count": (lambda s: s.scalar(select(func.count()).select_from(Customer)), 1),
    "count of a column": (lambda s: s.scalar(select(func.count(Customer.id))), 1),
    "maximum": (lambda s: s.scalar(select(func.max(NAME))), "Ada"),
    "group": (
        lambda s: [tuple(r) for r in s.execute(select(NAME, func.count(Customer.id)).group_by(NAME))],
        [("Ada", 1)],
    ),
    "window": (lambda s: s.scalar(select(func.count(Customer.id).over()).select_from(Customer).limit(1)), 1),
    "distinct": (lambda s: names(s, select(NAME).distinct()), ADA),
    "case": (lambda s: names(s, select(case((NAME == "Bob", "B"), else_="other"))), ["other"]),
    "legacy query": (lambda s: [one.name for one in s.query(Customer)], ADA),
    "legacy query of columns": (lambda s: [one for (one,) in s.query(Customer.name)], ADA),
    "legacy count": (lambda s: s.query(Customer).count(), 1),
    "alias": (lambda s: entities(s, entity=Other), ADA),
    "columns of an alias": (lambda s: names(s, select(Other.name)), ADA),
    "own or": (lambda s: names(s, select(NAME).where(or_(NAME == "Ada", NAME == "Bob"))), ADA),
    "own or among ands": (lambda s: names(s, select(NAME).where(or_(and_(NAME == "Bob", true()), NAME == "Ada"))), ADA),
    "having with or": (
        lambda s: names(s, select(NAME).group_by(NAME).having(or_(func.count() == 1, func.count() == 2))), ADA,
    ),
    "join": (lambda s: names(s, select(Order.label).join(Customer, Customer.id == Order.customer_id)), ADAS),
    "join along a relationship": (
        lambda s: names(s, select(Order.label).select_from(Customer).join(Customer.orders)), ADAS,
    ),
    "outer join": (
        lambda s: [
            tuple(r) for r in s.execute(select(NAME, Other.name).outerjoin(Other, Other.id == Customer.friend_id))
        ],
        [("Ada", None)],
    ),
    "cross join": (
        lambda s: [tuple(r) for r in s.execute(select(NAME, Other.name).join(Other, true()))], [("Ada", "Ada")],
    ),
    "exists": (lambda s: names(s, select(Product.title).where(exists().where(NAME == "Bob"))), []),
    "exists of an entity": (lambda s: s.scalar(select(select(Customer).where(NAME == "Ada").exists())), True),
    "any": (lambda s: names(s, select(NAME).where(Customer.orders.any(Order.label == "Ada 1"))), ADA),
    "any of the hidden": (lambda s: names(s, select(NAME).where(Customer.orders.any(Order.label == "Bob 1"))), []),
    "has": (lambda s: names(s, select(Order.label).where(Order.customer.has(Customer.name == "Ada"))), ADAS),
    "scalar subquery": (
        lambda s: s.scalar(select(select(func.count(Customer.id)).where(NAME == "Bob").scalar_subquery())), 0,
    ),
    "in a subquery": (
        lambda s: names(s, select(Order.label).where(Order.customer_id.in_(select(Customer.id)))), ADAS,
    ),
    "tuple in a subquery": (
        lambda s: names(
            s, select(NAME).where(tuple_(Customer.id, NAME).in_(select(Other.id, Other.name)))
        ), ADA,
    ),
    "derived table": (lambda s: names(s, select(select(Customer.name).subquery().c.name)), ADA),
    "entity of a derived table": (lambda s: entities(s, entity=aliased(Customer, select(Customer).subquery())), ADA),
    "cte": (lambda s: names(s, select(select(Customer.name).cte("known").c.name)), ADA),
    "recursive cte": (lambda s: names(s, recursive()), ADA),
    "union": (lambda s: names(s, union(select(NAME), select(Order.label))), ["Ada", *ADAS]),
    "union all of entities": (
        lambda s: [
            one.name
            for one in s.scalars(
                select(Customer).from_statement(
                    union_all(select(Customer).where(NAME == "Bob"), select(Customer).where(NAME != "Bob"))
                )
            )
        ],
        ADA,
    ),
    "column property": (lambda s: [one.how_many for one in s.scalars(select(Customer))], [2]),
    "joined loading": (lambda s: ordered(s, joinedload(Customer.orders)), BOTH),
    "select-in loading": (lambda s: ordered(s, selectinload(Customer.orders)), BOTH),
    "subquery loading": (lambda s: ordered(s, subqueryload(Customer.orders)), BOTH),
    "immediate loading": (lambda s: ordered(s, immediateload(Customer.orders)), BOTH),
    "lazy loading": (lambda s: ordered(s, lazyload(Customer.orders)), BOTH),
    "contains eager": (
        lambda s: sorted(
            order.label
            for one in s.scalars(
                select(Customer).join(Customer.orders).options(contains_eager(Customer.orders))
            ).unique()
            for order in one.orders
        ),
        ADAS,
    ),
    "lazy many to one": (lambda s: [one.friend for one in s.scalars(select(Customer))], [None]),
    "joined many to one": (
        lambda s: [one.friend for one in s.scalars(select(Customer).options(joinedload(Customer.friend)))], [None],
    ),
    "two steps": (
        lambda s: ordered(
            s, selectinload(Customer.orders), selectinload(Customer.friend).selectinload(Customer.orders)
        ),
        BOTH,
    ),
    "deferred column": (lambda s: [one.name for one in s.scalars(select(Customer).options(defer(Customer.name)))], ADA),
    "stream": (lambda s: [one.name for one in s.scalars(select(Customer).execution_options(yield_per=1))], ADA),
    "lambda-free bind": (
        lambda s: s.scalars(select(NAME).where(bindparam("who") == NAME), {"who": "Bob"}).all(), [],
    ),
    "for update": (lambda s: names(s, select(NAME).with_for_update()), ADA),
    "for update of": (lambda s: names(s, select(NAME).with_for_update(of=Customer)), ADA),
    "no persons": (lambda s: names(s, select(Product.title)), ["Spade"]),
    "linked rows": (lambda s: names(s, select(Booking.wish)), ["both"]),
    "linked entities": (lambda s: [one.wish for one in s.scalars(select(Booking))], ["both"]),
    "link table": (lambda s: s.scalar(select(func.count(Guest.id))), 1),
    "our own classes": (lambda s: s.scalar(select(func.count(Contact.id))), 1),
}
# fmt: on


def recursive() -> Any:
    start = select(Customer.id, Customer.name, Customer.friend_id).where(NAME == "Ada").cte("friends", recursive=True)
    more = start.union(select(Other.id, Other.name, Other.friend_id).join(start, Other.id == start.c.friend_id))
    return select(more.c.name)


def test_every_way_of_reading_is_filtered(shop: Shop) -> None:
    found = {}
    for form, (ask, _) in READS.items():
        with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
            found[form] = outcome(ask, session)
    assert found == {form: wanted for form, (_, wanted) in READS.items()}


def outcome(ask: Ask, session: Session) -> Any:
    """Return what came out, errors included: one broken form is not to hide the others."""
    try:
        return ask(session)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
