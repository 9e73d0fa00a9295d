"""Rows of persons and of the names that other systems know them by."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import Category, Digest, Erasure, Ref, UTCDateTime, code, impersonal, personal
from consentcore.crypto.fields import sealed
from consentcore.db import Base, table_args
from consentcore.identifiers import random_ref, row_id

EXTERNAL_ID_FIELD = 20


class DataSubject(Base):
    """A person as this system refers to one: a random reference, nothing else (Art. 4(1)).

    A row never changes its `subject_ref`; two references found to be one person are linked, not merged.
    """

    __tablename__ = "cc_subject"

    subject_ref: Mapped[UUID] = mapped_column(
        Ref,
        primary_key=True,
        default=random_ref,
        info=personal(Category.PSEUDONYM, retention="subject", erasure=Erasure.OWN_TERM),
    )
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the reference was opened"))


class ExternalId(Base):
    """The name under which another system knows a row: found by keyed hash, kept sealed, unique per system.

    Each external id opens its own `subject_ref`. `entity` says what kind of row it names.
    """

    __tablename__ = "cc_external_id"
    __table_args__ = table_args(
        UniqueConstraint("system", "entity", "generation", "bidx", name="uq_cc_external_id_system"),
        Index("ix_cc_external_id_subject_ref", "subject_ref"),
        Index("ix_cc_external_id_row_id", "row_id"),
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(
        Ref,
        ForeignKey("cc_subject.subject_ref"),
        info=personal(Category.PSEUDONYM, retention="contact", erasure=Erasure.DELETE_ROW),
    )
    system: Mapped[str] = mapped_column(code(64), info=impersonal("name of a system"))
    entity: Mapped[str] = mapped_column(code(32), info=impersonal("kind of row"))
    generation: Mapped[int] = mapped_column(Integer, info=impersonal("generation of the index key"))
    bidx: Mapped[bytes] = mapped_column(
        Digest(16), info=personal(Category.IDENTIFIER, retention="contact", erasure=Erasure.DELETE_ROW)
    )
    value: Mapped[str | None] = sealed(
        EXTERNAL_ID_FIELD, info=personal(Category.IDENTIFIER, retention="contact"), max_chars=255
    )
    row_id: Mapped[UUID] = mapped_column(Ref, info=impersonal("the row that the external id names"))
