"""A transaction as plain checked values, before it is sealed: what imports and the API hand to the CRM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from consentcore.crm.transactions import first_status

SEALED_TEXTS = (
    "number",
    "billing_name",
    "billing_street",
    "billing_city",
    "billing_region",
    "billing_postal_code",
    "billing_country",
)
CLEAR_VALUES = ("kind", "issued_on", "amount", "currency", "ends_on")
BILLING_NAME = "billing_name"
CENT = Decimal("0.01")
MOST = Decimal("999999999999.99")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionDraft:
    """The values of one transaction; a text missing from `texts` is empty; `amount` has at most two decimals.

    `status` None: not said, so that of its kind when it is new and what it was when it is here.
    """

    kind: str
    issued_on: date
    amount: Decimal
    currency: str
    status: str | None = None
    ends_on: date | None = None
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def settled_status(self) -> str:
        """The status it has when nothing is here yet."""
        return self.status or first_status(self.kind)

    def billed_to(self, name: str | None) -> TransactionDraft:
        """Return this transaction with a name to bill where it has none of its own."""
        if name is None or BILLING_NAME in self.texts:
            return self
        return replace(self, texts={**self.texts, BILLING_NAME: name})

    def overlaid(self, newer: TransactionDraft, attributes: frozenset[str]) -> TransactionDraft:
        """Return this transaction with `attributes` taken from `newer`, the rest kept.

        A source speaks for the columns it has; only the name it was billed to, once copied, is never emptied.
        """
        taken = attributes if BILLING_NAME in newer.texts else attributes - {BILLING_NAME}
        texts = {name: text for name, text in self.texts.items() if name not in taken}
        texts |= {name: text for name, text in newer.texts.items() if name in taken}
        clear = {name: getattr(newer, name) for name in CLEAR_VALUES if name in attributes}
        return replace(self, texts=texts, status=newer.status or self.status, **clear)
