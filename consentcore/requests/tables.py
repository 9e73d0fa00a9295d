"""Rows of requests: the case, the rights it asks for, what was found for each field, every step that was taken."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import (
    FOUND_BY,
    Blob,
    Category,
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
from consentcore.crypto.keyclasses import KeyClass
from consentcore.db import TABLE_OPTIONS, Base, table_args
from consentcore.identifiers import random_ref, row_id

RETENTION = "request"
CONTENT_FIELD = 500
TRANSITION_FIELD = 501
SHARED_TABLE = 12
"""Number of these tables among those sealed under the shared key: requests of persons nobody knows here (yet)."""
MAX_GROUND = 500

register_document(CONTENT_FIELD, "cc_request.content", key_class=KeyClass.EVIDENCE, shared=SHARED_TABLE)
register_document(TRANSITION_FIELD, "cc_request_transition.content", key_class=KeyClass.EVIDENCE, shared=SHARED_TABLE)

_THROUGH_REQUEST = {"info": {FOUND_BY: "through request_id: the request names the person"}}


class Right(StrEnum):
    """What a person may ask for (Art. 15 to 22, 7(3); LIL 85 for directives after death)."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"
    HUMAN_REVIEW = "human_review"
    POST_MORTEM = "post_mortem"


class Status(StrEnum):
    """Where a request stands; `lifecycle.STEPS` says which status follows which."""

    RECEIVED = "received"
    VERIFIED = "verified"
    ASSESSED = "assessed"
    APPROVED = "approved"
    EXECUTING = "executing"
    ERRORED = "errored"
    CLOSED = "closed"
    REFUSED = "refused"


class Outcome(StrEnum):
    """How a request ended, as a whole."""

    DONE = "done"
    PARTIAL = "partial"
    REFUSED = "refused"
    NOT_FOUND = "not_found"


class ItemOutcome(StrEnum):
    """What became of one field or row (R-12-9)."""

    DONE = "done"
    ERASED = "erased"
    ANONYMISED = "anonymised"
    RECTIFIED = "rectified"
    RESTRICTED = "restricted"
    RETAINED = "retained"
    ARCHIVED = "archived"
    REFUSED = "refused"
    PARTIAL = "partial"
    MANUAL = "manual"
    NOT_FOUND = "not_found"


class SubjectRequest(Base):
    """One request of one person, or of somebody for a person (Art. 12).

    `content` is one sealed JSON document (consentcore.requests.content): under the person's evidence key where
    `subject_ref` is set, else under the shared key. `subject_ref` is set once it is certain whom the request is about.
    """

    __tablename__ = "cc_request"
    __table_args__ = (
        UniqueConstraint("reference"),
        Index("ix_cc_request_subject_ref", "subject_ref"),
        Index("ix_cc_request_status", "status", "due_on"),
        sealed_check("content"),
        TABLE_OPTIONS | {"info": {FOUND_BY: "by subject_ref; those without one by opening their content"}},
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=random_ref, info=impersonal("random request id"))
    reference: Mapped[str] = mapped_column(code(9), info=impersonal("random name of the request"))
    subject_ref: Mapped[UUID | None] = mapped_column(
        Ref,
        ForeignKey("cc_subject.subject_ref"),
        info=personal(Category.PSEUDONYM, retention=RETENTION, erasure=Erasure.OWN_TERM),
    )
    status: Mapped[str] = mapped_column(code(16), info=impersonal("state of a case"))
    outcome: Mapped[str | None] = mapped_column(code(16), info=impersonal("how a case ended"))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the case began"))
    due_on: Mapped[date] = mapped_column(Date, info=impersonal("deadline, rolled to a working day"))
    due_on_unrolled: Mapped[date] = mapped_column(Date, info=impersonal("deadline before rolling"))
    extended_due_on: Mapped[date] = mapped_column(Date, info=impersonal("deadline if it were extended"))
    rule_pack: Mapped[str] = mapped_column(code(32), info=impersonal("version of the deadlines that were applied"))
    country: Mapped[str] = mapped_column(code(2), info=impersonal("country whose holidays count: the controller's"))
    channel: Mapped[str] = mapped_column(code(16), info=impersonal("how the request came in"))
    content: Mapped[bytes] = mapped_column(
        Blob, info=personal(Category.CONTENT, retention=RETENTION, erasure=Erasure.EVIDENCE)
    )
    plan_sha256: Mapped[str | None] = mapped_column(Hex64, info=impersonal("hash of the plan that was assessed"))
    policy_sha256: Mapped[str] = mapped_column(Hex64, info=impersonal("hash of the policies in force at receipt"))
    certificate: Mapped[str | None] = mapped_column(code(9), info=impersonal("number of a certificate"))
    executed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when execution ended"))
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=impersonal("when the case ended"))


class RequestRight(Base):
    """One right that a request asks for; `scope` is `marketing` or a purpose where the right has one."""

    __tablename__ = "cc_request_right"
    __table_args__ = (PrimaryKeyConstraint("request_id", "right"), TABLE_OPTIONS | _THROUGH_REQUEST)

    request_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_request.id"), info=impersonal("random request id"))
    right: Mapped[str] = mapped_column(
        code(16), info=personal(Category.CONTENT, retention=RETENTION, erasure=Erasure.OWN_TERM)
    )
    scope: Mapped[str | None] = mapped_column(
        code(64), info=personal(Category.CONTENT, retention=RETENTION, erasure=Erasure.OWN_TERM)
    )


class RequestItem(Base):
    """What became of one field, or of one row, under a request: outcome, ground, article, and until when it stays."""

    __tablename__ = "cc_request_item"
    __table_args__ = (Index("ix_cc_request_item_request_id", "request_id"), TABLE_OPTIONS | _THROUGH_REQUEST)

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    request_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_request.id"), info=impersonal("random request id"))
    store: Mapped[str] = mapped_column(code(64), info=impersonal("name of a table"))
    ref: Mapped[UUID | None] = mapped_column(
        Ref,
        info=personal(Category.PSEUDONYM, retention=RETENTION, provenance=Provenance.DERIVED, erasure=Erasure.OWN_TERM),
    )
    field: Mapped[str] = mapped_column(code(64), info=impersonal("name of a column, or * for the row"))
    outcome: Mapped[str] = mapped_column(code(16), info=impersonal("closed list of outcomes"))
    ground: Mapped[str | None] = mapped_column(String(MAX_GROUND), info=impersonal("legal text or stated ground"))
    article: Mapped[str | None] = mapped_column(code(32), info=impersonal("article of the law"))
    until: Mapped[date | None] = mapped_column(Date, info=impersonal("last day of a legal term"))
    until_event: Mapped[str | None] = mapped_column(code(64), info=impersonal("event that ends the keeping"))


class RequestTransition(Base):
    """One step of a request: from where to where, when; who and why stand sealed (R-5-2).

    Sealed under the evidence key of `subject_ref` where there is one, else under the shared key.
    """

    __tablename__ = "cc_request_transition"
    __table_args__ = (
        UniqueConstraint("request_id", "position"),
        Index("ix_cc_request_transition_subject_ref", "subject_ref"),
        sealed_check("content"),
        TABLE_OPTIONS | _THROUGH_REQUEST,
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    request_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_request.id"), info=impersonal("random request id"))
    subject_ref: Mapped[UUID | None] = mapped_column(
        Ref,
        ForeignKey("cc_subject.subject_ref"),
        info=personal(Category.PSEUDONYM, retention=RETENTION, erasure=Erasure.OWN_TERM),
    )
    position: Mapped[int] = mapped_column(Integer, info=impersonal("place among the steps of a request, from 1"))
    from_status: Mapped[str | None] = mapped_column(code(16), info=impersonal("state of a case"))
    to_status: Mapped[str] = mapped_column(code(16), info=impersonal("state of a case"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the step was taken"))
    content: Mapped[bytes] = mapped_column(
        Blob,
        info=personal(Category.CONTENT, retention=RETENTION, identifies="actor", erasure=Erasure.EVIDENCE),
    )


class RequestStep(Base):
    """One named step of an execution that is done; it is never done twice."""

    __tablename__ = "cc_request_step"
    __table_args__ = table_args(PrimaryKeyConstraint("request_id", "step"))

    request_id: Mapped[UUID] = mapped_column(Ref, ForeignKey("cc_request.id"), info=impersonal("random request id"))
    step: Mapped[str] = mapped_column(code(64), info=impersonal("name of a step"))
    done_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when the step was done"))
