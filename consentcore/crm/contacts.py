"""A contact of the CRM: one row per person per source record, every personal field sealed under that person's key."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import Category, Erasure, Provenance, Ref, UTCDateTime, code, impersonal, personal
from consentcore.crm.accounts import Account
from consentcore.crypto.fields import sealed
from consentcore.db import Base, table_args
from consentcore.identifiers import row_id

RETENTION = "contact"
EMAIL_INDEX = 120
PHONE_INDEX = 121


class PointKind(StrEnum):
    """Ways to reach a contact; every kind but `email` is a telephone number."""

    EMAIL = "email"
    PHONE = "phone"
    MOBILE = "mobile"
    FAX = "fax"


class Capacity(StrEnum):
    """In which capacity the person is addressed; the rules for consumers apply unless `professional` is recorded."""

    CONSUMER = "consumer"
    PROFESSIONAL = "professional"


def _ours() -> dict[str, object]:
    return personal(Category.PSEUDONYM, retention=RETENTION, erasure=Erasure.DELETE_ROW)


class Contact(Base):
    """A person in the CRM. `account_name` is the employer as this person's source writes it, `account_id` its row."""

    __tablename__ = "cc_contact"
    __table_args__ = table_args(
        Index("ix_cc_contact_subject_ref", "subject_ref"),
        Index("ix_cc_contact_account_id", "account_id"),
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_subject.subject_ref"), info=_ours())
    first_name: Mapped[str | None] = sealed(100, info=personal(Category.NAME, retention=RETENTION))
    last_name: Mapped[str | None] = sealed(101, info=personal(Category.NAME, retention=RETENTION))
    job_title: Mapped[str | None] = sealed(102, info=personal(Category.JOB, retention=RETENTION))
    birth_date: Mapped[str | None] = sealed(103, info=personal(Category.BIRTH_DATE, retention=RETENTION), max_chars=10)
    gender: Mapped[str | None] = sealed(104, info=personal(Category.GENDER, retention=RETENTION), max_chars=32)
    account_name: Mapped[str | None] = sealed(105, info=personal(Category.EMPLOYER, retention=RETENTION))
    account_id: Mapped[UUID | None] = mapped_column(
        Ref,
        ForeignKey(Account.id),
        info=personal(
            Category.EMPLOYER, retention=RETENTION, provenance=Provenance.DERIVED, erasure=Erasure.DELETE_ROW
        ),
    )
    street: Mapped[str | None] = sealed(106, info=personal(Category.ADDRESS, retention=RETENTION), max_chars=500)
    city: Mapped[str | None] = sealed(107, info=personal(Category.ADDRESS, retention=RETENTION))
    region: Mapped[str | None] = sealed(108, info=personal(Category.ADDRESS, retention=RETENTION))
    postal_code: Mapped[str | None] = sealed(109, info=personal(Category.ADDRESS, retention=RETENTION), max_chars=32)
    country: Mapped[str | None] = sealed(110, info=personal(Category.ADDRESS, retention=RETENTION), max_chars=100)
    notes: Mapped[str | None] = sealed(111, info=personal(Category.CONTENT, retention=RETENTION), max_chars=20_000)
    tags: Mapped[str | None] = sealed(112, info=personal(Category.CONTENT, retention=RETENTION), max_chars=2_000)
    kind: Mapped[str | None] = mapped_column(
        code(32), info=personal(Category.BEHAVIOR, retention=RETENTION, erasure=Erasure.DELETE_ROW)
    )
    capacity: Mapped[str] = mapped_column(
        code(16),
        default=Capacity.CONSUMER.value,
        info=personal(Category.JOB, retention=RETENTION, erasure=Erasure.DELETE_ROW),
    )
    country_code: Mapped[str | None] = mapped_column(
        code(2),
        info=personal(Category.ADDRESS, retention=RETENTION, provenance=Provenance.DERIVED, erasure=Erasure.DELETE_ROW),
    )
    """Where the person lives, unsealed: which country's rules on reaching people apply. Derived from `country`."""
    language: Mapped[str | None] = mapped_column(
        code(16), info=personal(Category.LANGUAGE, retention=RETENTION, erasure=Erasure.DELETE_ROW)
    )
    timezone: Mapped[str | None] = mapped_column(
        code(64), info=personal(Category.ADDRESS, retention=RETENTION, erasure=Erasure.DELETE_ROW)
    )
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the row was made here or there"))
    last_contact_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime, info=personal(Category.BEHAVIOR, retention=RETENTION, erasure=Erasure.DELETE_ROW)
    )


class ContactPoint(Base):
    """An e-mail address or telephone number of a contact, in the order in which they were given.

    `valid` is False for a number that could not be read as one: it is kept sealed, unindexed and flagged.
    """

    __tablename__ = "cc_contact_point"
    __table_args__ = table_args(
        Index("ix_cc_contact_point_subject_ref", "subject_ref"),
        Index("ix_cc_contact_point_contact_id", "contact_id"),
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_subject.subject_ref"), info=_ours())
    contact_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_contact.id"), info=impersonal("row id"))
    kind: Mapped[str] = mapped_column(code(16), info=impersonal("kind of contact point"))
    position: Mapped[int] = mapped_column(SmallInteger, info=impersonal("order among points of one kind"))
    value: Mapped[str | None] = sealed(
        120, info=personal(Category.EMAIL, retention=RETENTION), nullable=False, max_chars=254
    )
    valid: Mapped[bool] = mapped_column(Boolean, info=impersonal("whether the value could be read as its kind"))
