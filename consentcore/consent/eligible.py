"""Who of all persons may be reached for a purpose over a channel: set-based, with the others counted by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent import lookup
from consentcore.consent.further import look_further
from consentcore.consent.judging import OF_STATE, Matter
from consentcore.consent.matters import declared, reads_once
from consentcore.consent.reasons import Reason
from consentcore.consent.tables import Quality
from consentcore.policyset import Channel, PolicySet, Rule
from consentcore.subjects.tables import DataSubject

_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Those who may be reached, as bytes of their references in no order, and why the others may not."""

    keys: Sequence[bytes]
    excluded: Mapping[Reason, int]

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[UUID]:
        return (UUID(bytes=bytes(key)) for key in self.keys)


def eligible(session: Session, purpose_id: str, channel: Channel, policy: PolicySet, now: datetime) -> Eligibility:
    """Return every person known here who may be reached, and count the others by the reason that decided.

    Each person gets the answer that `decide` gives: those on whom nothing stands by one statement over the projection,
    the others one by one. Reads only. Raises: NotFound (purpose), PolicyViolation (channel not declared).
    """
    purpose = declared(policy, purpose_id, channel)
    matter = Matter(purpose, channel, policy, now)
    if not reads_once(purpose, channel):
        return _one_by_one(session, matter)
    looked_at = lookup.people_to_look_at(session)
    if purpose.rule is Rule.OPT_IN:
        keys = lookup.permitted(session, purpose_id, channel.value, now)
        excluded = _excluded(session, matter, len(keys) + len(looked_at))
    else:
        keys, excluded = lookup.at_large(session), Counter()
    return _with(session, matter, keys, excluded, looked_at)


def _excluded(session: Session, matter: Matter, others: int) -> Counter[Reason]:
    """Count those who declared something that does not permit, and those who never declared anything."""
    counts: Counter[Reason] = Counter()
    for state, quality, number in lookup.forbidden(session, matter.purpose.id, matter.channel.value, matter.at):
        reason = OF_STATE[state]
        if reason is Reason.CONSENT_GIVEN:
            reason = Reason.PARENT_CONSENT_MISSING if quality & Quality.PARENT_MISSING else Reason.EXPIRED
        counts[reason] += number
    silent = lookup.people_known(session) - others - counts.total()
    if silent > 0:
        counts[Reason.CONSENT_MISSING] += silent
    return counts


def _with(
    session: Session, matter: Matter, keys: list[bytes], excluded: Counter[Reason], refs: Sequence[UUID]
) -> Eligibility:
    for start in range(0, len(refs), _PAGE):
        _sort(session, matter, refs[start : start + _PAGE], keys, excluded)
    return Eligibility(keys, MappingProxyType(dict(excluded)))


def _one_by_one(session: Session, matter: Matter) -> Eligibility:
    keys: list[bytes] = []
    excluded: Counter[Reason] = Counter()
    people = select(DataSubject.subject_ref).order_by(DataSubject.subject_ref).limit(_PAGE)
    page = session.scalars(people).all()
    while page:
        _sort(session, matter, page, keys, excluded)
        page = session.scalars(people.where(DataSubject.subject_ref > page[-1])).all()
    return Eligibility(keys, MappingProxyType(dict(excluded)))


def _sort(session: Session, matter: Matter, refs: Sequence[UUID], keys: list[bytes], excluded: Counter[Reason]) -> None:
    for ref, answer in look_further(session, refs, matter).items():
        if answer.allowed:
            keys.append(ref.bytes)
        else:
            excluded[answer.reason] += 1
