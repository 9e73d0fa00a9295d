"""Rows of access: keys of machines, repeatable answers, staff, sessions, one-time codes, attempts, downloads."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, PrimaryKeyConstraint, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import (
    FOUND_BY,
    Blob,
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
from consentcore.crypto.fields import register_document, sealed_check
from consentcore.db import TABLE_OPTIONS, Base, table_args
from consentcore.identifiers import random_ref

SHARED_TABLE = 15
"""Number of the table among those sealed under the shared key."""
STAFF_TABLE = 16
SESSION_TABLE = 17
"""Numbers of the tables of staff and of sessions among those sealed under the shared key."""
RESPONSE_FIELD = 640
STAFF_FIELD = 641
SESSION_FIELD = 642
STAFF_INDEX = 124
ATTEMPT_INDEX = 125
"""Numbers of the keyed hashes that find a member of staff by address, and count attempts without naming anybody."""
KEY_ID_CHARS = 12
MAX_NAME = 100
MAX_SCOPES = 400

STAFF_RETENTION = "staff"
VISIT_RETENTION = "verification"

register_document(RESPONSE_FIELD, "cc_idempotency.response", shared=SHARED_TABLE, row_id="claim")
register_document(STAFF_FIELD, "cc_staff.content", shared=STAFF_TABLE)
register_document(SESSION_FIELD, "cc_session.content", shared=SESSION_TABLE)


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


def _of_staff(category: Category) -> dict[str, object]:
    return personal(category, retention=STAFF_RETENTION, identifies="staff", erasure=Erasure.OWN_TERM)


def _of_visitor(category: Category) -> dict[str, object]:
    return personal(
        category,
        retention=VISIT_RETENTION,
        provenance=Provenance.OBSERVED,
        identifies="visitor",
        erasure=Erasure.OWN_TERM,
    )


class StaffAccount(Base):
    """One member of the controller's staff who signs in to the console; `content` is a sealed JSON of address and name.

    The address is found by its keyed hash. The password is held as an argon2id hash alone.
    """

    __tablename__ = "cc_staff"
    __table_args__ = (
        UniqueConstraint("address_digest"),
        sealed_check("content"),
        TABLE_OPTIONS | {"info": {FOUND_BY: "by the keyed hash of the address"}},
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=random_ref, info=impersonal("random account id"))
    address_digest: Mapped[bytes] = mapped_column(Digest(16), info=_of_staff(Category.PSEUDONYM))
    content: Mapped[bytes] = mapped_column(Blob, info=_of_staff(Category.NAME))
    role: Mapped[str] = mapped_column(code(16), info=_of_staff(Category.JOB))
    password_hash: Mapped[str] = mapped_column(String(200), info=impersonal("argon2id hash of a password"))
    language: Mapped[str] = mapped_column(code(2), info=_of_staff(Category.LANGUAGE))
    theme: Mapped[str] = mapped_column(code(8), info=impersonal("light, dark or as the device says"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the account was made"))
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when the account was closed"))


class SessionRow(Base):
    """One session of one browser at one face; of its token only the SHA-256 is held, so that a copy of this table opens
    nothing. `content` is a sealed JSON; what is over is deleted.
    """

    __tablename__ = "cc_session"
    __table_args__ = (
        Index("ix_cc_session_expires_at", "expires_at"),
        Index("ix_cc_session_staff_id", "staff_id"),
        sealed_check("content"),
        TABLE_OPTIONS | {"info": {FOUND_BY: "by opening its content; a session is over within a day"}},
    )

    token_sha256: Mapped[bytes] = mapped_column(
        Digest(32), primary_key=True, info=impersonal("hash of a random secret of a browser")
    )
    id: Mapped[UUID] = mapped_column(Ref, default=random_ref, info=impersonal("random id that sealing binds to"))
    face: Mapped[str] = mapped_column(code(16), info=impersonal("console or portal"))
    staff_id: Mapped[UUID | None] = mapped_column(
        Ref, ForeignKey("cc_staff.id"), info=impersonal("random account id; the account itself is declared there")
    )
    content: Mapped[bytes] = mapped_column(Blob, info=_of_visitor(Category.EMAIL))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the session began"))
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it was last used, to the minute"))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it ends if nothing happens"))


class CodeRow(Base):
    """One one-time code, bound to one session and one use; without the session's token its hash cannot be tried."""

    __tablename__ = "cc_code"
    __table_args__ = table_args(Index("ix_cc_code_session_sha256", "session_sha256", "used_for"))

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=random_ref, info=impersonal("random id"))
    session_sha256: Mapped[bytes] = mapped_column(Digest(32), info=impersonal("hash of a random secret of a browser"))
    used_for: Mapped[str] = mapped_column(code(40), info=impersonal("what the code opens"))
    code_mac: Mapped[bytes] = mapped_column(Digest(32), info=impersonal("keyed hash of a random code"))
    attempts: Mapped[int] = mapped_column(Integer, info=impersonal("how often it was tried"))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the code ends"))
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when the code was used"))


class AttemptRow(Base):
    """How often something was tried in one stretch of time; who tried is a keyed hash, and rows go within a day."""

    __tablename__ = "cc_attempt"
    __table_args__ = (
        PrimaryKeyConstraint("kind", "who", "began_at"),
        Index("ix_cc_attempt_began_at", "began_at"),
        TABLE_OPTIONS | {"info": {FOUND_BY: "by the keyed hash of an address; rows go within a day"}},
    )

    kind: Mapped[str] = mapped_column(code(24), info=impersonal("what was tried"))
    who: Mapped[bytes] = mapped_column(Digest(16), info=_of_visitor(Category.PSEUDONYM))
    began_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("beginning of a stretch of time"))
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("end of that stretch"))
    count: Mapped[int] = mapped_column(Integer, info=impersonal("how often"))


class DownloadRow(Base):
    """One package of one request that was handed over on the portal; downloads are counted by these rows.

    Whoever the package is about stands in the request alone.
    """

    __tablename__ = "cc_download"
    __table_args__ = table_args(Index("ix_cc_download_request_id", "request_id"))

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=random_ref, info=impersonal("random id"))
    request_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_request.id"), info=impersonal("random request id"))
    kind: Mapped[str] = mapped_column(code(16), info=impersonal("access or portability"))
    package_sha256: Mapped[str] = mapped_column(
        Hex64,
        info=impersonal("hash of a file that bears the instant of its making: nobody can try contents against it"),
    )
    at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the package was handed over"))
