"""The sweep: what is due, and one batch at a time of letting it go, each with its leaf (walk C, R-RET-1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, insert, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.crm.contacts import Contact
from consentcore.crm.transactions import Transaction
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.identifiers import random_ref
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.policyset import PolicySet
from consentcore.retention.archive import delete_archived
from consentcore.retention.disposal import CONTACT_CLASSES, dispose, dispose_rows, of_classes
from consentcore.retention.due import Cutoff, Due, Spared
from consentcore.retention.keys import release_keys
from consentcore.retention.tables import JOURNAL, ArchivedRow
from consentcore.subjects.tables import DataSubject

SWEPT = register("retention.swept", "a batch of data whose time was over was deleted (Art. 5(1)(e))")
BATCH = 200
MOST = 500
"""Most due items in one batch: what one unit locks."""
_TRANSACTIONS = cast(Table, Transaction.__table__)


@dataclass(frozen=True, slots=True)
class DueItem:
    """What is due under one rule: rows of one store (persons, where the store is `cc_contact`), and how many."""

    rule: str
    store: str
    count: int


@dataclass(frozen=True, slots=True)
class Swept:
    """One batch that went: under which rule, how many due items, rows deleted per table. No rule: nothing was due."""

    rule: str | None = None
    items: int = 0
    rows: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


def plan(session: Session, policy: PolicySet, now: datetime, spared: Spared = ()) -> tuple[DueItem, ...]:
    """Count what is due, by rule and store, as one sweep would find it; changes nothing.

    A person whose last due invoice is in the count is counted as a person too, where the rule of persons is due.
    Data of persons in `spared` are not due. Raises: BadInput (a period or date that cannot be worked out).
    """
    due = Due.at(policy, now, spared)
    return tuple(item for item in (*_due_archived(session, due), *_due_active(session, due)) if item.count)


def _due_archived(session: Session, due: Due) -> Iterator[DueItem]:
    found = session.execute(
        select(ArchivedRow.rule, func.count())
        .where(due.archived())
        .group_by(ArchivedRow.rule)
        .order_by(ArchivedRow.rule)
    )
    return (DueItem(rule, ArchivedRow.__tablename__, count) for rule, count in found)


def _due_active(session: Session, due: Due) -> Iterator[DueItem]:
    for condition, governing in ((due.invoices(), due.invoice), (due.transactions(), due.transaction)):
        if condition is not None and governing is not None:
            count = session.scalar(select(func.count()).select_from(Transaction).where(condition))
            yield DueItem(governing.rule.id, Transaction.__tablename__, count or 0)
    condition = due.persons()
    if condition is not None and due.contact is not None:
        count = session.scalar(select(func.count(Contact.subject_ref.distinct())).where(condition))
        yield DueItem(due.contact.rule.id, Contact.__tablename__, count or 0)


def sweep_next(
    session: Session, keyring: Keyring, policy: PolicySet, now: datetime, limit: int = BATCH, spared: Spared = ()
) -> Swept:
    """Let one batch of due data go in the caller's unit: archived rows first, then transactions, then persons.

    Call it, each time in a unit of its own, until it returns no rule; broken off, the next call goes on. What is due
    is looked at again under locks, so that whoever came back meanwhile stays.
    Effects: DELETEs; keys of persons of whom nothing is left are marked (`retention.keys.released_keys` lists them:
    destroy and certify them after the commit); one leaf `retention.swept` and one row of cc_disposal.
    Raises: BadInput for a limit outside 1..MOST.
    """
    if not 1 <= limit <= MOST:
        raise BadInput(f"a batch of a sweep has 1 to {MOST} items, not {limit}")
    due = Due.at(policy, now, spared)
    swept = (
        _sweep_archived(session, keyring, due, limit, now)
        or _sweep_transactions(session, due.invoices(), due.invoice, limit)
        or _sweep_transactions(session, due.transactions(), due.transaction, limit)
        or _sweep_persons(session, keyring, due, limit, now)
        or Swept()
    )
    if swept.rule is not None:
        _record(session, swept, swept.rule, policy, now)
    return swept


def _sweep_archived(session: Session, keyring: Keyring, due: Due, limit: int, now: datetime) -> Swept | None:
    rule = session.scalar(select(ArchivedRow.rule).where(due.archived()).order_by(ArchivedRow.rule).limit(1))
    if rule is None:
        return None
    found = session.execute(
        select(ArchivedRow.id, ArchivedRow.subject_ref)
        .where(due.archived(), ArchivedRow.rule == rule)
        .order_by(ArchivedRow.kept_until, ArchivedRow.id)
        .limit(limit)
        .with_for_update()
    ).all()
    rows = delete_archived(session, [row.id for row in found])
    release_keys(session, keyring, {row.subject_ref for row in found}, now)
    return Swept(rule, len(found), rows) if found else None


def _sweep_transactions(
    session: Session, condition: ColumnElement[bool] | None, governing: Cutoff | None, limit: int
) -> Swept | None:
    if condition is None or governing is None:
        return None
    seen = session.execute(
        select(Transaction.id, Transaction.subject_ref).where(condition).order_by(Transaction.id).limit(limit)
    ).all()
    _lock(session, {row.subject_ref for row in seen})
    still = select(Transaction.id).where(condition, Transaction.id.in_([row.id for row in seen]))
    found = session.scalars(still.order_by(Transaction.id).with_for_update()).all() if seen else []
    return Swept(governing.rule.id, len(found), dispose_rows(session, _TRANSACTIONS, found)) if found else None


def _sweep_persons(session: Session, keyring: Keyring, due: Due, limit: int, now: datetime) -> Swept | None:
    condition = due.persons()
    if condition is None or due.contact is None:
        return None
    owner = Contact.subject_ref
    due_now = select(owner).where(condition).distinct().order_by(owner)
    seen = session.scalars(due_now.limit(limit)).all()
    _lock(session, seen)
    persons = session.scalars(due_now.where(owner.in_(seen))).all() if seen else []
    if not persons:
        return None
    rows = dispose(session, persons, of_classes(*CONTACT_CLASSES))
    release_keys(session, keyring, persons, now)
    return Swept(due.contact.rule.id, len(persons), rows)


def _lock(session: Session, persons: Collection[UUID]) -> None:
    """Let whoever wants to write about these persons wait for us; what is due is then looked at again."""
    if not persons:
        return
    # contacts before persons, in one order: as imports lock them
    owner, known = Contact.subject_ref, DataSubject.subject_ref
    session.execute(select(Contact.id).where(owner.in_(persons)).order_by(Contact.id).with_for_update()).all()
    session.execute(select(known).where(known.in_(persons)).order_by(known).with_for_update()).all()


def _record(session: Session, swept: Swept, rule: str, policy: PolicySet, now: datetime) -> None:
    data = {"rule": rule, "policy_sha256": policy.sha256, "items": swept.items, "rows": dict(swept.rows)}
    event_id = queue(session, Event(type=SWEPT, at=now, data=data))
    session.connection().execute(
        insert(JOURNAL).values(
            id=random_ref(),
            rule=rule,
            policy_sha256=policy.sha256,
            item_count=swept.items,
            row_count=sum(swept.rows.values()),
            at=ensure_utc(now),
            event_id=event_id,
        )
    )
