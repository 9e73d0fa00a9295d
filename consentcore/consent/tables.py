"""Rows of consent: every record ever made, and the newest one per person, purpose and channel."""

from __future__ import annotations

from datetime import datetime
from enum import IntFlag, StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import Category, Erasure, Hex64, Provenance, Ref, UTCDateTime, code, impersonal, personal
from consentcore.db import Base, table_args
from consentcore.identifiers import random_ref, row_id

RETENTION = "consent_proof"


class ConsentState(StrEnum):
    """What is known of a person's consent; only `given` and `renewed` permit anything (R-7-1)."""

    GIVEN = "given"
    RENEWED = "renewed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REQUESTED = "requested"
    INVALIDATED = "invalidated"
    UNKNOWN = "unknown"


ERASED = "erased"
"""State of a projection row whose consent ended because the person was erased; no declaration ever says so."""


class Quality(IntFlag):
    """What a declaration is besides its state."""

    EXPLICIT = 1
    """Stated expressly, as special categories of data ask for (Art. 9(2)(a))."""
    PARENT_MISSING = 2
    """Given by a child whose parent has not consented or authorised it (Art. 8(1), R-8-2)."""


PERMITTING = frozenset({ConsentState.GIVEN, ConsentState.RENEWED})


def _evidence(category: Category = Category.CONSENT) -> dict[str, object]:
    return personal(category, retention=RETENTION, provenance=Provenance.PROVIDED, erasure=Erasure.EVIDENCE)


class ConsentRecord(Base):
    """One declaration of one person: purpose, channel, state, and the wording it was made under (Art. 7(1), R-7-2).

    Never changed. What identifies the person and shows how it was declared lies sealed in the log's content under
    the person's evidence key; `event_id` leads there.
    """

    __tablename__ = "cc_consent_record"
    __table_args__ = table_args(
        Index("ix_cc_consent_record_subject_ref", "subject_ref", "purpose", "channel", "at"),
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=random_ref, info=impersonal("random record id"))
    subject_ref: Mapped[UUID] = mapped_column(
        Ref, ForeignKey("cc_subject.subject_ref"), info=_evidence(Category.PSEUDONYM)
    )
    purpose: Mapped[str] = mapped_column(code(64), info=impersonal("id of a purpose in the policies"))
    purpose_version: Mapped[int] = mapped_column(Integer, info=impersonal("version of that purpose"))
    channel: Mapped[str] = mapped_column(code(16), info=impersonal("closed list of channels"))
    state: Mapped[str] = mapped_column(code(16), info=_evidence())
    at: Mapped[datetime] = mapped_column(UTCDateTime, info=_evidence())
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the row was written"))
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=_evidence())
    notice_id: Mapped[str] = mapped_column(code(64), info=impersonal("id of a notice in the policies"))
    notice_version: Mapped[int] = mapped_column(Integer, info=impersonal("version of that notice"))
    notice_language: Mapped[str] = mapped_column(code(16), info=impersonal("language of that notice"))
    notice_sha256: Mapped[str] = mapped_column(Hex64, info=impersonal("hash of a published text"))
    policy_sha256: Mapped[str] = mapped_column(Hex64, info=impersonal("hash of the policies in force"))
    method: Mapped[str] = mapped_column(code(32), info=_evidence())
    quality: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"), info=_evidence())
    event_id: Mapped[UUID] = mapped_column(
        Ref, ForeignKey("cc_log_event.id"), unique=True, info=impersonal("random event id in the log")
    )


class ConsentStateRow(Base):
    """The newest declaration per person, purpose and channel: what a decision reads, rebuilt from the log at will."""

    __tablename__ = "cc_consent_state"

    subject_ref: Mapped[UUID] = mapped_column(
        Ref, ForeignKey("cc_subject.subject_ref"), primary_key=True, info=_evidence(Category.PSEUDONYM)
    )
    purpose: Mapped[str] = mapped_column(code(64), primary_key=True, info=impersonal("id of a purpose"))
    channel: Mapped[str] = mapped_column(code(16), primary_key=True, info=impersonal("closed list of channels"))
    state: Mapped[str] = mapped_column(code(16), info=_evidence())
    at: Mapped[datetime] = mapped_column(UTCDateTime, info=_evidence())
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=_evidence())
    record_id: Mapped[UUID] = mapped_column(Ref, info=impersonal("random record id"))
    quality: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"), info=_evidence())


class NoticeShown(Base):
    """That a person was shown one version of a notice: kept as evidence of the information (Art. 13, 14, R-13-2)."""

    __tablename__ = "cc_notice_shown"
    __table_args__ = table_args(Index("ix_cc_notice_shown_subject_ref", "subject_ref", "notice_id", "at"))

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    subject_ref: Mapped[UUID] = mapped_column(
        Ref, ForeignKey("cc_subject.subject_ref"), info=_evidence(Category.PSEUDONYM)
    )
    notice_id: Mapped[str] = mapped_column(code(64), info=impersonal("id of a notice in the policies"))
    notice_version: Mapped[int] = mapped_column(Integer, info=impersonal("version of that notice"))
    notice_language: Mapped[str] = mapped_column(code(16), info=impersonal("language of that notice"))
    notice_sha256: Mapped[str] = mapped_column(Hex64, info=impersonal("hash of a published text"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, info=_evidence(Category.BEHAVIOR))
    event_id: Mapped[UUID] = mapped_column(
        Ref, ForeignKey("cc_log_event.id"), unique=True, info=impersonal("random event id in the log")
    )


class RefreshReminder(Base):
    """When a person was last asked whether a consent still stands: nobody is asked twice in a period (R-7-7)."""

    __tablename__ = "cc_refresh_reminder"

    subject_ref: Mapped[UUID] = mapped_column(
        Ref, ForeignKey("cc_subject.subject_ref"), primary_key=True, info=_evidence(Category.PSEUDONYM)
    )
    purpose: Mapped[str] = mapped_column(code(64), primary_key=True, info=impersonal("id of a purpose"))
    channel: Mapped[str] = mapped_column(code(16), primary_key=True, info=impersonal("closed list of channels"))
    record_id: Mapped[UUID] = mapped_column(Ref, info=impersonal("random record id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, info=_evidence())
