"""What may be done towards one person, purpose by purpose, now or at a past instant, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.decide import Decision, Reason, decide
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.policyset import Channel, LegalBasis, Purpose
from registry.store_words import value_in_words
from web.console.decision_words import basis_in_words, by_channels, purpose_title, reason_in_words
from web.shell.language import gettext as _
from web.shell.language import language, long_day, long_moment
from web.shell.language import local as to_local
from web.wiring import Service


@dataclass(frozen=True, slots=True)
class Answer:
    """One purpose over the channels that share one answer."""

    purpose: str
    channels: str
    basis: str
    allowed: bool
    reason: str
    source: str
    """The declaration that the answer rests on, in words; empty where there is none."""
    record_id: UUID | None
    chosen: bool
    """Whether the person chooses: direct marketing, and whatever rests on consent."""


def answers(session: Session, wired: Service, subject_ref: UUID, as_of: datetime | None) -> list[Answer]:
    """Ask for every purpose and channel of the policies; first what people have a choice about."""
    return [
        answer
        for purpose in sorted(wired.policy.purposes.values(), key=lambda one: (not _is_chosen(one), one.id))
        for answer in _of_purpose(session, wired, subject_ref, purpose, as_of)
    ]


def _of_purpose(
    session: Session, wired: Service, subject_ref: UUID, purpose: Purpose, as_of: datetime | None
) -> Iterator[Answer]:
    alike: dict[Decision, list[Channel]] = {}
    for channel in sorted(purpose.channels):
        now = wired.now()
        decision = decide(session, subject_ref, purpose.id, channel, wired.policy, now, as_of=as_of)
        alike.setdefault(decision, []).append(channel)
    for decision, channels in alike.items():
        record = session.get(ConsentRecord, decision.record_id) if decision.record_id else None
        yield Answer(
            purpose=purpose_title(purpose),
            channels=by_channels(channels),
            basis=basis_in_words(purpose),
            allowed=decision.allowed,
            reason=_reason(decision),
            source=source_in_words(record) if record else "",
            record_id=record.id if record else None,
            chosen=_is_chosen(purpose),
        )


def _is_chosen(purpose: Purpose) -> bool:
    return purpose.is_marketing or purpose.basis is LegalBasis.CONSENT


def source_in_words(record: ConsentRecord) -> str:
    """Say what a person declared last, when, and until when it holds."""
    state = state_in_words(record)
    said = _("Last declaration: %(state)s, %(moment)s.", state=state, moment=long_moment(record.at))
    if record.expires_at is None:
        return said
    until = _("Valid until %(day)s.", day=long_day(to_local(record.expires_at).date()))
    return f"{said} {until}"


def state_in_words(record: ConsentRecord) -> str:
    """Return what a declaration was: `consent withdrawn`."""
    if record.state == ConsentState.UNKNOWN:
        return _("taken over without proof")
    return value_in_words("state", record.state, language())


def _reason(decision: Decision) -> str:
    if decision.reason is Reason.UNKNOWN_SUBJECT:
        return _("The person was not known here at that time.")
    return reason_in_words(decision.reason)
