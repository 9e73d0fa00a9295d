"""Opening located rows of any mapped table, whatever key their sealed values stand under."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table

from consentcore.crm.accounts import NAME_FIELD
from consentcore.crm.accounts import SHARED_TABLE as ACCOUNT_TABLE
from consentcore.crypto.envelope import open_sealed, read_gen
from consentcore.crypto.fields import SealedText, reveal_rows
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.ledger.tables import CONTENT_FIELD as LOG_FIELD
from consentcore.outbox.tables import CONTENT_FIELD as OUTBOX_FIELD
from consentcore.outbox.tables import SHARED_TABLE as OUTBOX_TABLE
from consentcore.requests.tables import CONTENT_FIELD, SHARED_TABLE, TRANSITION_FIELD

_NOBODY = bytes(16)


@dataclass(frozen=True, slots=True)
class LocatedRow:
    """One row about a person: its values by column, opened.

    Bytes that are nothing to read (keyed hashes) are left out; `unreadable` names columns whose key was destroyed.
    """

    store: str
    ref: UUID | None
    subject_ref: UUID | None
    values: Mapping[str, Any]
    unreadable: tuple[str, ...] = ()


def opened_rows(keyring: Keyring, table: Table, rows: Sequence[Row[Any]]) -> Iterator[LocatedRow]:
    """Open rows of one mapped table, selected whole; every value by column.

    Raises: DecryptionFailed when a value was moved or changed.
    """
    sealed = [column for column in table.columns if isinstance(column.type, SealedText)]
    special = _DOCUMENTS.get(table.name)
    opened: Sequence[tuple[str | None, ...] | None] = [None] * len(rows)
    if sealed and rows:
        try:
            opened = reveal_rows(keyring, rows, sealed)
        except KeyDestroyed:  # the rows of one table and person: one key class for all in practice
            opened = [None] * len(rows)
    names = [column.name for column in sealed]
    for row, texts in zip(rows, opened, strict=True):
        values = {
            name: value
            for name, value in row._mapping.items()
            if name not in names and not isinstance(value, (bytes, bytearray, memoryview))
        }
        values |= dict(zip(names, texts, strict=True)) if texts is not None else {}
        unreadable = () if texts is not None else tuple(names)
        if special is not None:
            column, opener = special
            blob = row._mapping[column]
            try:
                values[column] = None if blob is None else opener(keyring, dict(row._mapping), bytes(blob))
            except KeyDestroyed:
                unreadable += (column,)
        ref = values.get("id", values.get("event_id", values.get("row_id")))
        owner = values.get("subject_ref")
        yield LocatedRow(
            table.name,
            ref if isinstance(ref, UUID) else None,
            owner if isinstance(owner, UUID) else None,
            values,
            unreadable,
        )


_Opener = Callable[[Keyring, Mapping[str, Any], bytes], str]


def _under_evidence(number: int, shared_table: int | None, row_id: str = "id") -> _Opener:
    def opened(keyring: Keyring, row: Mapping[str, Any], blob: bytes) -> str:
        subject = row["subject_ref"]
        if subject is not None:
            cipher, owner = keyring.field_cipher(subject, KeyClass.EVIDENCE, read_gen(blob)), subject.bytes
        elif shared_table is not None:
            cipher, owner = keyring.shared_cipher(shared_table, read_gen(blob)), _NOBODY
        else:
            return ""
        return open_sealed(cipher, number, row[row_id].bytes, owner, blob).decode()

    return opened


def _shared(number: int, table_number: int) -> _Opener:
    def opened(keyring: Keyring, row: Mapping[str, Any], blob: bytes) -> str:
        cipher = keyring.shared_cipher(table_number, read_gen(blob))
        return open_sealed(cipher, number, row["id"].bytes, _NOBODY, blob).decode()

    return opened


_DOCUMENTS: Mapping[str, tuple[str, _Opener]] = {
    "cc_log_content": ("payload", _under_evidence(LOG_FIELD, None, "event_id")),
    "cc_request": ("content", _under_evidence(CONTENT_FIELD, SHARED_TABLE)),
    "cc_request_transition": ("content", _under_evidence(TRANSITION_FIELD, SHARED_TABLE)),
    "cc_outbox": ("content", _shared(OUTBOX_FIELD, OUTBOX_TABLE)),
    "cc_account": ("name", _shared(NAME_FIELD, ACCOUNT_TABLE)),
}
"""Tables whose sealed column is bytes to the mapper: the column, and how it is opened."""
