"""Which rows an erasure has to rule on: each row of the person in each mapped table, with the class of each column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import MetaData, Table, exists, or_, select
from sqlalchemy.orm import Session

from consentcore.columns import INFO_KEY, Erasure
from consentcore.consent.tables import PERMITTING, ConsentRecord, ConsentStateRow
from consentcore.crm.transactions import RETENTION as TRANSACTION
from consentcore.crm.transactions import Transaction, TransactionKind, TransactionStatus, data_class_of
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.sealedtext import SealedText
from consentcore.crypto.tables import ShredPending
from consentcore.db import Base
from consentcore.retention.disposal import FOLLOWERS

METADATA: tuple[MetaData, ...] = (Base.metadata,)
TRANSACTIONS = cast(Table, Transaction.__table__)
_MACHINERY = frozenset({ShredPending.__tablename__})  # marks of keys on their way out: they clear themselves
_OWN_WAY = frozenset({Erasure.EVIDENCE, Erasure.OWN_TERM})
_GOES_ON = (TransactionKind.ORDER.value, TransactionKind.SUBSCRIPTION.value)


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One row about the person: the data class of each personal column, and from when its period counts."""

    table: Table
    ref: UUID
    classes: Mapping[str, str]
    started_on: date | None = None
    follows: UUID | None = None
    """The row whose fate it shares: an index row, an external id or a provenance goes with what it points at."""


def personal_columns(table: Table) -> dict[str, dict[str, Any]]:
    """Return what each personal column of a table declares, by name."""
    declared = {column.name: column.info.get(INFO_KEY, {}) for column in table.columns}
    return {name: info for name, info in declared.items() if info.get("personal")}


def tables_of_persons(metadata: Iterable[MetaData] = METADATA) -> tuple[Table, ...]:
    """Return every mapped table whose rows name a person, parents before children."""
    return tuple(
        table
        for one in metadata
        for table in one.sorted_tables
        if "subject_ref" in table.columns and table.name not in _MACHINERY
    )


def keeps_its_own_term(table: Table) -> bool:
    """Tell whether rows of a table are evidence, or end at a term of their own."""
    return personal_columns(table)["subject_ref"]["erasure"] in _OWN_WAY


def held_rows(session: Session, subject_ref: UUID, metadata: Sequence[MetaData] = METADATA) -> Iterator[HeldRow]:
    """Yield the rows of a person that an erasure may remove; opens nothing."""
    for table in tables_of_persons(metadata):
        if keeps_its_own_term(table):
            continue
        classes = {name: str(info["retention"]) for name, info in personal_columns(table).items()}
        if table is TRANSACTIONS:
            yield from _transactions(session, subject_ref, classes)
        elif table.name in FOLLOWERS:
            named = table.columns["row_id"]
            for ref in session.scalars(select(named).where(table.columns["subject_ref"] == subject_ref).distinct()):
                yield HeldRow(table, ref, classes, follows=ref)
        else:
            own = table.columns["id"] if "id" in table.columns else table.columns["subject_ref"]
            for ref in session.scalars(select(own).where(table.columns["subject_ref"] == subject_ref)):
                yield HeldRow(table, ref, classes)


def _transactions(session: Session, subject_ref: UUID, classes: Mapping[str, str]) -> Iterator[HeldRow]:
    rows = session.execute(
        select(Transaction.id, Transaction.kind, Transaction.issued_on).where(Transaction.subject_ref == subject_ref)
    )
    for ref, kind, issued_on in rows:
        of_kind = {name: data_class_of(kind) if data == TRANSACTION else data for name, data in classes.items()}
        yield HeldRow(TRANSACTIONS, ref, of_kind, issued_on)


def standing_tables(session: Session, subject_ref: UUID, metadata: Sequence[MetaData] = METADATA) -> Iterator[Table]:
    """Yield the tables of evidence and of own terms in which something stands on a person."""
    for table in tables_of_persons(metadata):
        if keeps_its_own_term(table) and _any(session, table, subject_ref):
            yield table


def _any(session: Session, table: Table, subject_ref: UUID) -> bool:
    return bool(session.scalar(select(exists().where(table.columns["subject_ref"] == subject_ref))))


def contract_is_open(session: Session, subject_ref: UUID, today: date) -> bool:
    """Tell whether an order or subscription of a person is open: then contract purposes live (R-17-0)."""
    open_one = exists().where(
        Transaction.subject_ref == subject_ref,
        Transaction.kind.in_(_GOES_ON),
        Transaction.status == TransactionStatus.OPEN.value,
        or_(Transaction.ends_on.is_(None), Transaction.ends_on >= today),
    )
    return bool(session.scalar(select(open_one)))


def proof_last_used_on(session: Session, subject_ref: UUID, today: date) -> date | None:
    """Return when the proof of a person's consents was last of use: today while one permits, else its newest day."""
    permits = exists().where(
        ConsentStateRow.subject_ref == subject_ref,
        ConsentStateRow.state.in_([state.value for state in PERMITTING]),
    )
    if session.scalar(select(permits)):
        return today
    newest = select(ConsentRecord.at).where(ConsentRecord.subject_ref == subject_ref).order_by(ConsentRecord.at.desc())
    found = session.scalars(newest.limit(1)).first()
    return found.date() if found is not None else None


def sealed_under(
    session: Session, subject_ref: UUID, key_class: KeyClass, metadata: Sequence[MetaData] = METADATA
) -> bool:
    """Tell whether any row of a person stands in a table that is sealed under one of the person's keys."""
    sealed = sealed_stores(key_class, metadata)
    return any(_any(session, table, subject_ref) for table in tables_of_persons(metadata) if table.name in sealed)


def sealed_stores(key_class: KeyClass, metadata: Sequence[MetaData] = METADATA) -> frozenset[str]:
    """Return the names of the tables that hold something sealed under one of a person's keys."""
    return frozenset(
        table.name
        for table in tables_of_persons(metadata)
        if any(isinstance(column.type, SealedText) and column.type.key_class is key_class for column in table.columns)
    )
