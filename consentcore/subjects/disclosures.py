"""The log of disclosures: to whom data of a person actually went (Art. 15(1)(c), R-15-2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.errors import BadInput
from consentcore.identifiers import row_id
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue_many
from consentcore.policyset import PolicySet
from consentcore.subjects.tables import Disclosure

RECORDED = register("disclosure.recorded", "data of a person were handed to a recipient (Art. 4(9))")
MAX_CATEGORIES = 500


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One disclosure as it was recorded."""

    recipient: str
    purpose: str
    categories: tuple[str, ...]
    at: datetime


def record(
    session: Session,
    subject_refs: Iterable[UUID],
    recipient: str,
    purpose: str,
    categories: Iterable[str],
    policy: PolicySet,
    now: datetime,
) -> None:
    """Record that data of persons went to a recipient for a purpose, in the caller's unit.

    Effects: a row and a leaf `disclosure.recorded` for each person.
    Raises: NotFound (purpose); BadInput (recipient not in the policies, too many categories).
    """
    policy.purpose(purpose)
    if recipient not in policy.recipients:
        raise BadInput(f"recipient {recipient!r} is not in the policies; add it there first")
    listed = ",".join(sorted(set(categories)))
    if len(listed) > MAX_CATEGORIES:
        raise BadInput(f"the categories take {len(listed)} characters; at most {MAX_CATEGORIES} are kept")
    rows = [
        {
            "id": row_id(),
            "subject_ref": ref,
            "recipient": recipient,
            "purpose": purpose,
            "categories": listed,
            "disclosed_at": ensure_utc(now),
        }
        for ref in dict.fromkeys(subject_refs)
    ]
    if not rows:
        return
    session.execute(insert(Disclosure), rows)
    queue_many(
        session,
        [
            Event(
                type=RECORDED,
                at=now,
                subject_ref=ref,
                payload={"recipient": recipient, "categories": listed},
                purpose=purpose,
            )
            for ref in (row["subject_ref"] for row in rows)
            if isinstance(ref, UUID)
        ],
    )


def disclosures_of(session: Session, subject_ref: UUID) -> list[Disclosed]:
    """Return every disclosure of a person's data, oldest first."""
    rows = session.scalars(
        select(Disclosure).where(Disclosure.subject_ref == subject_ref).order_by(Disclosure.disclosed_at, Disclosure.id)
    )
    return [
        Disclosed(row.recipient, row.purpose, tuple(one for one in row.categories.split(",") if one), row.disclosed_at)
        for row in rows
    ]
