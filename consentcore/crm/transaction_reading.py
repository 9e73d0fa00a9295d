"""Opening transactions again as plain values: many at once, one key query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crm.transaction_drafts import CENT, SEALED_TEXTS, TransactionDraft
from consentcore.crm.transaction_writing import TRANSACTIONS, WrittenTransaction
from consentcore.crm.transactions import Transaction, TransactionKind, TransactionStatus
from consentcore.crypto.fields import reveal_rows
from consentcore.crypto.keyring import Keyring

_SEALED = [getattr(Transaction, name) for name in SEALED_TEXTS]


@dataclass(frozen=True, slots=True)
class ReadTransaction:
    """A transaction as it stands, and the contact it belongs to."""

    written: WrittenTransaction
    contact_id: UUID
    draft: TransactionDraft


def transactions_of(session: Session, subject_refs: Sequence[UUID]) -> list[WrittenTransaction]:
    """Return the transactions of some persons, oldest row first, unopened."""
    query = (
        select(TRANSACTIONS.c.id, TRANSACTIONS.c.subject_ref)
        .where(TRANSACTIONS.c.subject_ref.in_(subject_refs))
        .order_by(TRANSACTIONS.c.id)
    )
    return [WrittenTransaction(*row) for row in session.connection().execute(query)]


def has_open_business(session: Session, subject_refs: Sequence[UUID]) -> bool:
    """Tell whether an order or a subscription of these persons is open: what keeps a contract purpose alive."""
    going_on = (TransactionKind.ORDER.value, TransactionKind.SUBSCRIPTION.value)
    query = select(TRANSACTIONS.c.id).where(
        TRANSACTIONS.c.subject_ref.in_(subject_refs),
        TRANSACTIONS.c.kind.in_(going_on),
        TRANSACTIONS.c.status == TransactionStatus.OPEN.value,
    )
    return session.connection().execute(query.limit(1)).first() is not None


def read_transactions(
    session: Session, keyring: Keyring, transaction_ids: Sequence[UUID]
) -> dict[UUID, ReadTransaction]:
    """Open some transactions, by id; those that are not here are absent.

    Raises: DecryptionFailed when a value was moved or changed; KeyDestroyed when its key is gone.
    """
    rows = session.connection().execute(select(TRANSACTIONS).where(TRANSACTIONS.c.id.in_(transaction_ids))).all()
    opened = reveal_rows(keyring, rows, _SEALED)
    return {
        row.id: ReadTransaction(
            WrittenTransaction(row.id, row.subject_ref),
            row.contact_id,
            TransactionDraft(
                kind=row.kind,
                issued_on=row.issued_on,
                amount=row.amount.quantize(CENT),
                currency=row.currency,
                status=row.status,
                ends_on=row.ends_on,
                texts={name: text for name, text in zip(SEALED_TEXTS, texts, strict=True) if text is not None},
            ),
        )
        for row, texts in zip(rows, opened, strict=True)
    }
