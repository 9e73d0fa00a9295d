"""Recording what a person declared: the record, its leaf in the log, and the state that decisions read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from consentcore.clock import add_period, ensure_utc, iso
from consentcore.consent.events import EVENT_OF
from consentcore.consent.state import project
from consentcore.consent.tables import PERMITTING, ConsentRecord, ConsentState
from consentcore.errors import BadInput, Conflict, NotFound, PolicyViolation
from consentcore.identifiers import random_ref
from consentcore.ledger.events import Event
from consentcore.ledger.log import queue_many
from consentcore.policyset import Channel, LegalBasis, Notice, PolicySet, Purpose
from consentcore.subjects.restrictions import Ground, is_restricted
from consentcore.subjects.tables import DataSubject

METHODS = frozenset({"web_form", "portal", "email_code", "email", "api", "phone", "paper", "letter", "import"})
CLOCK_SKEW = timedelta(minutes=5)
ENDING = frozenset({ConsentState.REFUSED, ConsentState.WITHDRAWN, ConsentState.EXPIRED, ConsentState.INVALIDATED})
"""States that a person, or the end of a term, can always bring about: a no is never refused (Art. 7(3))."""
MAX_DETAILS = 20
MAX_DETAIL_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a declaration was made: what a controller shows under Art. 7(1) (R-7-2).

    `contact_point` is what the consent binds to; `details` takes short texts such as the page, the application's
    version or what was left unticked. All of it is sealed under the person's evidence key.
    """

    method: str
    contact_point: str | None = None
    form_sha256: str | None = None
    actor: str | None = None
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Choice:
    """One declaration: purpose, channel, state, the notice it was made under, and when (None: now)."""

    purpose: str
    channel: Channel
    state: ConsentState
    notice: Notice
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordedChoice:
    """References of a recorded declaration; the index of its leaf is known once the unit is committed."""

    record_id: UUID
    event_id: UUID


def record(
    session: Session,
    subject_ref: UUID,
    choices: Sequence[Choice],
    policy: PolicySet,
    evidence: Evidence,
    now: datetime,
) -> list[RecordedChoice]:
    """Record declarations of one person in the caller's unit (Art. 7(1), 7(3), R-7-1, R-7-2).

    Effects: a record each, a leaf each queued for the log, a newer state unless a later declaration is known.
    Raises: NotFound (person, purpose); PolicyViolation (the purpose does not rest on consent, the channel is not
    declared, the notice speaks of another purpose); BadInput (a time to come, an unknown method, an oversized
    detail); KeyDestroyed (the evidence key is gone: the person wants a new reference).
    """
    _check_evidence(evidence)
    if session.scalar(select(DataSubject.subject_ref).where(DataSubject.subject_ref == subject_ref)) is None:
        raise NotFound(f"no person {subject_ref} is known here; import or create the contact first")
    if any(choice.state not in ENDING for choice in choices) and is_restricted(
        session, subject_ref, Ground.ERASURE_RUNNING
    ):
        raise Conflict(f"person {subject_ref} was erased: whoever comes back gets a new reference", article="17")
    purposes = [_purpose_resting_on_consent(choice, policy) for choice in choices]
    rows = [
        _row(subject_ref, choice, purpose, policy, evidence, now)
        for choice, purpose in zip(choices, purposes, strict=True)
    ]
    events = [_event(row, purpose, evidence, now) for row, purpose in zip(rows, purposes, strict=True)]
    for row, event_id in zip(rows, queue_many(session, events), strict=True):
        row["event_id"] = event_id
    session.connection().execute(insert(ConsentRecord), rows)
    project(session, rows)
    return [RecordedChoice(row["id"], row["event_id"]) for row in rows]


def _check_evidence(evidence: Evidence) -> None:
    if evidence.method not in METHODS:
        raise BadInput(f"method {evidence.method!r} is unknown; use one of {', '.join(sorted(METHODS))}")
    if len(evidence.details) > MAX_DETAILS:
        raise BadInput(f"evidence has {len(evidence.details)} details; at most {MAX_DETAILS} are kept")
    if any(len(key) + len(text) > MAX_DETAIL_CHARS for key, text in evidence.details.items()):
        raise BadInput(f"a detail of the evidence is longer than {MAX_DETAIL_CHARS} characters")


def _purpose_resting_on_consent(choice: Choice, policy: PolicySet) -> Purpose:
    purpose = policy.purpose(choice.purpose)
    if purpose.basis is not LegalBasis.CONSENT:
        raise PolicyViolation(
            f"purpose {purpose.id!r} rests on {purpose.basis.value}, not on consent; nothing to record here",
            article=purpose.basis.article,
        )
    if choice.channel not in purpose.channels:
        declared = ", ".join(sorted(purpose.channels))
        raise PolicyViolation(
            f"purpose {purpose.id!r} is not declared for channel {choice.channel.value!r}; it has: {declared}",
            article="4(11)",
        )
    if choice.notice.id != purpose.notice_id:
        raise PolicyViolation(
            f"notice {choice.notice.label} does not inform about purpose {purpose.id!r}; use {purpose.notice!r}",
            article="13",
        )
    return purpose


def _row(
    subject_ref: UUID, choice: Choice, purpose: Purpose, policy: PolicySet, evidence: Evidence, now: datetime
) -> dict[str, Any]:
    at = ensure_utc(choice.at or now)
    if at > now + CLOCK_SKEW:
        raise BadInput("a declaration cannot be dated in the future")
    permits = choice.state in PERMITTING and purpose.validity is not None
    return {
        "id": random_ref(),
        "subject_ref": subject_ref,
        "purpose": purpose.id,
        "purpose_version": purpose.version,
        "channel": choice.channel.value,
        "state": choice.state.value,
        "at": at,
        "recorded_at": now,
        "expires_at": add_period(at, purpose.validity) if permits and purpose.validity else None,
        "notice_id": choice.notice.id,
        "notice_version": choice.notice.version,
        "notice_language": choice.notice.language,
        "notice_sha256": choice.notice.sha256,
        "policy_sha256": policy.sha256,
        "method": evidence.method,
    }


def _event(row: Mapping[str, Any], purpose: Purpose, evidence: Evidence, now: datetime) -> Event:
    payload = {
        "record_id": str(row["id"]),
        "subject_ref": str(row["subject_ref"]),
        "purpose": purpose.id,
        "channel": row["channel"],
        "state": row["state"],
        "at": iso(row["at"]),
        "expires_at": iso(row["expires_at"]) if row["expires_at"] else None,
        "notice": f"{row['notice_id']}@{row['notice_version']}/{row['notice_language']}",
        "notice_sha256": row["notice_sha256"],
        "policy_sha256": row["policy_sha256"],
        "method": evidence.method,
        "contact_point": evidence.contact_point,
        "form_sha256": evidence.form_sha256,
        "actor": evidence.actor,
        "details": [{"name": name, "text": text} for name, text in sorted(evidence.details.items())] or None,
    }
    return Event(
        type=EVENT_OF[ConsentState(row["state"])],
        at=now,
        subject_ref=row["subject_ref"],
        payload={key: value for key, value in payload.items() if value is not None},
        data={"policy_sha256": row["policy_sha256"]},
        purpose=purpose.id,
        purpose_v=purpose.version,
        notice_sha256=row["notice_sha256"],
        basis=purpose.basis.value,
    )
