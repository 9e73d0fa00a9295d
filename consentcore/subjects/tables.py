"""Rows of persons, of the names that other systems know them by, and of what stands on them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import Category, Digest, Erasure, Provenance, Ref, UTCDateTime, code, impersonal, personal
from consentcore.crypto.fields import sealed
from consentcore.db import Base, table_args
from consentcore.identifiers import random_ref, row_id

EXTERNAL_ID_FIELD = 20


class DataSubject(Base):
    """A person as this system refers to one: a random reference, nothing else (Art. 4(1)).

    A row never changes its `subject_ref`; two references found to be one person are linked, not merged.
    """

    __tablename__ = "cc_subject"
    __table_args__ = table_args(Index("ix_cc_subject_standing", "standing"))

    subject_ref: Mapped[UUID] = mapped_column(
        Ref,
        primary_key=True,
        default=random_ref,
        info=personal(Category.PSEUDONYM, retention="subject", erasure=Erasure.OWN_TERM),
    )
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the reference was opened"))
    standing: Mapped[int] = mapped_column(
        SmallInteger,
        default=0,
        server_default=text("0"),
        info=impersonal("bits of subjects.standing: where a decision has to look further"),
    )
    deceased_on: Mapped[date | None] = mapped_column(
        Date, info=personal(Category.CONTENT, retention="subject", erasure=Erasure.OWN_TERM)
    )


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


def _stands(category: Category = Category.PSEUDONYM, retention: str = "request") -> dict[str, object]:
    return personal(category, retention=retention, provenance=Provenance.OBSERVED, erasure=Erasure.OWN_TERM)


def _links() -> dict[str, object]:
    return personal(Category.PSEUDONYM, retention="subject", provenance=Provenance.DERIVED, erasure=Erasure.OWN_TERM)


class Restriction(Base):
    """A restriction of processing that stands on a person until it is lifted (Art. 18(1), R-18-1)."""

    __tablename__ = "cc_restriction"
    __table_args__ = table_args(Index("ix_cc_restriction_subject_ref", "subject_ref", "lifted_at"))

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_subject.subject_ref"), info=_stands())
    ground: Mapped[str] = mapped_column(code(32), info=_stands(Category.CONTENT))
    request_id: Mapped[UUID | None] = mapped_column(Ref, info=impersonal("random request id"))
    placed_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it was placed"))
    informed_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime, info=impersonal("when the person was told that it will be lifted")
    )
    lifted_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when it was lifted"))


class Objection(Base):
    """An objection of a person to one purpose, on every channel, until it is lifted (Art. 21, R-21-1, R-21-2)."""

    __tablename__ = "cc_objection"
    __table_args__ = table_args(Index("ix_cc_objection_subject_ref", "subject_ref", "purpose", "lifted_at"))

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_subject.subject_ref"), info=_stands())
    purpose: Mapped[str] = mapped_column(code(64), info=_stands(Category.CONSENT))
    state: Mapped[str] = mapped_column(code(16), info=_stands(Category.CONSENT))
    request_id: Mapped[UUID | None] = mapped_column(Ref, info=impersonal("random request id"))
    objected_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it was made"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when it was upheld or not"))
    lifted_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when it ended"))


class SubjectLink(Base):
    """That two references are one person, both ways, until unlinked: rows, keys and consents stay where they are."""

    __tablename__ = "cc_subject_link"
    __table_args__ = table_args(
        Index("ix_cc_subject_link_subject_ref", "subject_ref", "unlinked_at"),
        Index("ix_cc_subject_link_other_ref", "other_ref"),
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_subject.subject_ref"), info=_links())
    other_ref: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_subject.subject_ref"), info=_links())
    linked_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when they were found to be one"))
    unlinked_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when that was taken back"))


class Disclosure(Base):
    """That data of a person went to one recipient: categories, purpose, time (Art. 15(1)(c), R-15-2)."""

    __tablename__ = "cc_disclosure"
    __table_args__ = table_args(Index("ix_cc_disclosure_subject_ref", "subject_ref", "recipient"))

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_subject.subject_ref"), info=_stands())
    recipient: Mapped[str] = mapped_column(code(64), info=_stands(Category.BEHAVIOR))
    purpose: Mapped[str] = mapped_column(code(64), info=_stands(Category.BEHAVIOR))
    categories: Mapped[str] = mapped_column(String(500), info=impersonal("names of categories of data"))
    disclosed_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it was handed over"))


class RecipientNotice(Base):
    """That a recipient was told of a rectification, an erasure or a restriction (Art. 19, R-19-1)."""

    __tablename__ = "cc_recipient_notice"
    __table_args__ = table_args(
        Index("ix_cc_recipient_notice_subject_ref", "subject_ref"),
        UniqueConstraint("request_id", "recipient", "kind", name="uq_cc_recipient_notice_request_id"),
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_subject.subject_ref"), info=_stands())
    request_id: Mapped[UUID] = mapped_column(Ref, info=impersonal("random request id"))
    recipient: Mapped[str] = mapped_column(code(64), info=impersonal("id of a recipient in the policies"))
    kind: Mapped[str] = mapped_column(code(16), info=impersonal("what the recipient was told of"))
    message_id: Mapped[UUID | None] = mapped_column(Ref, info=impersonal("the message in the outbox; none: by hand"))
    told_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it was queued"))
    acknowledged_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime, info=impersonal("when the recipient answered")
    )
