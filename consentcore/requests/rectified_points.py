"""Putting a new e-mail address or telephone number in the place of a wrong one: the index and oppositions follow it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from consentcore.consent.rebinding import rebind
from consentcore.crm.contact_points import email_point, phone_point
from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX, Contact, ContactPoint, PointKind
from consentcore.crm.drafts import PointDraft
from consentcore.crypto.blindindex import IndexEntry, digest, index_rows
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.tables import BlindIndexRow
from consentcore.identifiers import row_id
from consentcore.policyset import Channel
from consentcore.suppression.entries import SuppressionReason, suppress
from consentcore.suppression.tables import SuppressionEntry

POINTS: Mapping[str, PointKind] = MappingProxyType({kind.value: kind for kind in PointKind})
"""Fields of a rectification that are contact points; of several points of a kind the first one changes."""


def replace_point(
    session: Session,
    keyring: Keyring,
    contact: Contact,
    kind: PointKind,
    text: str,
    region: str,
    now: datetime,
    request_id: UUID,
) -> tuple[str | None, str | None]:
    """Give a contact a new first point of one kind, or take it away where `text` is empty; returns old and new.

    Whatever stood against the old point on the opposition list stands against the new one too, in the caller's unit.
    Units: `region` is the country in which a number without a prefix is read. Raises: InvalidContactPoint.
    """
    held = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.contact_id == contact.id, ContactPoint.kind == kind.value)
        .order_by(ContactPoint.position)
        .limit(1)
    ).first()
    old = None if held is None else reveal(keyring, [held], ContactPoint.value)[0][0]
    if not text.strip():
        if held is not None:
            session.execute(delete(BlindIndexRow).where(BlindIndexRow.row_id == held.id))
            session.delete(held)
        return old, None
    draft = email_point(text) if kind is PointKind.EMAIL else phone_point(kind, text, region)
    scopes = _opposed_scopes(session, held.id) if held is not None else []
    bound = _index_values(session, held.id) if held is not None else []
    if held is None:
        held = ContactPoint(
            id=row_id(), subject_ref=contact.subject_ref, contact_id=contact.id, kind=kind.value, position=0
        )
        session.add(held)
    held.value, held.valid = draft.value, draft.normalised is not None
    session.flush()
    _index_anew(session, keyring, held, draft)
    _keep_opposition(session, keyring, kind, draft, scopes, now, request_id)
    if bound and draft.normalised is not None:
        number, old_value = bound[-1]
        rebind(session, contact.subject_ref, number, old_value, digest(keyring, number, draft.normalised)[1], now)
    return old, draft.value


def _index_values(session: Session, point_id: UUID) -> list[tuple[int, bytes]]:
    query = select(BlindIndexRow.field_number, BlindIndexRow.bidx).where(BlindIndexRow.row_id == point_id)
    return [(number, bytes(value)) for number, value in session.execute(query.order_by(BlindIndexRow.gen))]


def _index_anew(session: Session, keyring: Keyring, point: ContactPoint, draft: PointDraft) -> None:
    session.execute(delete(BlindIndexRow).where(BlindIndexRow.row_id == point.id))
    if draft.normalised is not None:
        number = EMAIL_INDEX if draft.kind is PointKind.EMAIL else PHONE_INDEX
        entry = IndexEntry(number, draft.normalised, point.id, point.subject_ref)
        session.execute(insert(BlindIndexRow), index_rows(keyring, [entry]))


def _opposed_scopes(session: Session, point_id: UUID) -> list[SuppressionEntry]:
    same = (
        (BlindIndexRow.bidx == SuppressionEntry.bidx)
        & (BlindIndexRow.gen == SuppressionEntry.gen)
        & (BlindIndexRow.field_number == SuppressionEntry.field_number)
    )
    return list(
        session.scalars(
            select(SuppressionEntry)
            .join(BlindIndexRow, same)
            .where(BlindIndexRow.row_id == point_id, SuppressionEntry.lifted_at.is_(None))
            .order_by(SuppressionEntry.created_at, SuppressionEntry.id)
        )
    )


def _keep_opposition(
    session: Session,
    keyring: Keyring,
    kind: PointKind,
    draft: PointDraft,
    standing: list[SuppressionEntry],
    now: datetime,
    request_id: UUID,
) -> None:
    if draft.normalised is None:
        return
    channel = Channel.EMAIL if kind is PointKind.EMAIL else Channel.PHONE
    for entry in standing:
        suppress(
            session,
            keyring,
            channel,
            draft.normalised,
            entry.scope,
            SuppressionReason(entry.reason),
            now,
            since=entry.created_at,
            request_id=request_id,
        )
