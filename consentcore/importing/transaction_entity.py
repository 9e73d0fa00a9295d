"""Transactions as an import sees them: each belongs to a contact that the same system's import brought before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.crm.contact_writing import WrittenContact
from consentcore.crm.transaction_billing import names_to_bill
from consentcore.crm.transaction_reading import read_transactions
from consentcore.crm.transaction_writing import WrittenTransaction, open_transactions, replace_transactions
from consentcore.crypto.keyring import Keyring
from consentcore.importing.entity import Written, readable
from consentcore.importing.externals import known_rows
from consentcore.importing.faults import FaultKind, RowFault
from consentcore.importing.header import Header
from consentcore.importing.mapping import Mapping
from consentcore.importing.runs import Run
from consentcore.importing.targets import CONTACT, TRANSACTION_TARGETS
from consentcore.importing.transaction_cells import LINK, OwnedTransaction, TransactionCells
from consentcore.importing.values import fault_at


class TransactionEntity:
    """How transactions are imported; see `entity.Entity`."""

    erased = RowFault(
        FaultKind.ERASED, None, "the transaction of this external id was erased here, or can no longer be opened"
    )

    def cells(self, mapping: Mapping, header: Header, region: str) -> TransactionCells:
        """Return what reads the cells of one file."""
        return TransactionCells(mapping, header, region)

    def linked(
        self, session: Session, keyring: Keyring, run: Run, drafts: Sequence[OwnedTransaction]
    ) -> list[OwnedTransaction | RowFault]:
        """Find the contact of each transaction, and the name to bill it to should it come without one."""
        contacts = sorted({one.contact for one in drafts})
        owners = known_rows(session, keyring, run.mapping.system, CONTACT, contacts)
        names = readable(partial(names_to_bill, session, keyring), sorted({one.row_id for one in owners.values()}))
        column = run.mapping.fields[LINK]
        unknown = fault_at(
            FaultKind.UNKNOWN_CONTACT,
            column,
            f"names no contact of {run.mapping.system} that is here; import the contacts first",
        )
        erased = fault_at(FaultKind.UNKNOWN_CONTACT, column, "names a contact that was erased here")

        def link(one: OwnedTransaction) -> OwnedTransaction | RowFault:
            owner = owners.get(one.contact)
            if owner is None:
                return unknown
            if owner.row_id not in names:
                return erased
            contact = WrittenContact(owner.row_id, owner.subject_ref)
            return replace(one, owner=contact, name_to_bill=names[owner.row_id])

        return [link(one) for one in drafts]

    def read(self, session: Session, keyring: Keyring, row_ids: Sequence[UUID]) -> dict[UUID, OwnedTransaction]:
        """Open transactions."""
        return {
            row_id: OwnedTransaction(one.draft, owner=WrittenContact(one.contact_id, one.written.subject_ref))
            for row_id, one in read_transactions(session, keyring, row_ids).items()
        }

    def merger(self, run: Run) -> Callable[[OwnedTransaction, OwnedTransaction], OwnedTransaction | RowFault | None]:
        """Lay what the source speaks for over what is here; a transaction never goes over to another contact."""
        attributes = frozenset(TRANSACTION_TARGETS[name].attribute for name in run.mapping.targets)
        other = fault_at(
            FaultKind.OTHER_CONTACT,
            run.mapping.fields[LINK],
            "names another contact than the one that this transaction belongs to here; give it an id of its own",
        )

        def merge(before: OwnedTransaction, one: OwnedTransaction) -> OwnedTransaction | RowFault | None:
            if before.owner != one.owner:
                return other
            merged = before.draft.overlaid(one.draft, attributes)
            return None if merged == before.draft else replace(before, draft=merged)

        return merge

    def matches(
        self,
        _session: Session,
        _keyring: Keyring,
        _order: Sequence[tuple[OwnedTransaction, bool]],
        _meet: Callable[[str], bool],
    ) -> int:
        """Return 0: a transaction is like nobody."""
        return 0

    def open(
        self, session: Session, keyring: Keyring, drafts: Sequence[OwnedTransaction], now: datetime
    ) -> list[Written]:
        """Write transactions, each billed to its own name or else to its contact's."""
        owned = [(one.owner, one.draft.billed_to(one.name_to_bill)) for one in drafts if one.owner is not None]
        return [Written(one.transaction_id, one.subject_ref) for one in open_transactions(session, keyring, owned, now)]

    def replace(
        self,
        session: Session,
        keyring: Keyring,
        changed: Sequence[tuple[Written, OwnedTransaction]],
        _now: datetime,
    ) -> None:
        """Replace the values of transactions."""
        theirs = [(WrittenTransaction(here.row_id, here.subject_ref), one.draft) for here, one in changed]
        replace_transactions(session, keyring, theirs)
