"""The purposes that are really applied to one person, and how long their data are kept (Art. 15(1)(a), (d), R-15-1)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent.tables import ConsentStateRow
from consentcore.policyset import LegalBasis, PolicySet, Purpose

_BILLED, _BOUGHT = "invoice", "transaction"


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long one class of data is kept: a period from an event under a text, or until an event."""

    data: str
    starts: str
    period: str | None
    legal_text: str | None
    article: str | None


@dataclass(frozen=True, slots=True)
class AppliedPurpose:
    """A purpose that is applied to this person: its basis, the data it uses of this person, how long they are kept."""

    purpose: Purpose
    data: tuple[str, ...]
    keeping: tuple[Keeping, ...]


def applied_purposes(
    session: Session, policy: PolicySet, subject_ref: UUID, classes: Collection[str]
) -> tuple[AppliedPurpose, ...]:
    """Return the purposes applied to a person of whom data of some classes stand, by id; reads only.

    A purpose on consent is applied where the person ever decided on it; one on a contract or on customers' interest
    where the person bought something; any other where data of every class that it uses stand.
    """
    asked = set(session.scalars(select(ConsentStateRow.purpose).where(ConsentStateRow.subject_ref == subject_ref)))
    standing = set(classes)
    if _BILLED in standing:  # a bill shows a sale
        standing.add(_BOUGHT)
    found = []
    for name, purpose in sorted(policy.purposes.items()):
        decided = name in asked if purpose.basis is LegalBasis.CONSENT else purpose.data <= standing
        held = tuple(sorted(purpose.data & set(classes)))
        if decided and held:
            found.append(AppliedPurpose(purpose, held, _keeping(policy, purpose, held)))
    return tuple(found)


def _keeping(policy: PolicySet, purpose: Purpose, classes: Collection[str]) -> tuple[Keeping, ...]:
    rules = [
        Keeping(rule.data, rule.starts, rule.period, rule.legal_text, rule.article)
        for data in classes
        for rule in policy.retention_for(data)
        if rule.purpose in (None, purpose.id)
    ]
    ends = [Keeping(data, purpose.ends, None, None, None) for data in classes] if purpose.ends else []
    return (*ends, *rules)
