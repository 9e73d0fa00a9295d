"""What a person bought: an order, invoice, subscription or return, with the name and address it is billed to."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import Category, Erasure, Provenance, Ref, UTCDateTime, code, impersonal, personal
from consentcore.crypto.fields import sealed
from consentcore.db import Base, table_args
from consentcore.identifiers import row_id

RETENTION = "transaction"
"""Data class of the table; `data_class_of` tells its invoices apart, which the law has kept for longer."""
INVOICE = "invoice"


class TransactionKind(StrEnum):
    """Kinds of business with a person."""

    ORDER = "order"
    INVOICE = "invoice"
    SUBSCRIPTION = "subscription"
    RETURN = "return"


class TransactionStatus(StrEnum):
    """Whether the business still goes on: a contract purpose lives while an order or subscription is open."""

    OPEN = "open"
    CLOSED = "closed"


def data_class_of(kind: str) -> str:
    """Return the data class whose retention rules govern a transaction of this kind: `invoice` or `transaction`."""
    return INVOICE if kind == TransactionKind.INVOICE else RETENTION


def first_status(kind: str) -> str:
    """Return the status of a transaction of which nothing else is known: orders and subscriptions are open."""
    goes_on = kind in (TransactionKind.ORDER, TransactionKind.SUBSCRIPTION)
    return (TransactionStatus.OPEN if goes_on else TransactionStatus.CLOSED).value


def _observed(category: Category = Category.BEHAVIOR, erasure: Erasure = Erasure.DELETE_ROW) -> dict[str, object]:
    return personal(category, retention=RETENTION, provenance=Provenance.OBSERVED, erasure=erasure)


def _billed(category: Category) -> dict[str, object]:
    return personal(category, retention=RETENTION)


class Transaction(Base):
    """One transaction of one contact, sealed under that person's key.

    An invoice must go on bearing the buyer's name and address (Directive 2006/112/EC, Art. 226(5)), so these are its
    own: a later change of the contact does not change it.
    """

    __tablename__ = "cc_transaction"
    __table_args__ = table_args(
        Index("ix_cc_transaction_subject_ref", "subject_ref"),
        Index("ix_cc_transaction_contact_id", "contact_id"),
        Index("ix_cc_transaction_issued_on", "issued_on"),
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(
        Ref,
        ForeignKey("cc_subject.subject_ref"),
        info=personal(Category.PSEUDONYM, retention=RETENTION, erasure=Erasure.DELETE_ROW),
    )
    contact_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_contact.id"), info=impersonal("row id"))
    kind: Mapped[str] = mapped_column(code(16), info=_observed())
    number: Mapped[str | None] = sealed(210, info=_observed(Category.IDENTIFIER, Erasure.SHRED), max_chars=255)
    issued_on: Mapped[date] = mapped_column(Date, info=_observed())
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2), info=_observed())
    currency: Mapped[str] = mapped_column(code(3), info=_observed())
    status: Mapped[str] = mapped_column(code(16), info=_observed())
    ends_on: Mapped[date | None] = mapped_column(Date, info=_observed())
    billing_name: Mapped[str | None] = sealed(211, info=_billed(Category.NAME), max_chars=20_001)
    """As the source gives it, else the contact's, copied when the row was imported: both of its names and a space."""
    billing_street: Mapped[str | None] = sealed(212, info=_billed(Category.ADDRESS), max_chars=500)
    billing_city: Mapped[str | None] = sealed(213, info=_billed(Category.ADDRESS))
    billing_region: Mapped[str | None] = sealed(214, info=_billed(Category.ADDRESS))
    billing_postal_code: Mapped[str | None] = sealed(215, info=_billed(Category.ADDRESS), max_chars=32)
    billing_country: Mapped[str | None] = sealed(216, info=_billed(Category.ADDRESS), max_chars=100)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the row was made here"))
