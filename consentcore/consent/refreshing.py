"""Consents that grow old: asking whether they still stand, renewing them, and recording that they ended (R-7-7).

Who is asked and whose consent ended is found by one statement for a batch; what was found is looked at again in the
unit that acts on it. Silence changes nothing: a consent that nobody renewed stands until its validity ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.orm import Session

from consentcore.clock import add_period, ensure_utc
from consentcore.consent.bulk_recording import Declaration, record_many
from consentcore.consent.decide import decide
from consentcore.consent.doubleoptin import (
    CONFIRMED_OVER,
    Letter,
    NotPending,
    Pending,
    lock_person,
    notice_shown,
    sealed_evidence,
    stands,
)
from consentcore.consent.reasons import Reason
from consentcore.consent.record import Choice, Evidence, RecordedChoice, record
from consentcore.consent.tables import (
    PERMITTING,
    ConsentRecord,
    ConsentState,
    ConsentStateRow,
    Quality,
    RefreshReminder,
)
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.outbox.put import put
from consentcore.policyset import Channel, LegalBasis, Notice, PolicySet, Purpose

REMINDED = register("consent.reminded", "a person was asked whether a consent still stands (R-7-7)")
_YES = tuple(state.value for state in PERMITTING)


@dataclass(frozen=True, slots=True)
class Question:
    """A purpose over a channel whose consents are refreshed, and the period after which they are."""

    purpose: Purpose
    channel: Channel
    every: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What one batch recorded: consents that ended, and where the next batch begins; None: there is no more."""

    recorded: int
    after: UUID | None


def questions(policy: PolicySet) -> tuple[Question, ...]:
    """Return what is refreshed, over channels that the question itself may use: a consent to calls allows no mail."""
    return tuple(
        Question(purpose, channel, purpose.refresh)
        for _, purpose in sorted(policy.purposes.items())
        for channel in sorted(purpose.channels & CONFIRMED_OVER)
        if purpose.refresh is not None and purpose.basis is LegalBasis.CONSENT
    )


def due(session: Session, question: Question, now: datetime, limit: int, after: UUID | None = None) -> list[Pending]:
    """Return consents that were given or renewed longer ago than the period, and not asked about within it.

    In the order of references, those after `after`, at most `limit`. Reads only.
    """
    held, asked, since = ConsentStateRow, RefreshReminder, _latest_start(question.every, now)
    same = and_(asked.subject_ref == held.subject_ref, asked.purpose == held.purpose, asked.channel == held.channel)
    query = (
        select(held.record_id, held.subject_ref)
        .outerjoin(asked, same)
        .where(
            held.purpose == question.purpose.id,
            held.channel == question.channel.value,
            held.state.in_(_YES),
            held.at <= since,
            or_(held.expires_at.is_(None), held.expires_at > ensure_utc(now)),
            or_(asked.asked_at.is_(None), asked.asked_at <= since),
        )
        .order_by(held.subject_ref)
        .limit(limit)
    )
    if after is not None:
        query = query.where(held.subject_ref > after)
    return [
        Pending(record_id, subject_ref, question.purpose.id, question.channel)
        for record_id, subject_ref in session.execute(query)
    ]


def remind(
    session: Session,
    keyring: Keyring,
    found: Pending,
    question: Question,
    policy: PolicySet,
    letter: Letter,
    now: datetime,
) -> bool:
    """Ask one person whether a consent still stands, in the caller's unit, if it is still due and may be used today.

    Tells whether it was done. Nobody is asked who objected, is restricted, shares the decision with another reference
    that says no, or was asked meanwhile.
    Effects: a message in the outbox, a leaf `consent.reminded`, the note of the day.
    """
    lock_person(session, found.subject_ref)
    held = stands(session, found.subject_ref, found.purpose, found.channel, now)
    if held is None or held.record_id != found.record_id or not _is_over(held.at, question.every, now):
        return False
    key = (found.subject_ref, found.purpose, found.channel.value)
    before = session.get(RefreshReminder, key, populate_existing=True)
    if before is not None and not _is_over(before.asked_at, question.every, now):
        return False
    answer = decide(session, found.subject_ref, found.purpose, found.channel, policy, now)
    if answer.reason is not Reason.CONSENT_GIVEN:
        return False
    put(session, keyring, letter(found), now)
    _note(session, found, before is not None, now)
    return True


def _note(session: Session, found: Pending, again: bool, now: datetime) -> None:
    values = {"record_id": found.record_id, "asked_at": ensure_utc(now)}
    key = {"subject_ref": found.subject_ref, "purpose": found.purpose, "channel": found.channel.value}
    if again:
        conditions = [getattr(RefreshReminder, name) == value for name, value in key.items()]
        session.execute(
            update(RefreshReminder).where(*conditions).values(**values).execution_options(synchronize_session=False)
        )
    else:
        session.execute(insert(RefreshReminder).values(**key, **values))
    payload = {"record_id": str(found.record_id), "channel": found.channel.value}
    queue(
        session,
        Event(type=REMINDED, at=now, subject_ref=found.subject_ref, payload=payload, purpose=found.purpose),
    )


def renew(
    session: Session,
    keyring: Keyring,
    pending: Pending,
    notice: Notice,
    policy: PolicySet,
    proof: Mapping[str, str],
    now: datetime,
) -> RecordedChoice:
    """Record that a consent goes on, in the caller's unit, once for each consent; its validity begins anew (R-7-7).

    `notice` is the one that the page showed; address and form are those of the consent that goes on.
    Raises: NotPending where that consent no longer stands; what `record.record` raises.
    """
    lock_person(session, pending.subject_ref)
    held = stands(session, pending.subject_ref, pending.purpose, pending.channel, now)
    if held is None or held.record_id != pending.record_id:
        raise NotPending("this consent no longer stands, or it was renewed already")
    row = session.get_one(ConsentRecord, held.record_id)
    said = sealed_evidence(session, keyring, row)
    details = {**proof, "renewed_record": str(row.id)}
    evidence = Evidence("email", said.get("contact_point"), said.get("form_sha256"), "data subject", details)
    explicit = bool(row.quality & Quality.EXPLICIT)
    choice = Choice(pending.purpose, pending.channel, ConsentState.RENEWED, notice, explicit=explicit)
    return record(session, pending.subject_ref, [choice], policy, evidence, now)[0]


def end_next(
    session: Session,
    keyring: Keyring,
    purpose: Purpose,
    policy: PolicySet,
    now: datetime,
    limit: int,
    after: UUID | None = None,
) -> Ended:
    """Record the end of consents to one purpose whose validity is over, one batch in the caller's unit.

    An end is dated at the instant at which it came; the method named is that of the consent which ended, for nobody
    declared anything. A person whose evidence key is being destroyed is passed over.
    Effects: a record, a leaf `consent.expired` and a state for each.
    """
    held, made = ConsentStateRow, ConsentRecord
    query = (
        select(made)
        .join(held, held.record_id == made.id)
        .where(
            held.purpose == purpose.id,
            held.channel.in_([one.value for one in purpose.channels]),
            held.state.in_(_YES),
            held.expires_at <= ensure_utc(now),
        )
        .order_by(held.subject_ref, held.channel)
        .limit(limit)
        .with_for_update(of=held)
    )
    if after is not None:
        query = query.where(held.subject_ref >= after)
    rows = session.scalars(query).all()
    alive = keyring.ciphers({row.subject_ref.bytes for row in rows}, KeyClass.EVIDENCE)
    ended = [row for row in rows if row.subject_ref.bytes in alive]
    for method in sorted({row.method for row in ended}):
        declarations = [_end(row, purpose, policy) for row in ended if row.method == method]
        evidence = Evidence(method, actor="controller", details={"ended_by": "validity"})
        record_many(session, declarations, policy, evidence, now)
    more = len(rows) == limit and (len(ended) > 0 or rows[-1].subject_ref != after)
    return Ended(len(ended), rows[-1].subject_ref if more else None)


def _end(row: ConsentRecord, purpose: Purpose, policy: PolicySet) -> Declaration:
    notice = notice_shown(row)
    if notice.id != purpose.notice_id and purpose.notice is not None:  # the purpose took another notice since
        notice_id, _, version = purpose.notice.partition("@")
        notice = policy.notice(notice_id, int(version), policy.controller.languages[0])
    choice = Choice(row.purpose, Channel(row.channel), ConsentState.EXPIRED, notice, row.expires_at)
    return Declaration(row.subject_ref, choice)


def _is_over(since: datetime, period: str, now: datetime) -> bool:
    return add_period(since, period) <= now


def _latest_start(period: str, now: datetime) -> datetime:
    """Return the latest instant from which a period is over: one comparison then serves a whole table.

    The end never moves back when the start moves on, so a search by halves over days finds it.
    """
    instant = ensure_utc(now)
    low, high = 1, instant.toordinal()
    while low < high:
        middle = (low + high + 1) // 2
        if _ends_by(instant - timedelta(days=instant.toordinal() - middle), period, instant):
            low = middle
        else:
            high = middle - 1
    return datetime.combine(date.fromordinal(low), instant.timetz())


def _ends_by(start: datetime, period: str, instant: datetime) -> bool:
    try:
        return _is_over(start, period, instant)
    except BadInput:
        return False  # an end that the calendar does not hold is not past
