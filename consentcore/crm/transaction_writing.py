"""Writing transactions in bulk, sealed under the key of the contact they belong to, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.orm import Session

from consentcore.crm.contact_writing import WrittenContact
from consentcore.crm.transaction_drafts import CENT, CLEAR_VALUES, MOST, SEALED_TEXTS, TransactionDraft
from consentcore.crm.transactions import Transaction
from consentcore.crypto.fields import seal_rows
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.identifiers import row_id

TRANSACTIONS = cast(Table, Transaction.__table__)


@dataclass(frozen=True, slots=True)
class WrittenTransaction:
    """The references of a transaction that was written."""

    transaction_id: UUID
    subject_ref: UUID


def open_transactions(
    session: Session, keyring: Keyring, owned: Sequence[tuple[WrittenContact, TransactionDraft]], now: datetime
) -> list[WrittenTransaction]:
    """Write one new transaction per draft, for the contact beside it; a name to bill is not made up here.

    Effects: rows in the caller's unit. Raises: BadInput for a text or an amount that its column does not take;
    KeyDestroyed, NotFound when the person has no key; IntegrityError when the contact is gone.
    """
    written = [WrittenTransaction(row_id(), owner.subject_ref) for owner, _ in owned]
    rows = [
        {
            "id": one.transaction_id,
            "subject_ref": one.subject_ref,
            "contact_id": owner.contact_id,
            "created_at": now,
        }
        | _columns(draft)
        for one, (owner, draft) in zip(written, owned, strict=True)
    ]
    if rows:
        session.connection().execute(insert(TRANSACTIONS), seal_rows(keyring, Transaction, rows))
    return written


def replace_transactions(
    session: Session, keyring: Keyring, changed: Sequence[tuple[WrittenTransaction, TransactionDraft]]
) -> None:
    """Give transactions the values of the drafts beside them; each stays its contact's. Raises: `open_transactions`."""
    rows = [
        {"id": written.transaction_id, "subject_ref": written.subject_ref} | _columns(draft)
        for written, draft in changed
    ]
    values = seal_rows(keyring, Transaction, rows)
    for row in values:
        row["its_id"] = row.pop("id")
        del row["subject_ref"]
    if values:
        session.connection().execute(update(TRANSACTIONS).where(TRANSACTIONS.c.id == bindparam("its_id")), values)


def _columns(draft: TransactionDraft) -> dict[str, Any]:
    if not draft.amount.is_finite() or abs(draft.amount) > MOST or draft.amount != draft.amount.quantize(CENT):
        raise BadInput("cc_transaction.amount takes at most twelve digits and two decimals")
    columns: dict[str, Any] = {name: draft.texts.get(name) for name in SEALED_TEXTS}
    columns |= {name: getattr(draft, name) for name in CLEAR_VALUES}
    columns["status"] = draft.settled_status
    return columns
