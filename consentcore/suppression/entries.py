"""Putting contact points on the opposition list, asking for them, and lifting what a person takes back (Art. 21(3))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.crypto.blindindex import digest
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.crypto.tables import BlindIndexRow
from consentcore.errors import BadInput, ConfigurationError
from consentcore.identifiers import row_id
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.policyset import Channel
from consentcore.suppression.tables import MARKETING, SuppressionEntry

OPENED = register("suppression.opened", "a contact point was put on the opposition list (Art. 21(3))")
LIFTED = register("suppression.lifted", "a contact point was taken off the opposition list, by the person's own will")
INDEX_OF = {Channel.EMAIL: 120, Channel.SMS: 121, Channel.PHONE: 121}
"""Field numbers of the contact points' blind index; `crm` is above this room, a test holds the two together."""

_CHANNEL_OF = {120: Channel.EMAIL, 121: Channel.PHONE}


class SuppressionReason(StrEnum):
    """Why an entry was made."""

    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"
    ERASURE = "erasure"
    IMPORT = "import"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An entry that stands."""

    id: UUID
    channel: Channel
    scope: str
    reason: SuppressionReason
    since: datetime


def suppress(
    session: Session,
    keyring: Keyring,
    channel: Channel,
    normalised: str,
    scope: str,
    reason: SuppressionReason,
    now: datetime,
    *,
    since: datetime | None = None,
    request_id: UUID | None = None,
) -> UUID:
    """Put a contact point on the list for a scope (`marketing` or a purpose), in the caller's unit; returns the entry.

    Units: `normalised` as consentcore.crypto.blindindex normalises it. An older entry makes room for the new one, which
    so stands above a consent given in between; the past still answers as it was. `since` is when the person said so,
    where that was before now.
    Effects: a row, a leaf `suppression.opened` without any trace of the person.
    Raises: BadInput for a channel whose points are not indexed (post, app).
    """
    gen, value = digest(keyring, _index_of(channel), normalised)
    standing = session.scalars(
        select(SuppressionEntry).where(
            _point(keyring, channel, normalised), SuppressionEntry.scope == scope, SuppressionEntry.lifted_at.is_(None)
        )
    ).all()
    return _open(
        session, _Point(channel, _index_of(channel), gen, value), scope, reason, request_id, standing, since, now
    )


def suppress_person(
    session: Session,
    subject_ref: UUID,
    scope: str,
    reason: SuppressionReason,
    now: datetime,
    *,
    since: datetime | None = None,
    request_id: UUID | None = None,
) -> int:
    """Put every indexed contact point of a person on the list for a scope, so that it outlives the person's rows.

    Opens nothing: the hashes are copied from the blind index. Returns how many entries stand for it.
    """
    points = _points_of(session, subject_ref, _generation_in_use(session))
    for point, known in points:
        same = or_(*[and_(SuppressionEntry.gen == gen, SuppressionEntry.bidx == bidx) for gen, bidx in known])
        standing = session.scalars(
            select(SuppressionEntry).where(
                same,
                SuppressionEntry.field_number == point.field_number,
                SuppressionEntry.scope == scope,
                SuppressionEntry.lifted_at.is_(None),
            )
        ).all()
        _open(session, point, scope, reason, request_id, standing, since, now)
    return len(points)


class _Point(NamedTuple):
    """A contact point as the list knows it."""

    channel: Channel
    field_number: int
    gen: int
    bidx: bytes


def _generation_in_use(session: Session) -> int:
    keyring = session.info.get(KEYRING_KEY)
    if not isinstance(keyring, Keyring):
        raise ConfigurationError("this session has no keyring; bind its factory with consentcore.binding.bind")
    return keyring.index_in_use()


def _points_of(session: Session, subject_ref: UUID, in_use: int) -> list[tuple[_Point, list[tuple[int, bytes]]]]:
    """Return each contact point of a person under the generation in use, with every value it is indexed under.

    Not under a newer one: while a rotation goes over the index, others at the same address have no value under it yet.
    """
    by_row: dict[tuple[int, UUID], list[tuple[int, bytes]]] = {}
    for number, row, gen, bidx in session.execute(
        select(BlindIndexRow.field_number, BlindIndexRow.row_id, BlindIndexRow.gen, BlindIndexRow.bidx)
        .where(BlindIndexRow.subject_ref == subject_ref, BlindIndexRow.field_number.in_(_CHANNEL_OF))
        .order_by(BlindIndexRow.field_number, BlindIndexRow.gen, BlindIndexRow.bidx)
    ):
        by_row.setdefault((number, row), []).append((gen, bidx))
    points: dict[_Point, list[tuple[int, bytes]]] = {}
    for (number, _), known in by_row.items():
        newest = max((one for one in known if one[0] <= in_use), default=known[0])
        points.setdefault(_Point(_CHANNEL_OF[number], number, *newest), known)
    return list(points.items())


def _open(
    session: Session,
    point: _Point,
    scope: str,
    reason: SuppressionReason,
    request_id: UUID | None,
    standing: Sequence[SuppressionEntry],
    since: datetime | None,
    now: datetime,
) -> UUID:
    at = ensure_utc(since or now)
    newest = max(standing, key=lambda row: row.created_at, default=None)
    if newest is not None and newest.created_at >= at:
        return newest.id
    for row in standing:
        row.lifted_at = at
    entry = SuppressionEntry(
        id=row_id(),
        channel=point.channel.value,
        field_number=point.field_number,
        gen=point.gen,
        bidx=point.bidx,
        scope=scope,
        reason=reason.value,
        request_id=request_id,
        created_at=at,
    )
    session.add(entry)
    session.flush()
    data = {"scope": scope, "channel": point.channel.value, "reason": reason.value}
    queue(session, Event(type=OPENED, at=now, data=data))
    return entry.id


def is_suppressed(
    session: Session, keyring: Keyring, channel: Channel, normalised: str, purpose: str, *, marketing: bool = True
) -> Suppressed | None:
    """Return the newest entry that forbids a purpose at a contact point, whoever is reached there; None is free.

    `marketing` says whether the purpose is direct marketing, to which an opposition to marketing as a whole applies.
    """
    scopes = [purpose, MARKETING] if marketing else [purpose]
    found = session.scalars(
        select(SuppressionEntry)
        .where(
            _point(keyring, channel, normalised),
            SuppressionEntry.scope.in_(scopes),
            SuppressionEntry.lifted_at.is_(None),
        )
        .order_by(SuppressionEntry.created_at.desc(), SuppressionEntry.id.desc())
        .limit(1)
    ).first()
    return None if found is None else _entry(found)


def entries_at(session: Session, keyring: Keyring, channel: Channel, normalised: str) -> list[Suppressed]:
    """Return every entry that stands at a contact point, newest first: what an access request is told of."""
    rows = session.scalars(
        select(SuppressionEntry)
        .where(_point(keyring, channel, normalised), SuppressionEntry.lifted_at.is_(None))
        .order_by(SuppressionEntry.created_at.desc(), SuppressionEntry.id.desc())
    )
    return [_entry(row) for row in rows]


def entries_of_person(session: Session, subject_ref: UUID) -> list[Suppressed]:
    """Return every entry that stands at any contact point of a person, newest first; opens nothing."""
    rows = session.scalars(
        select(SuppressionEntry)
        .join(
            BlindIndexRow,
            and_(
                BlindIndexRow.field_number == SuppressionEntry.field_number,
                BlindIndexRow.gen == SuppressionEntry.gen,
                BlindIndexRow.bidx == SuppressionEntry.bidx,
            ),
        )
        .where(BlindIndexRow.subject_ref == subject_ref, SuppressionEntry.lifted_at.is_(None))
        .distinct()
        .order_by(SuppressionEntry.created_at.desc(), SuppressionEntry.id.desc())
    )
    return [_entry(row) for row in rows]


def lift(session: Session, entry_id: UUID, reason: str, now: datetime) -> bool:
    """Take one entry off the list, because the person wants it; `reason` is a code; tells whether it stood.

    Leaf `suppression.lifted`. A new consent needs no lifting: it stands above an older opposition, for its purpose.
    """
    row = session.get(SuppressionEntry, entry_id, with_for_update=True)
    if row is None or row.lifted_at is not None:
        return False
    row.lifted_at = ensure_utc(now)
    session.flush()
    queue(session, Event(type=LIFTED, at=now, data={"scope": row.scope, "channel": row.channel, "reason": reason}))
    return True


def _point(keyring: Keyring, channel: Channel, normalised: str) -> ColumnElement[bool]:
    number = _index_of(channel)
    wanted = [digest(keyring, number, normalised, gen) for gen in keyring.index_generations()]
    same = or_(*[and_(SuppressionEntry.gen == gen, SuppressionEntry.bidx == value) for gen, value in wanted])
    return and_(SuppressionEntry.field_number == number, same)


def _index_of(channel: Channel) -> int:
    try:
        return INDEX_OF[channel]
    except KeyError:
        raise BadInput(
            f"the opposition list holds e-mail addresses and numbers, nothing of channel {channel}"
        ) from None


def _entry(row: SuppressionEntry) -> Suppressed:
    return Suppressed(row.id, Channel(row.channel), row.scope, SuppressionReason(row.reason), row.created_at)
