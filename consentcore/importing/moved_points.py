"""What an import of contacts owes to an address or number that it changes: oppositions and consents follow it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from consentcore.consent.rebinding import rebind
from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX, ContactPoint, PointKind
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.blindindex import digest
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.tables import BlindIndexRow
from consentcore.importing.entity import Written
from consentcore.policyset import Channel
from consentcore.suppression.entries import SuppressionReason, suppress
from consentcore.suppression.tables import SuppressionEntry

_CHUNK = 500
_CHANNEL_OF = {EMAIL_INDEX: Channel.EMAIL, PHONE_INDEX: Channel.PHONE}


@dataclass(frozen=True, slots=True)
class HeldPoint:
    """A contact point as the blind index knows it: values by generation of the index key."""

    field_number: int
    values: frozenset[tuple[int, bytes]]


def held_points(session: Session, contact_ids: Sequence[UUID]) -> dict[UUID, list[HeldPoint]]:
    """Return the indexed points of some contacts, in their order; opens nothing."""
    found: dict[UUID, dict[UUID, tuple[int, set[tuple[int, bytes]]]]] = defaultdict(dict)
    for start in range(0, len(contact_ids), _CHUNK):
        rows = session.execute(
            select(
                ContactPoint.contact_id,
                ContactPoint.id,
                BlindIndexRow.field_number,
                BlindIndexRow.gen,
                BlindIndexRow.bidx,
            )
            .join(BlindIndexRow, BlindIndexRow.row_id == ContactPoint.id)
            .where(ContactPoint.contact_id.in_(contact_ids[start : start + _CHUNK]))
            .order_by(ContactPoint.contact_id, ContactPoint.kind, ContactPoint.position)
        )
        for contact_id, point_id, number, gen, value in rows:
            found[contact_id].setdefault(point_id, (number, set()))[1].add((gen, bytes(value)))
    return {
        contact_id: [HeldPoint(number, frozenset(values)) for number, values in points.values()]
        for contact_id, points in found.items()
    }


def follow(
    session: Session,
    keyring: Keyring,
    changed: Sequence[tuple[Written, ContactDraft]],
    before: Mapping[UUID, Sequence[HeldPoint]],
    now: datetime,
) -> None:
    """Let oppositions at points that an import took away stand at those that came in their place (R-21-3).

    Consents are noted as bound to the first new point of the kind (`consent.rebound`). In the caller's unit, after the
    points were written; `before` is what `held_points` said until then.
    """
    for written, draft in changed:
        for number in _CHANNEL_OF:
            held = [point for point in before.get(written.row_id, ()) if point.field_number == number]
            _follow(session, keyring, written.subject_ref, number, held, _normalised(draft, number), now)


def _normalised(draft: ContactDraft, number: int) -> list[str]:
    is_email = number == EMAIL_INDEX
    texts = [point.normalised for point in draft.points if (point.kind is PointKind.EMAIL) is is_email]
    return list(dict.fromkeys(text for text in texts if text is not None))


def _follow(
    session: Session,
    keyring: Keyring,
    subject_ref: UUID,
    number: int,
    held: Sequence[HeldPoint],
    texts: Sequence[str],
    now: datetime,
) -> None:
    if not held or not texts:
        return
    generations = keyring.index_generations()
    values = {text: {digest(keyring, number, text, gen) for gen in generations} for text in texts}
    here = set().union(*values.values())
    gone = [point for point in held if not point.values & here]
    known = set().union(*(point.values for point in held))
    added = [text for text in texts if not values[text] & known]
    if not gone or not added:
        return
    for entry in _standing(session, number, gone):
        for text in added:
            reason = SuppressionReason(entry.reason)
            suppress(session, keyring, _CHANNEL_OF[number], text, entry.scope, reason, now, since=entry.created_at)
    _, old = max(gone[0].values)
    rebind(session, subject_ref, number, old, digest(keyring, number, added[0])[1], now)


def _standing(session: Session, number: int, gone: Sequence[HeldPoint]) -> list[SuppressionEntry]:
    same = [
        and_(SuppressionEntry.gen == gen, SuppressionEntry.bidx == value) for one in gone for gen, value in one.values
    ]
    query = select(SuppressionEntry).where(
        SuppressionEntry.field_number == number, SuppressionEntry.lifted_at.is_(None), or_(*same)
    )
    return list(session.scalars(query.order_by(SuppressionEntry.created_at, SuppressionEntry.id)))
