"""Contracts with a person: while one runs, calls about its object need no consent (R-FR-3)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import Category, Erasure, Provenance, Ref, UTCDateTime, code, impersonal, personal
from consentcore.crypto.fields import sealed
from consentcore.db import Base, table_args
from consentcore.identifiers import row_id

RETENTION = "transaction"


def _observed(category: Category, erasure: Erasure = Erasure.DELETE_ROW) -> dict[str, object]:
    return personal(category, retention=RETENTION, provenance=Provenance.OBSERVED, erasure=erasure)


class Contract(Base):
    """A contract; without `ends_on` it runs until somebody ends it."""

    __tablename__ = "cc_contract"
    __table_args__ = table_args(
        Index("ix_cc_contract_subject_ref", "subject_ref", "starts_on"),
        Index("ix_cc_contract_contact_id", "contact_id"),
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(
        Ref, ForeignKey("cc_subject.subject_ref"), info=_observed(Category.PSEUDONYM)
    )
    contact_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_contact.id"), info=impersonal("row id"))
    number: Mapped[str | None] = sealed(220, info=_observed(Category.IDENTIFIER, Erasure.SHRED), max_chars=255)
    starts_on: Mapped[date] = mapped_column(Date, info=_observed(Category.BEHAVIOR))
    ends_on: Mapped[date | None] = mapped_column(Date, info=_observed(Category.BEHAVIOR))
    concluded_by: Mapped[str | None] = mapped_column(code(32), info=impersonal("how contracts are concluded"))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2), info=_observed(Category.BEHAVIOR))
    currency: Mapped[str | None] = mapped_column(code(3), info=impersonal("code of a currency"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the row was made"))
