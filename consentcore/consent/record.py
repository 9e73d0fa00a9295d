"""Recording what a person declared: the record, its leaf in the log, and the state that decisions read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.admission import erasures, purpose_of
from consentcore.consent.declarations import (
    ENDING,
    MAX_DETAIL_CHARS,
    MAX_DETAILS,
    METHODS,
    Choice,
    Evidence,
    Parent,
    RecordedChoice,
    check_evidence,
)
from consentcore.consent.writing import Declared, write
from consentcore.policyset import PolicySet

__all__ = [
    "ENDING",
    "MAX_DETAILS",
    "MAX_DETAIL_CHARS",
    "METHODS",
    "Choice",
    "Evidence",
    "Parent",
    "RecordedChoice",
    "record",
]


def record(
    session: Session,
    subject_ref: UUID,
    choices: Sequence[Choice],
    policy: PolicySet,
    evidence: Evidence,
    now: datetime,
) -> list[RecordedChoice]:
    """Record declarations of one person in the caller's unit (Art. 7(1), 7(3), R-7-1, R-7-2).

    What was declared is a fact, and recorded even where it permits nothing: a consent that is not explicit for special
    categories (`decide` answers art9_condition_missing, R-9-1), one of a child without its parent (quality
    PARENT_MISSING, R-8-2), a pending request or an import without proof beside a consent that stands (`precedence`).
    A no is always taken: of somebody whose evidence key was destroyed its leaf has no sealed content, and the contact
    points go on the opposition list.

    Effects: a record each, a leaf each queued for the log, a newer state unless a declaration that stands higher is
    known. Raises: NotFound (person, purpose); PolicyViolation (the purpose does not rest on consent, the channel is
    not declared, the notice speaks of another purpose, a parent alone where parent and child consent together);
    Conflict (a yes of somebody erased, or dated before an erasure); BadInput (a time to come, an unknown method, an
    oversized detail); KeyDestroyed (a yes, and the evidence key is gone: the person wants a new reference).
    """
    check_evidence(evidence)
    erased = erasures(session, (subject_ref,))
    declared = [Declared(subject_ref, choice, purpose_of(choice, policy), evidence) for choice in choices]
    return write(session, declared, policy, now, erased)
