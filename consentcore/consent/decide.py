"""The answer to "may we contact this person, for this, over this?", always with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent.history import state_as_of
from consentcore.consent.lookup import HeldState, held_state, opposition_as_of
from consentcore.consent.tables import ERASED, PERMITTING, ConsentRecord, ConsentState
from consentcore.errors import BadInput, PolicyViolation
from consentcore.policyset import Channel, LegalBasis, PolicySet, Purpose, Rule


class Reason(StrEnum):
    """Why a decision came out as it did: part of the closed list that the public surface names."""

    CONSENT_GIVEN = "consent_given"
    CONSENT_MISSING = "consent_missing"
    CONSENT_REFUSED = "consent_refused"
    CONSENT_INVALIDATED = "consent_invalidated"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_UNPROVEN = "consent_unproven"
    REQUESTED_UNCONFIRMED = "requested_unconfirmed"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    OBJECTION = "objection"
    RESTRICTED = "restricted"
    SHARED_CONTACT_POINT = "shared_contact_point"
    NO_SALE = "no_sale"
    LEGITIMATE_INTEREST = "legitimate_interest"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    ERASED = "erased"
    UNKNOWN_SUBJECT = "unknown_subject"


_OF_STATE: dict[str | None, Reason] = {
    None: Reason.CONSENT_MISSING,
    ConsentState.GIVEN: Reason.CONSENT_GIVEN,
    ConsentState.RENEWED: Reason.CONSENT_GIVEN,
    ConsentState.REFUSED: Reason.CONSENT_REFUSED,
    ConsentState.WITHDRAWN: Reason.CONSENT_WITHDRAWN,
    ConsentState.EXPIRED: Reason.EXPIRED,
    ConsentState.REQUESTED: Reason.REQUESTED_UNCONFIRMED,
    ConsentState.INVALIDATED: Reason.CONSENT_INVALIDATED,
    ConsentState.UNKNOWN: Reason.CONSENT_UNPROVEN,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, why, on which basis, and the record and policies that the answer rests on (R-7-1)."""

    allowed: bool
    reason: Reason
    basis: LegalBasis
    policy_sha256: str
    record_id: UUID | None = None


def decide(
    session: Session,
    subject_ref: UUID,
    purpose_id: str,
    channel: Channel,
    policy: PolicySet,
    now: datetime,
    *,
    as_of: datetime | None = None,
) -> Decision:
    """Say whether a person may be reached for a purpose over a channel; silence is never consent (Art. 4(11)).

    `as_of` asks what the answer was at a past instant, from the records. Reads only.
    Raises: NotFound (purpose), PolicyViolation (channel not declared), BadInput (`as_of` in the future).
    """
    purpose = _declared(policy, purpose_id, channel)
    at = now
    if as_of is None:
        held = held_state(session, subject_ref, purpose_id, channel.value, marketing=is_marketing(purpose))
    else:
        if as_of > now:
            raise BadInput("a decision cannot be asked for a time to come")
        at = as_of
        held = _held_as_of(session, subject_ref, purpose, channel, as_of)
    return _answer(purpose, held, policy.sha256, at)


def is_marketing(purpose: Purpose) -> bool:
    """Tell whether a purpose is direct marketing, to which a person may object without any weighing (Art. 21(2)).

    Those are the purposes decided by opt-in or by the exception for customers; `basis` purposes are not.
    """
    return purpose.rule is not Rule.BASIS


def _held_as_of(
    session: Session, subject_ref: UUID, purpose: Purpose, channel: Channel, instant: datetime
) -> HeldState | None:
    held = state_as_of(session, subject_ref, purpose.id, channel.value, instant)
    if held is None:
        return None
    against = opposition_as_of(session, subject_ref, purpose.id, instant, marketing=is_marketing(purpose))
    at = session.scalar(select(ConsentRecord.at).where(ConsentRecord.id == held.record_id))
    return held._replace(
        at=at,
        suppressed_at=against.suppressed_at,
        objected_at=against.objected_at,
        restricted_at=against.restricted_at,
    )


def decide_for_all(
    session: Session,
    subject_refs: Sequence[UUID],
    purpose_id: str,
    channel: Channel,
    policy: PolicySet,
    now: datetime,
    *,
    as_of: datetime | None = None,
) -> Decision:
    """Decide for a contact point that several persons may share: it is allowed only if it is for every one of them.

    No person at all: not allowed, `unknown_subject`. One refuses: her own reason if all agree, else
    `shared_contact_point`. Raises as `decide` does.
    """
    purpose = _declared(policy, purpose_id, channel)
    answers = [decide(session, ref, purpose_id, channel, policy, now, as_of=as_of) for ref in subject_refs]
    if not answers:
        return Decision(False, Reason.UNKNOWN_SUBJECT, purpose.basis, policy.sha256)
    refusals = [answer for answer in answers if not answer.allowed]
    if not refusals:
        return answers[0]
    if len(refusals) < len(answers):
        return Decision(False, Reason.SHARED_CONTACT_POINT, purpose.basis, policy.sha256, refusals[0].record_id)
    return refusals[0]


def _declared(policy: PolicySet, purpose_id: str, channel: Channel) -> Purpose:
    purpose = policy.purpose(purpose_id)
    if channel not in purpose.channels:
        declared = ", ".join(sorted(purpose.channels))
        raise PolicyViolation(
            f"purpose {purpose_id!r} is not declared for channel {channel.value!r}; it has: {declared}",
            article="5(1)(b)",
        )
    return purpose


def _answer(purpose: Purpose, held: HeldState | None, policy_sha256: str, at: datetime) -> Decision:
    if held is None:
        return Decision(False, Reason.UNKNOWN_SUBJECT, purpose.basis, policy_sha256)
    if held.state == ERASED:
        return Decision(False, Reason.ERASED, purpose.basis, policy_sha256, held.record_id)
    if held.opposed:
        against = _against(purpose, held)
        if against is not None:
            return Decision(False, against, purpose.basis, policy_sha256, held.record_id)
    if purpose.rule is Rule.SOFT_OPT_IN:
        return Decision(False, Reason.NO_SALE, purpose.basis, policy_sha256)
    if purpose.rule is Rule.BASIS:
        return Decision(True, Reason(purpose.basis.value), purpose.basis, policy_sha256)
    reason = _OF_STATE[held.state]
    if reason is Reason.CONSENT_GIVEN and held.expires_at is not None and held.expires_at <= at:
        reason = Reason.EXPIRED
    return Decision(reason is Reason.CONSENT_GIVEN, reason, purpose.basis, policy_sha256, held.record_id)


_OPPOSABLE = frozenset({LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTEREST, LegalBasis.PUBLIC_TASK})


def _against(purpose: Purpose, held: HeldState) -> Reason | None:
    """Return what stands against a purpose; a consent to this very purpose stands above an older opposition."""
    standing = (
        (Reason.RESTRICTED, held.restricted_at),
        (Reason.OBJECTION, held.objected_at if purpose.basis in _OPPOSABLE else None),
        (Reason.SUPPRESSED, held.suppressed_at if purpose.basis in _OPPOSABLE else None),
    )
    consented_at = held.at if purpose.basis is LegalBasis.CONSENT and held.state in PERMITTING else None
    for reason, since in standing:
        if since is not None and (consented_at is None or consented_at <= since):
            return reason
    return None
