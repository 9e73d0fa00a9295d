"""The answer to "may we reach this person, for this, over this?", always with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.decision import Decision
from consentcore.consent.eligible import Eligibility, eligible
from consentcore.consent.further import look_further
from consentcore.consent.judging import Matter
from consentcore.consent.lookup import Row, held, held_many
from consentcore.consent.matters import plan_for
from consentcore.consent.reasons import ALLOWING, Reason
from consentcore.errors import BadInput
from consentcore.policyset import Channel, PolicySet

__all__ = [
    "ALLOWING",
    "MOST_AT_ONCE",
    "Decision",
    "Eligibility",
    "Reason",
    "decide",
    "decide_for_all",
    "decide_many",
    "eligible",
]
MOST_AT_ONCE = 10_000


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

    A person known under several references gets the most restrictive answer of them. `as_of` asks what the answer
    was at a past instant, from the records, under the policies handed in. Reads only.
    Raises: NotFound (purpose), PolicyViolation (channel not declared), BadInput (`as_of` in the future).
    """
    plan = plan_for(policy, purpose_id, channel)
    purpose = plan.purpose
    if plan.reads_once and as_of is None:
        found = held(session, subject_ref, purpose_id, channel, now)
        if found is None:
            return Decision(False, Reason.UNKNOWN_SUBJECT, purpose.basis, policy.sha256)
        state, record, expired, plain = found
        if plain:
            allowed, reason = plan.answers[state, expired == 1]
            return Decision(allowed, reason, purpose.basis, policy.sha256, record)
    if as_of is not None and as_of > now:
        raise BadInput("a decision cannot be asked for a time to come")
    matter = Matter(purpose, channel, policy, as_of or now)
    return look_further(session, [subject_ref], matter, past=as_of is not None)[subject_ref]


def decide_many(
    session: Session,
    subject_refs: Sequence[UUID],
    purpose_id: str,
    channel: Channel,
    policy: PolicySet,
    now: datetime,
) -> list[Decision]:
    """Decide for up to MOST_AT_ONCE persons at once, in their order; each answer is the one that `decide` gives.

    Reads only. Raises: as `decide`; BadInput for more persons.
    """
    if len(subject_refs) > MOST_AT_ONCE:
        raise BadInput(f"{len(subject_refs)} decisions were asked for at once; at most {MOST_AT_ONCE} can be")
    plan = plan_for(policy, purpose_id, channel)
    basis, sha256, said = plan.purpose.basis, policy.sha256, plan.answers
    unknown = Decision(False, Reason.UNKNOWN_SUBJECT, basis, sha256)
    plain: dict[bytes, Row] = {}
    if plan.reads_once:
        plain = held_many(session, subject_refs, purpose_id, channel, now)
    answers: list[Decision] = []
    rest: list[int] = []
    for at, ref in enumerate(subject_refs):
        row = plain.get(ref.bytes)
        if row is None:
            rest.append(at)
            answers.append(unknown)
        else:
            state, record, expired = row
            allowed, reason = said[state, expired == 1]
            answers.append(Decision(allowed, reason, basis, sha256, record))
    if rest:
        further = look_further(session, [subject_refs[at] for at in rest], Matter(plan.purpose, channel, policy, now))
        for at in rest:
            answers[at] = further[subject_refs[at]]
    return answers


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
    purpose = plan_for(policy, purpose_id, channel).purpose
    answers = [decide(session, ref, purpose_id, channel, policy, now, as_of=as_of) for ref in subject_refs]
    if not answers:
        return Decision(False, Reason.UNKNOWN_SUBJECT, purpose.basis, policy.sha256)
    refusals = [answer for answer in answers if not answer.allowed]
    if not refusals:
        return answers[0]
    first = refusals[0]
    if len(refusals) < len(answers):
        return first._replace(reason=Reason.SHARED_CONTACT_POINT, also=first.chain)
    return first
