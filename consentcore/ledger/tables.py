"""The log's tables: events, their erasable content, leaves, tiles, certificates; insert-only but for the content.

There are no foreign keys between them: the audit proves more than a constraint would (that the bytes are the very
ones that were hashed), and every append would pay for the constraint.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import (
    FOUND_BY,
    BigCounter,
    Blob,
    Category,
    Digest,
    Erasure,
    Ref,
    UTCDateTime,
    code,
    impersonal,
    personal,
)
from consentcore.crypto.fields import register_field
from consentcore.db import TABLE_OPTIONS, Base, table_args

MAIN = 1
CONTENT_FIELD = 1  # the field number that payloads are sealed under; 1 to 9 belong to the log
ERASED_FIELD = 2
SHARED_TABLE = 1
"""Number of the certificates among what is sealed under the shared key."""
register_field(CONTENT_FIELD, "cc_log_content.payload")
register_field(ERASED_FIELD, "cc_certificate.erased")
_HASH = "a hash or signature over pseudonymous headers; it names nobody"
_POSITION = "a position in the log"


class LogEvent(Base):
    """What happened, as the very bytes that are hashed into a leaf."""

    __tablename__ = "cc_log_event"
    __table_args__ = (
        TABLE_OPTIONS
        | {"info": {FOUND_BY: "cc_log_content leads from a subject to their events, until their content is erased"}},
    )

    id: Mapped[uuid.UUID] = mapped_column(Ref, primary_key=True, info=impersonal("a random id of an event"))
    log: Mapped[int] = mapped_column(SmallInteger, info=impersonal("the number of a log"))
    header: Mapped[bytes] = mapped_column(
        Blob,
        info=personal(Category.PSEUDONYM, retention="evidence", erasure=Erasure.EVIDENCE),
    )


class LogContent(Base):
    """What an event says of a person: the link and the sealed payload, which go when their time has come."""

    __tablename__ = "cc_log_content"
    __table_args__ = table_args(CheckConstraint("payload IS NULL OR length(payload) >= 31", name="payload_sealed"))

    event_id: Mapped[uuid.UUID] = mapped_column(Ref, primary_key=True, info=impersonal("a random id of an event"))
    subject_ref: Mapped[uuid.UUID | None] = mapped_column(
        Ref, index=True, info=personal(Category.PSEUDONYM, retention="evidence", erasure=Erasure.EVIDENCE)
    )
    payload: Mapped[bytes | None] = mapped_column(
        Blob, info=personal(Category.CONSENT, retention="evidence", erasure=Erasure.EVIDENCE)
    )
    certificate: Mapped[str | None] = mapped_column(
        code(9), info=impersonal("the number of the certificate that this content was erased under")
    )


class LogLeaf(Base):
    """One leaf; the last of each batch carries the frontier after it and the signed checkpoint."""

    __tablename__ = "cc_log_leaf"

    log: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, info=impersonal("the number of a log")
    )
    idx: Mapped[int] = mapped_column(BigCounter, primary_key=True, autoincrement=False, info=impersonal(_POSITION))
    event_id: Mapped[uuid.UUID] = mapped_column(Ref, unique=True, info=impersonal("a random id of an event"))
    hash: Mapped[bytes] = mapped_column(Digest(32), info=impersonal(_HASH))
    frontier: Mapped[bytes | None] = mapped_column(Blob, info=impersonal(_HASH))
    checkpoint: Mapped[bytes | None] = mapped_column(Blob, info=impersonal(_HASH))


class LogTile(Base):
    """A full tile (C2SP tlog-tiles): 256 hashes of tree level 8 x `level`; `root` stands first, to be read alone."""

    __tablename__ = "cc_log_tile"

    log: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, info=impersonal("the number of a log")
    )
    level: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, info=impersonal("a level of the tree")
    )
    idx: Mapped[int] = mapped_column(BigCounter, primary_key=True, autoincrement=False, info=impersonal(_POSITION))
    root: Mapped[bytes] = mapped_column(Digest(32), info=impersonal(_HASH))
    hashes: Mapped[bytes] = mapped_column(Blob, info=impersonal(_HASH))


class LogLock(Base):
    """One row per log, never updated: appenders lock it where the database has no advisory lock."""

    __tablename__ = "cc_log_lock"

    log: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, info=impersonal("the number of a log")
    )


class CertificateRow(Base):
    """A signed statement whose hash stands in a leaf."""

    __tablename__ = "cc_certificate"
    __table_args__ = (
        TABLE_OPTIONS
        | {
            "info": {
                FOUND_BY: "the number, which the person was given; there is one body to read for each destroyed key"
            }
        },
    )

    number: Mapped[str] = mapped_column(code(9), primary_key=True, info=impersonal("a random number of a certificate"))
    kind: Mapped[str] = mapped_column(code(), info=impersonal("what a certificate is about"))
    body: Mapped[bytes] = mapped_column(
        Blob, info=personal(Category.PSEUDONYM, retention="evidence", erasure=Erasure.OWN_TERM)
    )
    note: Mapped[bytes] = mapped_column(
        Blob, info=personal(Category.PSEUDONYM, retention="evidence", erasure=Erasure.OWN_TERM)
    )
    erased: Mapped[bytes | None] = mapped_column(
        Blob,
        info=impersonal("sealed list of random event ids: whose content went under the certificate"),
    )
    event_id: Mapped[uuid.UUID] = mapped_column(Ref, unique=True, info=impersonal("a random id of an event"))
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when a certificate was issued"))
