"""Rows of accountability: personal data breaches (Art. 33(5))."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import (
    FOUND_BY,
    Blob,
    Category,
    Erasure,
    Provenance,
    Ref,
    UTCDateTime,
    code,
    impersonal,
    personal,
)
from consentcore.crypto.fields import register_document, sealed_check
from consentcore.db import TABLE_OPTIONS, Base
from consentcore.identifiers import random_ref, reference

BREACH_TABLE_NUMBER = 14
"""Number of the table among those sealed under the shared key."""
BREACH_SUMMARY_FIELD = 600

register_document(BREACH_SUMMARY_FIELD, "cc_breach.summary", shared=BREACH_TABLE_NUMBER)


class BreachRow(Base):
    """One breach from the moment that the controller became aware of it; documented whether notified or not."""

    __tablename__ = "cc_breach"
    __table_args__ = (
        UniqueConstraint("reference"),
        sealed_check("summary"),
        TABLE_OPTIONS
        | {
            "info": {
                FOUND_BY: "a breach is about many: a person is named in a summary at most by mistake, and every "
                "summary is opened under the shared key and searched (registry.breaches.breaches)"
            }
        },
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=random_ref, info=impersonal("row id"))
    reference: Mapped[str] = mapped_column(code(9), default=reference, info=impersonal("reference of a breach"))
    nature: Mapped[str] = mapped_column(code(64), info=impersonal("kinds of breach"))
    aware_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the controller became aware"))
    notify_by: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the authority is to be told"))
    rule_pack: Mapped[str] = mapped_column(code(16), info=impersonal("deadline pack that was applied"))
    summary: Mapped[bytes] = mapped_column(
        Blob,
        info=personal(Category.CONTENT, retention="breach", provenance=Provenance.OBSERVED, erasure=Erasure.OWN_TERM),
    )
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the breach was entered"))
    event_id: Mapped[UUID] = mapped_column(Ref, info=impersonal("random event id in the log"))
