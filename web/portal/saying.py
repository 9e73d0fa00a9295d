"""Recording what a person says on the portal: a yes for one person alone, a no for everyone reached at the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.gathering import gather
from consentcore.consent.judging import Matter
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import PERMITTING, ConsentState
from consentcore.errors import ConfigurationError, Conflict
from consentcore.policyset import PolicySet
from consentcore.subjects import objections
from consentcore.subjects.matching import matches_of
from consentcore.subjects.objections import ObjectionState
from consentcore.suppression.entries import (
    INDEX_OF,
    SuppressionReason,
    entries_of_person,
    lift,
    suppress_person,
)
from consentcore.suppression.tables import MARKETING
from web.portal.offers import YES, Row, notice_of

_ENDED = frozenset({*(state.value for state in PERMITTING), ConsentState.REQUESTED.value, ConsentState.EXPIRED.value})


class SharedPoint(Conflict):
    """Somebody else is reached at the same address or number, so that a yes cannot be told from theirs."""

    default_code = "shared_point"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer that was recorded; `record_ids` are those of consents, which have receipts."""

    key: str
    answer: str
    record_ids: tuple[UUID, ...] = ()


def say(
    session: Session,
    persons: Sequence[UUID],
    row: Row,
    answer: str,
    policy: PolicySet,
    evidence: Evidence,
    lang: str,
    now: datetime,
) -> Said:
    """Record one answer in the caller's unit (Art. 7(1), 7(3), 21(3)); `lang` is that of the page.

    Effects: consent records, or objections and entries of the opposition list, or the end of these.
    Raises: SharedPoint for a yes that cannot be ascribed to one person; what consent.record raises.
    """
    if answer == YES and len(persons) != 1:
        raise SharedPoint("several persons are reached at this address; a yes must say whose it is")
    if row.channel is None:
        for person in persons:
            if answer == YES:
                _take_back(session, person, row, policy, now)
            else:
                _object(session, person, row, now)
        return Said(row.key, answer)
    done = [_declare(session, person, row, answer, policy, evidence, lang, now) for person in persons]
    return Said(row.key, answer, tuple(done))


def _declare(
    session: Session,
    person: UUID,
    row: Row,
    answer: str,
    policy: PolicySet,
    evidence: Evidence,
    lang: str,
    now: datetime,
) -> UUID:
    notice = notice_of(row.purpose, policy, lang)
    if notice is None or row.channel is None:
        raise ConfigurationError(f"purpose {row.purpose.id!r} has no notice; see `consentcore policies check`")
    state = ConsentState.GIVEN
    if answer != YES:
        held = gather(session, [person], Matter(row.purpose, row.channel, policy, now)).get(person)
        before = None if held is None else held.state
        state = ConsentState.WITHDRAWN if before in _ENDED else ConsentState.REFUSED
    choice = Choice(row.purpose.id, row.channel, state, notice)
    return record(session, person, [choice], policy, evidence, now)[0].record_id


def _object(session: Session, person: UUID, row: Row, now: datetime) -> None:
    objections.record(session, person, [row.purpose.id], ObjectionState.ABSOLUTE, now)
    suppress_person(session, person, row.purpose.id, SuppressionReason.OBJECTION, now)


def _take_back(session: Session, person: UUID, row: Row, policy: PolicySet, now: datetime) -> None:
    """End an objection to one purpose; one to marketing as a whole goes on for every other purpose."""
    entries = [one for one in entries_of_person(session, person) if one.scope in (row.purpose.id, MARKETING)]
    shared = {number for match in matches_of(session, person) for number in match.fields}
    if any(INDEX_OF[one.channel] in shared for one in entries):
        raise SharedPoint("an objection stands at an address or number that several persons share")
    others = [one.id for one in policy.purposes.values() if one.is_marketing and one.id != row.purpose.id]
    for entry in entries:
        if entry.scope == MARKETING:
            for other in others:
                suppress_person(session, person, other, SuppressionReason.OBJECTION, now, since=entry.since)
        lift(session, entry.id, "portal", now)
    objections.lift(session, person, row.purpose.id, "portal", now)
