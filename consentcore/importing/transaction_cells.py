"""From the cells of a row to a transaction and the external id of the contact that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from consentcore.crm.contact_writing import WrittenContact
from consentcore.crm.transaction_drafts import MOST, SEALED_TEXTS, TransactionDraft
from consentcore.crm.transactions import Transaction, TransactionKind, TransactionStatus
from consentcore.importing.cells import Cells, WordReaders, place_of, word_reader
from consentcore.importing.faults import FaultKind
from consentcore.importing.header import Header
from consentcore.importing.mapping import Mapping
from consentcore.importing.targets import TRANSACTION_NEEDS, TRANSACTION_TARGETS, Becomes
from consentcore.importing.values import amount_of, date_of, external_id_of, one_of, refuse, text_of

LINK = "contact.external_id"
LIMITS = {name: getattr(Transaction.__table__.c[name].type, "max_chars", 255) for name in SEALED_TEXTS}
"""Most characters of each sealed text."""
_CURRENCY = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class OwnedTransaction:
    """A transaction and whose it is: the external id of the file, then, once it was looked up, the contact here."""

    draft: TransactionDraft
    contact: str = ""
    owner: WrittenContact | None = None
    name_to_bill: str | None = None
    """The contact's name, for a new transaction that comes without one."""


class TransactionCells:
    """Reads rows of transactions."""

    def __init__(self, mapping: Mapping, header: Header, _region: str) -> None:
        self._cells = Cells(
            mapping,
            header,
            {
                Becomes.TEXT: lambda column, target, text: text_of(column, LIMITS[target.attribute], text),
                Becomes.DATE: lambda column, _, text: date_of(column, text, mapping.dates),
                Becomes.AMOUNT: lambda column, _, text: amount_of(column, text, mapping.decimal, MOST),
                Becomes.WORD: word_reader(_WORDS),
            },
        )
        self._link_column = mapping.fields[LINK]
        self._link_at = place_of(header, self._link_column)
        self._needed = [
            (TRANSACTION_TARGETS[name].attribute, mapping.fields[name])
            for name in TRANSACTION_NEEDS
            if name != LINK and name in mapping.fields
        ]

    def read(self, cells: Sequence[str]) -> tuple[OwnedTransaction, None]:
        """Read one row. Raises: RowRefused."""
        contact = external_id_of(self._link_column, cells[self._link_at])
        texts, values = self._cells.read(cells)
        for attribute, column in self._needed:
            if attribute not in values:
                refuse(FaultKind.MISSING, column, "is empty, and every transaction needs it")
        return OwnedTransaction(TransactionDraft(texts=texts, **values), contact), None


def _currency(column: str, value: str) -> str:
    if not _CURRENCY.fullmatch(value):
        refuse(FaultKind.WORD, column, "this is no currency code of three letters, such as EUR (ISO 4217)")
    return value.upper()


_WORDS: WordReaders = MappingProxyType(
    {
        "kind": one_of("kind of transaction", [kind.value for kind in TransactionKind]),
        "currency": _currency,
        "status": one_of("status", [status.value for status in TransactionStatus]),
    }
)
