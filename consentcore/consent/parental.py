"""The consent of a parent to a child's: a second declaration, linked with the first (Art. 8, LIL art. 45, R-8-2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.consent.declarations import Choice, Evidence, Parent, RecordedChoice
from consentcore.consent.record import record
from consentcore.consent.tables import PERMITTING, ConsentRecord, ConsentState, ConsentStateRow, Quality
from consentcore.errors import BadInput, Conflict, NotFound
from consentcore.policyset import Channel, PolicySet


def record_parental(
    session: Session,
    record_id: UUID,
    parent: Parent,
    policy: PolicySet,
    evidence: Evidence,
    now: datetime,
    *,
    at: datetime | None = None,
) -> RecordedChoice:
    """Record that a parent consents to what a child declared, in the caller's unit; it permits from now on.

    The new record says again what the child declared, under the same notice, from the time when both had consented;
    its sealed content names the child's record, the parent and the effort of verification. `evidence` is how the
    parent declared it. Effects: as `record.record`.
    Raises: NotFound; Conflict (the declaration wants no parent, or is not the one that stands any more); BadInput
    (the parent's consent is dated before the child's); as `record.record`.
    """
    first = session.get(ConsentRecord, record_id)
    if first is None:
        raise NotFound(f"no consent record {record_id} is known here")
    if first.state not in PERMITTING or not first.quality & Quality.PARENT_MISSING:
        raise Conflict(f"record {record_id} is not a consent that waits for a parent", article="8(1)")
    if _standing(session, first) != record_id:
        raise Conflict(f"another declaration was made since record {record_id}; a parent cannot consent to it any more")
    when = ensure_utc(at or now)
    if when < first.at:
        raise BadInput("a parent consents to what the child declared, not before it")
    choice = Choice(
        purpose=first.purpose,
        channel=Channel(first.channel),
        state=ConsentState(first.state),
        notice=policy.notice(first.notice_id, first.notice_version, first.notice_language),
        at=when,
        explicit=bool(first.quality & Quality.EXPLICIT),
        parent=replace(parent, authorises=record_id),
    )
    return record(session, first.subject_ref, [choice], policy, evidence, now)[0]


def _standing(session: Session, first: ConsentRecord) -> UUID | None:
    held = ConsentStateRow
    return session.scalar(
        select(held.record_id)
        .where(
            held.subject_ref == first.subject_ref,
            held.purpose == first.purpose,
            held.channel == first.channel,
            held.state == first.state,
        )
        .with_for_update()
    )
