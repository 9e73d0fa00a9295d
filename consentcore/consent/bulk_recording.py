"""Recording what many persons declared at once: a record and a leaf of its own for each, few statements for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.admission import erasures, purpose_of
from consentcore.consent.declarations import Choice, Evidence, RecordedChoice, check_evidence
from consentcore.consent.writing import Declared, write
from consentcore.policyset import PolicySet, Purpose

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one of many persons declared; `contact_point` is what it binds to."""

    subject_ref: UUID
    choice: Choice
    contact_point: str | None = None


def record_many(
    session: Session, declarations: Sequence[Declaration], policy: PolicySet, evidence: Evidence, now: datetime
) -> list[RecordedChoice]:
    """Record declarations of many persons in the caller's unit, by the rules of `record.record`, in their order.

    `evidence` is how all of them were made. Every declaration has a record and a leaf of its own, so that each can be
    proven alone; the leaves are appended together when the unit commits. Memory holds 1,000 at a time besides the
    answer. Effects and errors: as `record.record`; an error leaves the unit to be rolled back as a whole.
    """
    check_evidence(evidence)
    purposes: dict[int, tuple[Choice, Purpose]] = {}  # many persons make the same choice: one check for all
    done: list[RecordedChoice] = []
    for start in range(0, len(declarations), _AT_ONCE):
        batch = declarations[start : start + _AT_ONCE]
        erased = erasures(session, [one.subject_ref for one in batch])
        declared = []
        for one in batch:
            choice = one.choice
            known = purposes.get(id(choice))
            if known is None:
                known = purposes[id(choice)] = (choice, purpose_of(choice, policy))
            declared.append(Declared(one.subject_ref, choice, known[1], evidence, one.contact_point))
        done += write(session, declared, policy, now, erased)
    return done
