"""Writing contacts in bulk: persons opened, fields sealed, points indexed, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from consentcore.bulk import insert_rows
from consentcore.crm.accounts import ACCOUNTS, accounts_named
from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX, Contact, ContactPoint, PointKind
from consentcore.crm.countries import region_of
from consentcore.crm.drafts import CLEAR_TEXTS, SEALED_TEXTS, ContactDraft
from consentcore.crypto.blindindex import IndexEntry, index_rows
from consentcore.crypto.fields import seal_rows
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.tables import BlindIndexRow
from consentcore.identifiers import random_ref, row_id
from consentcore.subjects.tables import DataSubject

ACCOUNT = "account_name"
UNREADABLE_COUNTRY = "ZZ"
"""Of a contact whose country is written in a way nobody can tell: no rules are known for it, so consent is asked."""


@dataclass(frozen=True, slots=True)
class WrittenContact:
    """The references of a contact that was written."""

    contact_id: UUID
    subject_ref: UUID


def open_contacts(
    session: Session, keyring: Keyring, drafts: Sequence[ContactDraft], now: datetime
) -> list[WrittenContact]:
    """Open one person and one contact per draft; keys are born first, in the keyring's own commit.

    An equal e-mail or phone elsewhere makes a match to look at, never the same person by itself.
    Effects: rows of subject, contact, contact points and blind index in the caller's unit, and of accounts new here.
    Raises: BadInput when a text is longer than its column allows; IntegrityError as `accounts_named`.
    """
    written = [WrittenContact(row_id(), random_ref()) for _ in drafts]
    keyring.ensure([one.subject_ref for one in written], now)
    accounts = _accounts_of(session, keyring, drafts)
    subjects = [{"subject_ref": one.subject_ref, "created_at": now} for one in written]
    contacts = [
        {"id": one.contact_id, "subject_ref": one.subject_ref, "created_at": draft.created_at or now}
        | _columns(draft, accounts)
        for one, draft in zip(written, drafts, strict=True)
    ]
    _bulk(session, DataSubject, subjects)
    _bulk(session, Contact, seal_rows(keyring, Contact, contacts))
    _write_points(session, keyring, list(zip(written, drafts, strict=True)))
    return written


def replace_contacts(
    session: Session, keyring: Keyring, replacements: Sequence[tuple[WrittenContact, ContactDraft]]
) -> None:
    """Give contacts the values of their drafts; their points and index rows are made anew.

    A draft that was read back has its telephone points in their written form: normalise them again before
    (`ContactDraft.points` says what is indexed). Effects: an account that loses its last contact by this goes.
    Raises: BadInput when a text is longer than its column allows; IntegrityError as `accounts_named`.
    """
    if not replacements:
        return
    contact_ids = [written.contact_id for written, _ in replacements]
    accounts = _accounts_of(session, keyring, [draft for _, draft in replacements])
    left = _accounts_held(session, contact_ids)
    rows = [
        {"id": written.contact_id, "subject_ref": written.subject_ref} | _columns(draft, accounts)
        for written, draft in replacements
    ]
    session.connection().execute(_UPDATE, [_for_update(row) for row in seal_rows(keyring, Contact, rows)])
    drop_empty_accounts(session, left - {row["account_id"] for row in rows})
    for start in range(0, len(contact_ids), _CHUNK):
        _remove_points(session, contact_ids[start : start + _CHUNK])
    _write_points(session, keyring, list(replacements))


def _accounts_held(session: Session, contact_ids: Sequence[UUID]) -> set[UUID]:
    held: set[UUID] = set()
    for start in range(0, len(contact_ids), _CHUNK):
        chunk = Contact.id.in_(contact_ids[start : start + _CHUNK])
        held |= set(session.scalars(select(Contact.account_id).where(chunk, Contact.account_id.is_not(None))))
    return held


def _for_update(row: dict[str, Any]) -> dict[str, Any]:
    return {_KEY if name == "id" else name: value for name, value in row.items() if name != "subject_ref"}


def _remove_points(session: Session, contact_ids: Sequence[UUID]) -> None:
    points, index = _table(ContactPoint), _table(BlindIndexRow)
    held = session.scalars(select(points.c.id).where(points.c.contact_id.in_(contact_ids))).all()
    for start in range(0, len(held), _CHUNK):
        session.execute(delete(index).where(index.c.row_id.in_(held[start : start + _CHUNK])))
    session.execute(delete(points).where(points.c.contact_id.in_(contact_ids)))


def drop_empty_accounts(session: Session, account_ids: Collection[UUID]) -> int:
    """Delete those accounts to which no contact belongs any more; returns how many went.

    Effects: a DELETE in the caller's unit, after the contacts have gone or moved.
    """
    if not account_ids:
        return 0
    inhabited = select(Contact.id).where(Contact.account_id == ACCOUNTS.c.id)
    empty = delete(ACCOUNTS).where(ACCOUNTS.c.id.in_(list(account_ids)), ~inhabited.correlate(ACCOUNTS).exists())
    return session.connection().execute(empty).rowcount


def _accounts_of(session: Session, keyring: Keyring, drafts: Sequence[ContactDraft]) -> dict[str, UUID]:
    return accounts_named(session, keyring, [draft.texts[ACCOUNT] for draft in drafts if ACCOUNT in draft.texts])


def _columns(draft: ContactDraft, accounts: Mapping[str, UUID]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: draft.texts.get(name) for name in SEALED_TEXTS}
    columns["account_id"] = accounts.get(draft.texts.get(ACCOUNT, ""))
    columns |= {name: getattr(draft, name) for name in CLEAR_TEXTS}
    country = draft.texts.get("country", "").strip()
    columns["country_code"] = (region_of(country) or UNREADABLE_COUNTRY) if country else None
    columns["last_contact_at"] = draft.last_contact_at
    return columns


def _write_points(session: Session, keyring: Keyring, pairs: list[tuple[WrittenContact, ContactDraft]]) -> None:
    rows: list[dict[str, Any]] = []
    entries: list[IndexEntry] = []
    for written, draft in pairs:
        seen: dict[PointKind, int] = {}
        for point in draft.points:
            position = seen[point.kind] = seen.get(point.kind, -1) + 1
            point_id = row_id()
            rows.append(
                {
                    "id": point_id,
                    "subject_ref": written.subject_ref,
                    "contact_id": written.contact_id,
                    "kind": point.kind.value,
                    "position": position,
                    "value": point.value,
                    "valid": point.normalised is not None,
                }
            )
            if point.normalised is not None:
                field_number = EMAIL_INDEX if point.kind is PointKind.EMAIL else PHONE_INDEX
                entries.append(IndexEntry(field_number, point.normalised, point_id, written.subject_ref))
    if rows:
        _bulk(session, ContactPoint, seal_rows(keyring, ContactPoint, rows))
    if entries:
        _bulk(session, BlindIndexRow, index_rows(keyring, entries))


def _bulk(session: Session, model: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    # one call of the driver on the unit's own connection: the ORM's unit of work costs more than the sealing does
    insert_rows(session.connection(), _table(model), rows)


def _table(model: type[Any]) -> Table:
    table: Table = model.__table__
    return table


_KEY = "of_contact"
_CHUNK = 500
_CHANGING = (*SEALED_TEXTS, *CLEAR_TEXTS, "country_code", "account_id", "last_contact_at")
_UPDATE = (
    update(_table(Contact))
    .where(_table(Contact).c.id == bindparam(_KEY))
    .values({name: bindparam(name) for name in _CHANGING})
)
