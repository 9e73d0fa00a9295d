"""Who was shown which notice, and when: evidence of information and of a refusal offered at a sale (R-13-2, R-FR-1)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc, iso
from consentcore.consent.tables import NoticeShown
from consentcore.errors import BadInput, NotFound
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.policyset import Notice
from consentcore.subjects.tables import DataSubject

SHOWN = register("notice.shown", "a person was shown an information notice (Art. 13, 14)")
MAX_EVIDENCE_CHARS = 2_000


def record_shown(
    session: Session,
    subject_ref: UUID,
    notice: Notice,
    at: datetime,
    now: datetime,
    *,
    evidence: str | None = None,
    by: str | None = None,
) -> UUID:
    """Record that a person was shown one version of a notice, in the caller's unit; returns the row's id.

    `evidence` is a short text, such as the order or the page it was shown on; it is sealed in the log.
    Effects: a row, a leaf `notice.shown`.
    Raises: NotFound (person), BadInput (a time to come, evidence too long).
    """
    when = ensure_utc(at)
    if when > now:
        raise BadInput("a notice cannot have been shown at a time to come")
    if evidence is not None and len(evidence) > MAX_EVIDENCE_CHARS:
        raise BadInput(f"the evidence is longer than {MAX_EVIDENCE_CHARS} characters; name where it is kept instead")
    if session.scalar(select(DataSubject.subject_ref).where(DataSubject.subject_ref == subject_ref)) is None:
        raise NotFound(f"no person {subject_ref} is known here")
    payload = {"subject_ref": str(subject_ref), "notice": notice.label, "at": iso(when), "evidence": evidence, "by": by}
    event_id = queue(
        session,
        Event(
            type=SHOWN,
            at=now,
            subject_ref=subject_ref,
            payload={name: value for name, value in payload.items() if value is not None},
            notice_sha256=notice.sha256,
        ),
    )
    row = NoticeShown(
        subject_ref=subject_ref,
        notice_id=notice.id,
        notice_version=notice.version,
        notice_language=notice.language,
        notice_sha256=notice.sha256,
        at=when,
        event_id=event_id,
    )
    session.add(row)
    session.flush()
    return row.id
