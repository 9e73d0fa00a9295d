"""Rows of retention: what a law makes us keep of a person, how it is found again, and what was disposed of."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, Integer, PrimaryKeyConstraint, SmallInteger, String, Table
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import (
    BigCounter,
    Category,
    Digest,
    Erasure,
    Hex64,
    Provenance,
    Ref,
    UTCDateTime,
    code,
    impersonal,
    personal,
)
from consentcore.crypto.fields import sealed
from consentcore.crypto.keyclasses import KeyClass
from consentcore.db import Base, table_args
from consentcore.identifiers import random_ref, row_id

RETENTION = "archive"
CONTENT_FIELD = 400
ARCHIVED_EMAIL_INDEX = 410
ARCHIVED_PHONE_INDEX = 411
MAX_CONTENT = 100_000
MAX_LEGAL_TEXT = 1_000


def _kept(category: Category) -> dict[str, object]:
    return personal(category, retention=RETENTION, provenance=Provenance.DERIVED, erasure=Erasure.OWN_TERM)


class ArchivedRow(Base):
    """One row that left the active tables and is kept for a law's sake (R-RET-1), sealed under the archive key.

    Each row carries its own ground and end: a date, or the business event that will end it.
    """

    __tablename__ = "cc_archived_row"
    __table_args__ = table_args(
        Unique("store", "source_id"),
        Index("ix_cc_archived_row_subject_ref", "subject_ref"),
        Index("ix_cc_archived_row_kept_until", "kept_until"),
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_subject.subject_ref"), info=_kept(Category.PSEUDONYM))
    store: Mapped[str] = mapped_column(code(64), info=impersonal("name of the table that the row came from"))
    source_id: Mapped[UUID] = mapped_column(Ref, info=impersonal("id of the row that was archived"))
    content: Mapped[str | None] = sealed(
        CONTENT_FIELD, KeyClass.ARCHIVE, info=_kept(Category.CONTENT), nullable=False, max_chars=MAX_CONTENT
    )
    """Canonical JSON of the retained fields."""
    rule: Mapped[str] = mapped_column(code(64), info=impersonal("id of a retention rule in the policies"))
    article: Mapped[str] = mapped_column(code(40), info=impersonal("article of the GDPR that lets it stay"))
    legal_text: Mapped[str] = mapped_column(String(MAX_LEGAL_TEXT), info=impersonal("text that makes us keep it"))
    kept_until: Mapped[date | None] = mapped_column(Date, info=impersonal("last day on which the row is kept"))
    until_event: Mapped[str | None] = mapped_column(code(64), info=impersonal("business event that ends the keeping"))
    archived_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the row was archived"))


class ArchiveIndexRow(Base):
    """A keyed hash by which a person is found again among archived rows: opened by locate alone, gone with its row."""

    __tablename__ = "cc_archive_index"
    __table_args__ = table_args(
        PrimaryKeyConstraint("field_number", "gen", "bidx", "row_id"),
        Index("ix_cc_archive_index_row_id", "row_id"),
        Index("ix_cc_archive_index_subject_ref", "subject_ref"),
    )

    field_number: Mapped[int] = mapped_column(Integer, info=impersonal("names the indexed field"))
    gen: Mapped[int] = mapped_column(SmallInteger, info=impersonal("counts generations of the index key"))
    bidx: Mapped[bytes] = mapped_column(Digest(16), info=_kept(Category.IDENTIFIER))
    row_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_archived_row.id"), info=_kept(Category.PSEUDONYM))
    subject_ref: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_subject.subject_ref"), info=_kept(Category.PSEUDONYM))


class DisposalJournal(Base):
    """One batch of a sweep: under which rule, how much, which leaf tells it. It names nobody."""

    __tablename__ = "cc_disposal"
    __table_args__ = table_args(Index("ix_cc_disposal_at", "at"))

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=random_ref, info=impersonal("names a batch"))
    rule: Mapped[str] = mapped_column(code(64), info=impersonal("id of a retention rule in the policies"))
    policy_sha256: Mapped[str] = mapped_column(Hex64, info=impersonal("hash of the policies in force"))
    item_count: Mapped[int] = mapped_column(BigCounter, info=impersonal("count of due items that went"))
    row_count: Mapped[int] = mapped_column(BigCounter, info=impersonal("count of rows deleted in all tables"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the batch was swept"))
    event_id: Mapped[UUID] = mapped_column(
        Ref, ForeignKey("cc_log_event.id"), info=impersonal("random event id in the log")
    )


ARCHIVED = cast(Table, ArchivedRow.__table__)
ARCHIVE_INDEX = cast(Table, ArchiveIndexRow.__table__)
JOURNAL = cast(Table, DisposalJournal.__table__)
