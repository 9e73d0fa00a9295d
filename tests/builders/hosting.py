"""Mapped classes of a host application, for tests of the gate: customers, their orders, and bookings of guests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, ForeignKey, Index, MetaData, String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from consentcore.columns import Category, Erasure, Ref, impersonal, personal
from consentcore.db import TABLE_OPTIONS
from consentcore.identifiers import row_id
from consentcore.personal_data.links import linked_by

PLAIN = {"erasure": Erasure.DELETE_ROW}


class HostBase(DeclarativeBase):
    """The host's own declarative base."""

    metadata = MetaData()
    __table_args__: Any = TABLE_OPTIONS


class Order(HostBase):
    """What a customer ordered; the label is no data of the contact."""

    __tablename__ = "shop_order"
    __table_args__ = (Index("ix_shop_order_subject_ref", "subject_ref"), TABLE_OPTIONS)

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, info=personal(Category.PSEUDONYM, retention="transaction", **PLAIN))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("shop_customer.id"), info=impersonal("row id"))
    label: Mapped[str] = mapped_column(String(40), info=personal(Category.BEHAVIOR, retention="contact", **PLAIN))
    customer: Mapped[Customer] = relationship(back_populates="orders")


class Customer(HostBase):
    """A person as the host keeps one."""

    __tablename__ = "shop_customer"
    __table_args__ = (Index("ix_shop_customer_subject_ref", "subject_ref"), TABLE_OPTIONS)

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, info=personal(Category.PSEUDONYM, retention="contact", **PLAIN))
    name: Mapped[str] = mapped_column(String(40), info=personal(Category.NAME, retention="contact", **PLAIN))
    score: Mapped[int] = mapped_column(info=personal(Category.BEHAVIOR, retention="score", **PLAIN))
    friend_id: Mapped[UUID | None] = mapped_column(ForeignKey("shop_customer.id"), info=impersonal("row id"))
    orders: Mapped[list[Order]] = relationship(order_by=Order.label, back_populates="customer")
    friend: Mapped[Customer | None] = relationship(remote_side="Customer.id")


Customer.how_many = column_property(
    select(func.count(Order.id)).where(Order.customer_id == Customer.id).correlate_except(Order).scalar_subquery()
)


class Booking(HostBase):
    """A table at which several persons sit: `guest` says who."""

    __tablename__ = "shop_booking"
    __table_args__ = (TABLE_OPTIONS | {"info": linked_by("shop_guest", "booking_id")},)

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    wish: Mapped[str] = mapped_column(String(40), info=personal(Category.CONTENT, retention="contact", **PLAIN))


class Guest(HostBase):
    """Who sits at a booked table."""

    __tablename__ = "shop_guest"
    __table_args__ = (Index("ix_shop_guest_subject_ref", "subject_ref"), TABLE_OPTIONS)

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, info=personal(Category.PSEUDONYM, retention="contact", **PLAIN))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("shop_booking.id"), info=impersonal("row id"))


class Survey(HostBase):
    """Personal data of which nothing says whose they are."""

    __tablename__ = "shop_survey"

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    answer: Mapped[str] = mapped_column(String(40), info=personal(Category.CONTENT, retention="contact", **PLAIN))


class Product(HostBase):
    """Nobody's data."""

    __tablename__ = "shop_product"

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    title: Mapped[str] = mapped_column(String(40), info=impersonal("a product"))


@contextmanager
def host_tables(engine: Engine) -> Iterator[None]:
    """Make the host's tables, and drop them at the end: the databases of the suite are lent."""
    HostBase.metadata.create_all(engine)
    try:
        yield
    finally:
        engine.dispose()
        HostBase.metadata.drop_all(engine)
