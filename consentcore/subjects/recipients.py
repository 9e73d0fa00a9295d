"""Telling every recipient of a person's data what became of them (Art. 19, R-19-1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.crypto.keyring import Keyring
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.outbox.put import Message, put
from consentcore.policyset import PolicySet
from consentcore.subjects.tables import Disclosure, RecipientNotice

TOLD = register("recipient.told", "a recipient of a person's data was told what became of them (Art. 19)")


class NoticeKind(StrEnum):
    """What a recipient is told of."""

    RECTIFIED = "rectified"
    ERASED = "erased"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Told:
    """A recipient that was told, or whom somebody has to tell by hand (`by_hand`: no address in the policies)."""

    recipient: str
    by_hand: bool


def recipients_of(session: Session, subject_ref: UUID) -> tuple[str, ...]:
    """Return the recipients to whom data of a person were actually disclosed, sorted (C-154/21)."""
    rows = session.scalars(select(Disclosure.recipient).where(Disclosure.subject_ref == subject_ref).distinct())
    return tuple(sorted(rows))


def tell(
    session: Session,
    keyring: Keyring,
    policy: PolicySet,
    subject_ref: UUID,
    request_id: UUID,
    kind: NoticeKind,
    bodies: Mapping[str, str],
    now: datetime,
) -> list[Told]:
    """Write to every recipient of a person's data, once for each request and kind, in the caller's unit.

    `bodies` holds the text by language; each is made by the caller, who knows what the recipient needs to find the
    person. Effects: a message in the outbox, a row and a leaf `recipient.told` for each recipient not told yet.
    """
    known = set(
        session.scalars(
            select(RecipientNotice.recipient).where(
                RecipientNotice.request_id == request_id, RecipientNotice.kind == kind.value
            )
        )
    )
    told: list[Told] = []
    for name in recipients_of(session, subject_ref):
        if name in known:
            continue
        address = policy.recipients[name].email if name in policy.recipients else None
        message_id = None
        if address is not None:
            text = "\n\n".join(bodies[language] for language in policy.controller.languages if language in bodies)
            subject = f"{policy.controller.name}: Art. 19 RGPD/GDPR"
            message = Message(f"recipient_{kind.value}", address, subject, text, subject_ref)
            message_id = put(session, keyring, message, now)
        session.add(
            RecipientNotice(
                subject_ref=subject_ref,
                request_id=request_id,
                recipient=name,
                kind=kind.value,
                message_id=message_id,
                told_at=ensure_utc(now),
            )
        )
        payload = {"request_id": str(request_id), "recipient": name, "by_hand": message_id is None}
        queue(session, Event(type=TOLD, at=now, subject_ref=subject_ref, payload=payload, data={"kind": kind.value}))
        told.append(Told(name, message_id is None))
    session.flush()
    return told
