"""Bringing the addresses of staff under another generation of the index key: their digests name no generation."""

from __future__ import annotations

import json
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from consentcore.crypto.blindindex import digest
from consentcore.crypto.envelope import read_gen
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.opening import opened_or_none
from consentcore.crypto.walking import Walked
from web.security.tables import STAFF_FIELD, STAFF_INDEX, STAFF_TABLE, StaffAccount

_NOBODY = bytes(16)


def move_staff(session: Session, keyring: Keyring, after: UUID | None, limit: int) -> Walked:
    """Bring the digests of the next accounts of staff under the generation in use, in the caller's unit."""
    query = select(StaffAccount.id, StaffAccount.address_digest, StaffAccount.content)
    if after is not None:
        query = query.where(StaffAccount.id > after)
    rows = session.execute(query.order_by(StaffAccount.id).limit(limit)).all()
    moved = unopened = 0
    for row in rows:
        cipher = keyring.shared_cipher(STAFF_TABLE, read_gen(row.content))
        plain = opened_or_none(cipher, STAFF_FIELD, row.id.bytes, _NOBODY, row.content)
        if plain is None:
            unopened += 1
            continue
        wanted = digest(keyring, STAFF_INDEX, json.loads(plain)["email"])[1]
        if row.address_digest != wanted:
            same = (StaffAccount.id == row.id, StaffAccount.address_digest == row.address_digest)
            moved += (
                session.connection().execute(update(StaffAccount).where(*same).values(address_digest=wanted)).rowcount
            )
    return Walked(moved, unopened, rows[-1].id if rows else None)
