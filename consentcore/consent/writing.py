"""Writing declarations that were admitted: rows, leaves and projection, one statement for each table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.orm import Session

from consentcore.bulk import insert_rows
from consentcore.clock import add_period, ensure_utc, iso
from consentcore.consent.admission import refuse_after_erasure
from consentcore.consent.age import rule_for_child
from consentcore.consent.declarations import CLOCK_SKEW, Choice, Evidence, Parent, RecordedChoice, check_parent
from consentcore.consent.events import EVENT_OF
from consentcore.consent.state import project, settle
from consentcore.consent.tables import PERMITTING, ConsentRecord, Quality
from consentcore.consent.unsealed import keep_out, queue_what_can_be
from consentcore.errors import BadInput, PolicyViolation
from consentcore.identifiers import random_ref
from consentcore.ledger.events import Event
from consentcore.policyset import PolicySet, Purpose

_RECORDS = cast(Table, ConsentRecord.__table__)
_EXPLICIT, _PARENT_MISSING = Quality.EXPLICIT.value, Quality.PARENT_MISSING.value


@dataclass(frozen=True, slots=True)
class Declared:
    """A choice of one person whose purpose was found, and how it was made."""

    subject_ref: UUID
    choice: Choice
    purpose: Purpose
    evidence: Evidence
    contact_point: str | None = None
    """What it binds to, where that differs from the evidence of many."""


def write(
    session: Session,
    declared: Sequence[Declared],
    policy: PolicySet,
    now: datetime,
    erased: dict[UUID, datetime | None],
) -> list[RecordedChoice]:
    """Write declarations in the caller's unit; `erased` says who was, as `admission.erasures` found.

    Raises: Conflict, PolicyViolation, BadInput, KeyDestroyed as `record.record`.
    """
    written = Written(policy, now)
    rows = [written.row(session, one, erased) for one in declared]
    events = [written.event(row, one) for row, one in zip(rows, declared, strict=True)]
    ids, unsealed = queue_what_can_be(session, events)
    for row, event_id in zip(rows, ids, strict=True):
        row["event_id"] = event_id
    insert_rows(session.connection(), _RECORDS, rows)
    if erased:
        _settle(session, rows, erased)
    else:
        project(session, rows)
    for at in unsealed:
        one = declared[at]
        keep_out(session, one.subject_ref, one.choice, one.contact_point or one.evidence.contact_point, now)
    return [RecordedChoice(row["id"], row["event_id"]) for row in rows]


def _settle(session: Session, rows: Sequence[dict[str, Any]], erased: Mapping[UUID, datetime | None]) -> None:
    project(session, [row for row in rows if row["subject_ref"] not in erased])
    theirs = [row for row in rows if row["subject_ref"] in erased]
    keys = {(row["subject_ref"], row["purpose"], row["channel"]) for row in theirs}
    settle(session, keys, [row["id"] for row in theirs])


class Written:
    """The rows and events of declarations recorded at one instant under one set of policies."""

    def __init__(self, policy: PolicySet, now: datetime) -> None:
        self._policy = policy
        self._now = now
        self._now_utc = ensure_utc(now)
        self._latest = now + CLOCK_SKEW
        self._texts: dict[datetime, str] = {}
        self._ends: dict[tuple[datetime, str], datetime] = {}

    def row(self, session: Session, one: Declared, erased: dict[UUID, datetime | None]) -> dict[str, Any]:
        """Return the record of a declaration, without its event."""
        choice, purpose, notice = one.choice, one.purpose, one.choice.notice
        at = self._now_utc if choice.at is None else ensure_utc(choice.at)
        if at > self._latest:
            raise BadInput("a declaration cannot be dated in the future")
        if erased:
            refuse_after_erasure(one.subject_ref, choice, at, erased)
        permits = choice.state in PERMITTING
        quality = _EXPLICIT if choice.explicit else 0
        if choice.parent is not None:
            check_parent(choice.parent)
        if permits and purpose.for_children:
            quality |= self._childs(session, one, at)
        return {
            "id": random_ref(),
            "subject_ref": one.subject_ref,
            "purpose": purpose.id,
            "purpose_version": purpose.version,
            "channel": choice.channel.value,
            "state": choice.state.value,
            "at": at,
            "recorded_at": self._now,
            "expires_at": self._end(at, purpose.validity) if permits and purpose.validity else None,
            "notice_id": notice.id,
            "notice_version": notice.version,
            "notice_language": notice.language,
            "notice_sha256": notice.sha256,
            "policy_sha256": self._policy.sha256,
            "method": one.evidence.method,
            "quality": quality,
        }

    def event(self, row: Mapping[str, Any], one: Declared) -> Event:
        """Return the event of a record, what identifies the person in its payload."""
        evidence, choice, purpose = one.evidence, one.choice, one.purpose
        ends, quality = row["expires_at"], row["quality"]
        payload = {
            "record_id": str(row["id"]),
            "subject_ref": str(row["subject_ref"]),
            "purpose": purpose.id,
            "channel": row["channel"],
            "state": row["state"],
            "at": self._iso(row["at"]),
            "expires_at": None if ends is None else self._iso(ends),
            "notice": choice.notice.label,
            "notice_sha256": row["notice_sha256"],
            "policy_sha256": row["policy_sha256"],
            "method": evidence.method,
            "explicit": bool(quality & _EXPLICIT) or None,
            "parent_missing": bool(quality & _PARENT_MISSING) or None,
            "parent": None if choice.parent is None else _parent(choice.parent),
            "contact_point": one.contact_point or evidence.contact_point,
            "form_sha256": evidence.form_sha256,
            "actor": evidence.actor,
            "details": [{"name": name, "text": text} for name, text in sorted(evidence.details.items())] or None,
        }
        return Event(
            type=EVENT_OF[choice.state],
            at=self._now,
            subject_ref=row["subject_ref"],
            payload={key: value for key, value in payload.items() if value is not None},
            data={"policy_sha256": row["policy_sha256"]},
            purpose=purpose.id,
            purpose_v=purpose.version,
            notice_sha256=row["notice_sha256"],
            basis=purpose.basis.value,
        )

    def _childs(self, session: Session, one: Declared, at: datetime) -> int:
        """Tell what a child's yes lacks (R-8-2). Raises: PolicyViolation for a parent alone where both consent."""
        rule, parent = rule_for_child(session, one.subject_ref, self._policy, at), one.choice.parent
        if rule is None:
            return 0
        if parent is None:
            return _PARENT_MISSING
        if rule.joint and parent.authorises is None:
            raise PolicyViolation(
                f"below {rule.age} a child consents together with a parent ({rule.legal_text}): record what the child "
                "declared first, then the parent's consent to that record",
                article="8(1)",
            )
        return 0

    def _iso(self, at: datetime) -> str:
        known = self._texts.get(at)
        if known is None:
            known = self._texts[at] = iso(at)
        return known

    def _end(self, at: datetime, validity: str) -> datetime:
        known = self._ends.get((at, validity))
        if known is None:
            known = self._ends[at, validity] = add_period(at, validity)
        return known


def _parent(parent: Parent) -> dict[str, str]:
    said = {
        "who": parent.who,
        "subject_ref": str(parent.subject_ref) if parent.subject_ref else None,
        "effort": parent.effort,
        "authorises": str(parent.authorises) if parent.authorises else None,
    }
    return {name: text for name, text in said.items() if text is not None}
