"""Rows of messages that wait to be sent, and of those that were."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import Blob, Category, Erasure, Provenance, Ref, UTCDateTime, code, impersonal, personal
from consentcore.crypto.fields import register_document, sealed_check
from consentcore.db import TABLE_OPTIONS, Base
from consentcore.identifiers import random_ref

RETENTION = "request"
CONTENT_FIELD = 570
SHARED_TABLE = 13
"""Number of the table among those sealed under the shared key: a letter outlives the key of whom it tells of."""
_FOUND_BY = "found_by"  # the key that `personal_data.datamap` reads; that room is above this one

register_document(CONTENT_FIELD, "cc_outbox.content", shared=SHARED_TABLE)


class OutboxMessage(Base):
    """One message: recipient, subject and text in one sealed document, emptied once it was sent."""

    __tablename__ = "cc_outbox"
    __table_args__ = (
        Index("ix_cc_outbox_sent_at", "sent_at", "due_at"),
        Index("ix_cc_outbox_subject_ref", "subject_ref"),
        sealed_check("content"),
        TABLE_OPTIONS | {"info": {_FOUND_BY: "by subject_ref; those to unknown persons by opening what is not sent"}},
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=random_ref, info=impersonal("random message id"))
    kind: Mapped[str] = mapped_column(code(32), info=impersonal("kind of message"))
    subject_ref: Mapped[UUID | None] = mapped_column(
        Ref,
        info=personal(Category.PSEUDONYM, retention=RETENTION, provenance=Provenance.DERIVED, erasure=Erasure.OWN_TERM),
    )
    content: Mapped[bytes | None] = mapped_column(
        Blob,
        info=personal(Category.CONTENT, retention=RETENTION, provenance=Provenance.DERIVED, erasure=Erasure.OWN_TERM),
    )
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it was written"))
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it is to be sent, or tried again"))
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when it was sent"))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0, info=impersonal("count of attempts"))
