"""Rows of the opposition list."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import FOUND_BY, Category, Digest, Erasure, Ref, UTCDateTime, code, impersonal, personal
from consentcore.db import TABLE_OPTIONS, Base
from consentcore.identifiers import row_id

RETENTION = "suppression"
MARKETING = "marketing"
"""The scope of an opposition to direct marketing as a whole, profiling for it included (Art. 21(2))."""


class SuppressionEntry(Base):
    """An address or number that is not to be reached, as a keyed hash: no person, no name, nothing to read (R-FR-4).

    `field_number`, `gen` and `bidx` are those of the blind index, so that one statement tells whether a person's
    contact point is on the list, even of a person who came long after the entry. As long as an entry of an older
    generation stands, values are indexed under that generation too, and its key is kept.
    """

    __tablename__ = "cc_suppression"
    __table_args__ = (
        PrimaryKeyConstraint("id"),
        Index("ix_cc_suppression_bidx", "bidx", "gen", "field_number", "scope"),
        TABLE_OPTIONS | {"info": {FOUND_BY: "by the keyed hash of an address or number (suppression.entries)"}},
    )

    id: Mapped[UUID] = mapped_column(Ref, default=row_id, info=impersonal("row id"))
    channel: Mapped[str] = mapped_column(code(16), info=impersonal("kind of contact point"))
    field_number: Mapped[int] = mapped_column(Integer, info=impersonal("names the indexed field"))
    gen: Mapped[int] = mapped_column(SmallInteger, info=impersonal("counts generations of the index key"))
    bidx: Mapped[bytes] = mapped_column(
        Digest(16), info=personal(Category.IDENTIFIER, retention=RETENTION, erasure=Erasure.OWN_TERM)
    )
    scope: Mapped[str] = mapped_column(
        code(64), info=personal(Category.CONSENT, retention=RETENTION, erasure=Erasure.OWN_TERM)
    )
    reason: Mapped[str] = mapped_column(code(32), info=impersonal("closed list of reasons"))
    request_id: Mapped[UUID | None] = mapped_column(Ref, info=impersonal("random request id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the entry was made"))
    lifted_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when the entry was lifted"))
