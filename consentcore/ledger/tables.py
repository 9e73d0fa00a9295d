"""The log's tables: events, their erasable content, leaves, tiles, what witnesses said, certificates.

Insert-only but for the content and the state of each witness. There are no foreign keys between them: the audit proves
more than a constraint would (that the bytes are the very ones that were hashed), and every append would pay for it.
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
from consentcore.crypto.fields import register_document
from consentcore.crypto.keyclasses import KeyClass
from consentcore.db import TABLE_OPTIONS, Base, table_args

MAIN = 1
CONTENT_FIELD = 1  # the field number that payloads are sealed under; 1 to 9 belong to the log
ERASED_FIELD = 2
SHARED_TABLE = 1
"""Number of the certificates among what is sealed under the shared key."""
register_document(CONTENT_FIELD, "cc_log_content.payload", key_class=KeyClass.EVIDENCE, row_id="event_id")
register_document(
    ERASED_FIELD,
    "cc_certificate.erased",
    shared=SHARED_TABLE,
    row_id="event_id",
    stays="its hash is signed in the certificate",
)
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


class LogTimestamp(Base):
    """A time-stamp token (RFC 3161) over a checkpoint: an authority saw this state of the log at that instant."""

    __tablename__ = "cc_log_timestamp"

    log: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, info=impersonal("the number of a log")
    )
    size: Mapped[int] = mapped_column(BigCounter, primary_key=True, autoincrement=False, info=impersonal(_POSITION))
    tsa: Mapped[str] = mapped_column(code(255), primary_key=True, info=impersonal("the host of an authority"))
    root: Mapped[bytes] = mapped_column(Digest(32), info=impersonal(_HASH))
    token: Mapped[bytes] = mapped_column(Blob, info=impersonal(_HASH))
    at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when a checkpoint was time-stamped"))


class LogCosignature(Base):
    """A witness's word that a checkpoint continues every one that it saw before (C2SP tlog-cosignature)."""

    __tablename__ = "cc_log_cosignature"

    log: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, info=impersonal("the number of a log")
    )
    size: Mapped[int] = mapped_column(BigCounter, primary_key=True, autoincrement=False, info=impersonal(_POSITION))
    witness: Mapped[str] = mapped_column(code(255), primary_key=True, info=impersonal("the name of a witness"))
    key_id: Mapped[bytes] = mapped_column(Digest(4), primary_key=True, info=impersonal("the id of a witness's key"))
    root: Mapped[bytes] = mapped_column(Digest(32), info=impersonal(_HASH))
    signature: Mapped[bytes] = mapped_column(Digest(64), info=impersonal(_HASH))
    at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when a checkpoint was cosigned"))


class LogWitness(Base):
    """How it goes with one outside witness: what it last saw, when it is asked again, what went wrong."""

    __tablename__ = "cc_log_witness"

    log: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, info=impersonal("the number of a log")
    )
    name: Mapped[str] = mapped_column(code(320), primary_key=True, info=impersonal("kind and name of a witness"))
    size: Mapped[int] = mapped_column(BigCounter, info=impersonal(_POSITION))
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when a witness is asked again"))
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when a witness last answered"))
    failures: Mapped[int] = mapped_column(SmallInteger, info=impersonal("count of failures since"))
    problem: Mapped[str | None] = mapped_column(code(200), info=impersonal("what went wrong, without an address"))


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
