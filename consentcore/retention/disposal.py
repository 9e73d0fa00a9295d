"""The one engine that removes rows about a person: sweeps and erasures both go through here (R-RET-1).

It is generic over the personal-data map: a table is disposable where its `subject_ref` says that rows are deleted or
shredded; evidence and what has a term of its own (persons, log, consent records, archive) stay unless named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, MetaData, Table, delete, select
from sqlalchemy.orm import Session

from consentcore.columns import INFO_KEY, Erasure
from consentcore.crm.accounts import ACCOUNTS
from consentcore.crm.contact_writing import drop_empty_accounts
from consentcore.crm.contacts import Contact
from consentcore.db import Base
from consentcore.errors import BadInput
from consentcore.subjects.standing import Standing, mark

Choice = Collection[str] | Callable[[Table], bool]
"""Names of tables, or a function that picks them."""
CONTACT_CLASSES = frozenset({"contact", "transaction", "blind_index"})
"""Data classes of everything that the CRM holds of a person."""
FOLLOWERS = ("cc_blind_index", "cc_external_id", "cc_provenance")
"""Tables whose `row_id` points at a row elsewhere: they go with it."""
CONTACTS = cast(Table, Contact.__table__)
_LEFT_ALONE = frozenset({Erasure.EVIDENCE, Erasure.OWN_TERM})
_CHUNK = 500
_METADATA = (Base.metadata,)


def of_classes(*classes: str) -> Callable[[Table], bool]:
    """Pick the disposable tables whose rows belong to some data classes, by what `subject_ref` declares."""

    def picks(table: Table) -> bool:
        declared = table.columns["subject_ref"].info.get(INFO_KEY, {})
        return declared.get("retention") in classes and declared.get("erasure") not in _LEFT_ALONE

    return picks


def disposable_tables(choice: Choice, metadata: Sequence[MetaData] = _METADATA) -> tuple[Table, ...]:
    """Return the chosen tables in the order of disposal: a row goes before the row it refers to.

    Raises: BadInput for a name that no table with a `subject_ref` has.
    """
    ordered = [table for one in metadata for table in reversed(one.sorted_tables) if "subject_ref" in table.columns]
    ordered.sort(key=lambda table: table.name not in FOLLOWERS)  # stable: what points at rows without a key goes first
    if callable(choice):
        return tuple(table for table in ordered if choice(table))
    unknown = sorted(set(choice) - {table.name for table in ordered})
    if unknown:
        raise BadInput(f"no table of persons is named {', '.join(unknown)}")
    return tuple(table for table in ordered if table.name in choice)


def dispose(
    session: Session,
    subject_refs: UUID | Iterable[UUID],
    choice: Choice,
    *,
    metadata: Sequence[MetaData] = _METADATA,
) -> dict[str, int]:
    """Delete every row of some persons in the chosen tables; returns rows per table, tables without any left out.

    Disposing again changes nothing. Accounts that lose their last contact go too. Keys are not touched: see
    `retention.keys`. Effects: DELETEs in the caller's unit.
    Raises: BadInput (unknown table); IntegrityError where a row that stays refers to one that should go.
    """
    persons = [subject_refs] if isinstance(subject_refs, UUID) else list(subject_refs)
    tables = disposable_tables(choice, metadata)
    session.flush()  # what the unit still holds in memory is disposed of too
    accounts = _accounts_of(session, persons) if CONTACTS in tables else []
    counts = {table.name: _delete(session, table, table.columns["subject_ref"], persons) for table in tables}
    if counts.get(CONTACTS.name):
        for chunk in _chunks(persons):
            mark(session, chunk, Standing.HELD_ONLY)
    counts[ACCOUNTS.name] = sum(drop_empty_accounts(session, chunk) for chunk in _chunks(accounts))
    return {str(name): count for name, count in counts.items() if count}  # plain texts, as the log takes them


def _accounts_of(session: Session, persons: Sequence[UUID]) -> list[UUID]:
    found: set[UUID] = set()
    for chunk in _chunks(persons):
        member = select(Contact.account_id).where(Contact.subject_ref.in_(chunk), Contact.account_id.is_not(None))
        found.update(account for account in session.scalars(member.distinct()) if account is not None)
    return sorted(found)


def dispose_rows(session: Session, table: Table, row_ids: Iterable[UUID]) -> dict[str, int]:
    """Delete single rows of a table and what follows them (index, external ids, provenance); returns rows per table.

    Disposing again changes nothing. Raises: IntegrityError where a row that stays refers to one that should go.
    """
    ids = list(row_ids)
    session.flush()
    counts = {
        name: _delete(session, Base.metadata.tables[name], Base.metadata.tables[name].columns["row_id"], ids)
        for name in FOLLOWERS
        if name in Base.metadata.tables
    }
    counts[table.name] = _delete(session, table, table.columns["id"], ids)
    return {str(name): count for name, count in counts.items() if count}  # plain texts, as the log takes them


def _delete(session: Session, table: Table, column: ColumnElement[UUID], values: Sequence[UUID]) -> int:
    connection = session.connection()
    return sum(connection.execute(delete(table).where(column.in_(chunk))).rowcount for chunk in _chunks(values))


def _chunks(values: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
