"""Rows of access: keys of machines, and what was answered to a request that may be repeated."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import Blob, Digest, Ref, UTCDateTime, code, impersonal
from consentcore.crypto.fields import register_field, sealed_check
from consentcore.db import Base, table_args

SHARED_TABLE = 15
"""Number of the table among those sealed under the shared key."""
RESPONSE_FIELD = 640
KEY_ID_CHARS = 12
MAX_NAME = 100
MAX_SCOPES = 400

register_field(RESPONSE_FIELD, "cc_idempotency.response")


class ApiKey(Base):
    """One key of one machine; of the secret only its SHA-256 is held, which 256 random bits make enough."""

    __tablename__ = "cc_api_key"

    id: Mapped[str] = mapped_column(code(KEY_ID_CHARS), primary_key=True, info=impersonal("random name of a key"))
    name: Mapped[str] = mapped_column(String(MAX_NAME), info=impersonal("name of a machine, as its operator calls it"))
    scopes: Mapped[str] = mapped_column(code(MAX_SCOPES), info=impersonal("closed list of scopes"))
    secret_sha256: Mapped[bytes] = mapped_column(Digest(32), info=impersonal("hash of a random secret of a machine"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the key was made"))
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when the key was revoked"))


class IdempotencyRow(Base):
    """One request that was begun under an Idempotency-Key; `response` is set by the very unit that did the work.

    Both hashes are keyed with the caller's secret, which is not held here: nobody who reads this table can try
    requests against them. Rows go after a day.
    """

    __tablename__ = "cc_idempotency"
    __table_args__ = table_args(
        PrimaryKeyConstraint("api_key_id", "key_mac"),
        Index("ix_cc_idempotency_claimed_at", "claimed_at"),
        sealed_check("response"),
    )

    api_key_id: Mapped[str] = mapped_column(code(KEY_ID_CHARS), info=impersonal("random name of a key"))
    key_mac: Mapped[bytes] = mapped_column(Digest(32), info=impersonal("keyed hash of a key that a machine chose"))
    request_mac: Mapped[bytes] = mapped_column(
        Digest(32), info=impersonal("hash of a request, keyed with a secret that is not held here")
    )
    claim: Mapped[UUID] = mapped_column(Ref, info=impersonal("random name of the attempt that holds the row"))
    claimed_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when that attempt began"))
    status: Mapped[int | None] = mapped_column(SmallInteger, info=impersonal("HTTP status that was answered"))
    response: Mapped[bytes | None] = mapped_column(
        Blob, info=impersonal("sealed answer: random references, states and dates of what was made")
    )
