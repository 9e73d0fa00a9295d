"""What a declaration must fulfil to be recorded: its purpose, its channel, its notice, and whose it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent.declarations import ENDING, Choice
from consentcore.consent.matters import declared
from consentcore.errors import Conflict, NotFound, PolicyViolation
from consentcore.ledger.statements import run
from consentcore.policyset import LegalBasis, PolicySet, Purpose
from consentcore.subjects.restrictions import Ground
from consentcore.subjects.standing import Standing
from consentcore.subjects.tables import Restriction

_CHUNK = 500


def purpose_of(choice: Choice, policy: PolicySet) -> Purpose:
    """Return the purpose of a choice.

    Raises: NotFound; PolicyViolation (it does not rest on consent, its channel is not declared, the notice speaks of
    another purpose).
    """
    purpose = policy.purpose(choice.purpose)
    if purpose.basis is not LegalBasis.CONSENT:
        raise PolicyViolation(
            f"purpose {purpose.id!r} rests on {purpose.basis.value}, not on consent; nothing to record here",
            article=purpose.basis.article,
        )
    declared(policy, purpose.id, choice.channel, article="4(11)")
    if choice.notice.id != purpose.notice_id:
        raise PolicyViolation(
            f"notice {choice.notice.label} does not inform about purpose {purpose.id!r}; use {purpose.notice!r}",
            article="13",
        )
    return purpose


def erasures(session: Session, subject_refs: Collection[UUID]) -> dict[UUID, datetime | None]:
    """Return, of those who were erased in whole or in part, when that was over; None while it runs or for ever.

    Raises: NotFound for somebody who is unknown here.
    """
    restricted = _restricted(session, list(dict.fromkeys(subject_refs)))
    if not restricted:
        return {}
    ended: dict[UUID, datetime | None] = {}
    query = select(Restriction.subject_ref, Restriction.lifted_at).where(
        Restriction.subject_ref.in_(restricted), Restriction.ground == Ground.ERASURE_RUNNING.value
    )
    for ref, lifted_at in session.execute(query):
        before = ended.get(ref, lifted_at)
        ended[ref] = None if before is None or lifted_at is None else max(before, lifted_at)
    return ended


def _restricted(session: Session, refs: Sequence[UUID]) -> list[UUID]:
    connection = session.connection()
    standing: dict[bytes, int] = {}
    for start in range(0, len(refs), _CHUNK):
        keys = [ref.bytes for ref in refs[start : start + _CHUNK]]
        text = f"SELECT subject_ref, standing FROM cc_subject WHERE subject_ref IN ({', '.join('?' * len(keys))})"  # noqa: S608
        standing |= {bytes(row[0]): row[1] for row in run(connection, text, *keys)}
    for ref in refs:
        if ref.bytes not in standing:
            raise NotFound(f"no person {ref} is known here; import or create the contact first")
    return [ref for ref in refs if standing[ref.bytes] & Standing.RESTRICTED]


def refuse_after_erasure(subject_ref: UUID, choice: Choice, at: datetime, erased: dict[UUID, datetime | None]) -> None:
    """Refuse a yes of somebody who was erased, or one dated before the end of an erasure; a no is never refused.

    Raises: Conflict.
    """
    if subject_ref not in erased or choice.state in ENDING:
        return
    over = erased[subject_ref]
    if over is None:
        raise Conflict(f"person {subject_ref} was erased: whoever comes back gets a new reference", article="17")
    if at <= over:
        raise Conflict(
            f"person {subject_ref} had consents erased after this one was declared; it ended with them", article="17"
        )
