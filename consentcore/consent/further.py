"""Deciding from everything that bears on a person, under every reference that the person has here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.decision import Decision
from consentcore.consent.facts import Facts
from consentcore.consent.gathering import gather
from consentcore.consent.judging import Matter, judge
from consentcore.consent.reasons import ALLOWING, Reason
from consentcore.subjects.links import linked_refs


def look_further(
    session: Session, subject_refs: Sequence[UUID], matter: Matter, *, past: bool = False
) -> dict[UUID, Decision]:
    """Decide from everything that bears on persons, their linked references included; reads only.

    `past` asks what the answer was at the instant of the matter.
    """
    together = linked_refs(session, subject_refs, matter.at if past else None)
    everyone = list(dict.fromkeys(ref for refs in together.values() for ref in sorted(refs)))
    facts = gather(session, everyone, matter, as_of=past)
    return {ref: _of_person(matter, ref, together[ref], facts) for ref in subject_refs}


def _of_person(matter: Matter, ref: UUID, refs: frozenset[UUID], facts: dict[UUID, Facts]) -> Decision:
    basis, sha256 = matter.purpose.basis, matter.policy.sha256
    if ref not in facts:
        return Decision(False, Reason.UNKNOWN_SUBJECT, basis, sha256)
    answers = []
    for one in (ref, *sorted(refs - {ref})):
        if one in facts:
            record_id = facts[one].record_id
            reason, *also = judge(matter, facts[one])
            record = record_id.bytes if record_id else None
            answers.append(Decision(reason in ALLOWING, reason, basis, sha256, record, tuple(also)))
    if answers[0].reason is Reason.ERASED:  # nobody is reached under a reference that is gone, whoever lives beside it
        return answers[0]
    return most_restrictive(answers)


_SILENT = frozenset({Reason.CONSENT_MISSING, Reason.ERASED})
"""Of a linked reference, these say nothing about the person: never asked under it, or gone while the other lives."""
_OF_ERASED = _SILENT | {Reason.RESTRICTED, Reason.HELD_ONLY}
"""Of one that was erased, nor do the restriction that its erasure left standing and what is held of it by law."""


def _says_something(answer: Decision) -> bool:
    silent = _OF_ERASED if answer.reason is Reason.ERASED else _SILENT
    return not silent.issuperset(answer.chain)


def most_restrictive(answers: Sequence[Decision]) -> Decision:
    """Return the answer of a person known under several references: a refusal under one of them stands for all.

    A reference under which the person was never asked, or that was erased, does not speak against another that did
    consent; where none permits, the first answer that says more than that is given (crypto design 1.9).
    """
    speaking = [one for one in answers if _says_something(one)]
    for one in speaking:
        if not one.allowed:
            return one
    return speaking[0] if speaking else answers[0]
