"""The name that a transaction is billed to where its source names nobody: the contact's, as it is that day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from consentcore.crm.contacts import Contact
from consentcore.crypto.fields import reveal_rows
from consentcore.crypto.keyring import Keyring

_CONTACTS = cast(Table, Contact.__table__)
_NAMES = (Contact.first_name, Contact.last_name, Contact.account_name)


def names_to_bill(session: Session, keyring: Keyring, contact_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Return first and last name of contacts, or the employer's where a contact has neither; None: no name at all.

    Contacts that are not here are absent. Raises: KeyDestroyed, DecryptionFailed.
    """
    columns = (_CONTACTS.c[name] for name in ("id", "subject_ref", *(one.key for one in _NAMES)))
    rows = session.connection().execute(select(*columns).where(_CONTACTS.c.id.in_(contact_ids))).all()
    return {
        row.id: " ".join(filter(None, (first, last))) or employer
        for row, (first, last, employer) in zip(rows, reveal_rows(keyring, rows, _NAMES), strict=True)
    }
