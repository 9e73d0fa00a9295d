"""Double opt-in: a consent that is asked for, and stands once the person confirmed it where it is to be used (R-7-8).

Asking records `requested` and writes to the address in the same unit; confirming records `given` with what was shown
when it was asked. A pending request never overrides an active consent, and any later word of the person ends it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import iso
from consentcore.consent.record import Choice, Evidence, RecordedChoice, record
from consentcore.consent.tables import PERMITTING, ConsentRecord, ConsentState, ConsentStateRow, Quality
from consentcore.crypto.blindindex import normalise_email
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.tables import BlindIndexRow
from consentcore.errors import BadInput, Conflict, NotFound, PolicyViolation
from consentcore.ledger.content import open_contents
from consentcore.ledger.tables import LogEvent, LogLeaf
from consentcore.outbox.put import Message, put
from consentcore.policyset import Channel, Notice, PolicySet
from consentcore.subjects.matching import find_subjects
from consentcore.subjects.tables import DataSubject
from consentcore.suppression.entries import INDEX_OF

CONFIRMED_OVER = frozenset({Channel.EMAIL})
"""Channels over which somebody can be written to with a link; the outbox sends mail alone."""
MOST_PROOFS = 8


class NotPending(Conflict):
    """A confirmation that nobody waits for: it was made, it was superseded, or the person said something since."""

    default_code = "not_pending"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for: whose consent, to what, under the notice that was shown, and how it was asked.

    The evidence names the contact point that has to confirm.
    """

    subject_ref: UUID
    purpose: str
    channel: Channel
    notice: Notice
    evidence: Evidence
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A declaration that a link refers to, by its record; whoever holds the record's id alone can do nothing."""

    record_id: UUID
    subject_ref: UUID
    purpose: str
    channel: Channel


Letter = Callable[[Pending], Message]
"""Writes the mail with the link that confirms; the faces know addresses and words."""


def request(
    session: Session, keyring: Keyring, asked: Asked, policy: PolicySet, letter: Letter, now: datetime
) -> Pending | None:
    """Ask a person to confirm a consent, in the caller's unit; None where a consent already stands: nothing is done.

    Asked again, the older request can no longer be confirmed. Whoever calls this limits how often (mail bombing).
    Effects: a record and leaf `requested`, a message in the outbox.
    Raises: PolicyViolation (the purpose asks for no confirmation over the channel, or none can be sent there),
    BadInput (no contact point), and what `record.record` raises.
    """
    purpose = policy.purpose(asked.purpose)
    if asked.channel not in purpose.double_opt_in or asked.channel not in CONFIRMED_OVER:
        raise PolicyViolation(
            f"purpose {purpose.id!r} asks for no confirmation over {asked.channel.value} that could be sent; record "
            "the consent as it was given",
            article="7(1)",
        )
    if asked.evidence.contact_point is None:
        raise BadInput("a confirmation is asked for at an address; the evidence names none")
    lock_person(session, asked.subject_ref)
    if stands(session, asked.subject_ref, purpose.id, asked.channel, now) is not None:
        return None
    choice = Choice(purpose.id, asked.channel, ConsentState.REQUESTED, asked.notice, explicit=asked.explicit)
    done = record(session, asked.subject_ref, [choice], policy, asked.evidence, now)[0]
    pending = Pending(done.record_id, asked.subject_ref, purpose.id, asked.channel)
    put(session, keyring, letter(pending), now)
    return pending


def confirm(
    session: Session,
    keyring: Keyring,
    pending: Pending,
    policy: PolicySet,
    proof: Mapping[str, str],
    now: datetime,
) -> RecordedChoice:
    """Record the consent that was asked for, in the caller's unit, once (Art. 7(1)); `proof` joins its evidence.

    The record names the notice, form and address of the request: that is what the person agreed to. An address that
    the person left meanwhile confirms nothing.
    Effects: as `record.record`. Raises: NotPending; what `record.record` raises.
    """
    lock_person(session, pending.subject_ref)
    asked = awaited(session, pending)
    if asked is None:
        raise NotPending("nobody waits for this confirmation any more; ask for a new one")
    said = sealed_evidence(session, keyring, asked)
    if not _still_reached_at(session, keyring, pending, str(said.get("contact_point"))):
        raise NotPending("the address that was asked is no longer the person's; ask at the new one")
    details = {
        **{name: text for name, text in _details(said).items() if name not in proof},
        **dict(list(proof.items())[:MOST_PROOFS]),
        "requested_record": str(asked.id),
        "requested_at": iso(asked.at),
    }
    evidence = Evidence("email", said.get("contact_point"), said.get("form_sha256"), "data subject", details)
    explicit = bool(asked.quality & Quality.EXPLICIT)
    choice = Choice(pending.purpose, pending.channel, ConsentState.GIVEN, notice_shown(asked), explicit=explicit)
    return record(session, pending.subject_ref, [choice], policy, evidence, now)[0]


def awaited(session: Session, pending: Pending) -> ConsentRecord | None:
    """Return the request that a confirmation is awaited for; None once the person said anything since. Reads only."""
    found = session.execute(
        select(ConsentRecord)
        .outerjoin(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id)
        .where(
            ConsentRecord.subject_ref == pending.subject_ref,
            ConsentRecord.purpose == pending.purpose,
            ConsentRecord.channel == pending.channel.value,
            ConsentRecord.state != ConsentState.UNKNOWN.value,
        )
        .order_by(ConsentRecord.at.desc(), LogLeaf.idx.desc())
        .limit(1)
    ).scalar_one_or_none()
    if found is None or found.id != pending.record_id or found.state != ConsentState.REQUESTED:
        return None
    return found


def stands(
    session: Session, subject_ref: UUID, purpose: str, channel: Channel, now: datetime
) -> ConsentStateRow | None:
    """Return the consent that stands for a purpose and channel at an instant, None where there is none. Reads only."""
    held = session.get(ConsentStateRow, (subject_ref, purpose, channel.value), populate_existing=True)
    if held is None or held.state not in PERMITTING:
        return None
    return held if held.expires_at is None or held.expires_at > now else None


def lock_person(session: Session, subject_ref: UUID) -> None:
    """Put units that speak for one person in an order: of two confirmations by one link, the second finds the first."""
    session.scalar(select(DataSubject.subject_ref).where(DataSubject.subject_ref == subject_ref).with_for_update())


def sealed_evidence(session: Session, keyring: Keyring, row: ConsentRecord) -> dict[str, Any]:
    """Open what a declaration was recorded with.

    Raises: NotPending where it is gone with its person's key, or does not fit its leaf.
    """
    header = session.scalar(select(LogEvent.header).where(LogEvent.id == row.event_id))
    if header is None:
        raise NotFound(f"record {row.id} has no event in the log")
    claim = (row.event_id.bytes, row.subject_ref.bytes, header)
    content = open_contents(session, keyring, [claim])[row.event_id.bytes]
    if not isinstance(content, bytes):
        raise NotPending("what was asked can no longer be read; ask for a new confirmation")
    opened: dict[str, Any] = json.loads(content)
    return opened


def notice_shown(row: ConsentRecord) -> Notice:
    """Return the notice that a declaration was made under, by what identifies it; its text stands in the policies."""
    return Notice(row.notice_id, row.notice_version, row.notice_language, "", "", row.notice_sha256, row.at.date())


def _still_reached_at(session: Session, keyring: Keyring, pending: Pending, address: str) -> bool:
    """Tell whether the address that was asked is one of the person's; where none is on record it is not doubted."""
    number = INDEX_OF[pending.channel]
    known = select(BlindIndexRow.row_id).where(
        BlindIndexRow.subject_ref == pending.subject_ref, BlindIndexRow.field_number == number
    )
    if session.scalar(known.limit(1)) is None:
        return True
    return pending.subject_ref in find_subjects(session, keyring, number, normalise_email(address) or "")


def _details(said: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: one["text"] for one in said.get("details", [])[:MOST_PROOFS]}
