"""What is due today, as queries: nothing is read into memory to find out (Art. 5(1)(e), R-RET-1 to 3).

A row survives while one rule of its class covers it, so of several rules the longest governs; a class with a rule
whose start is not known here is never due. Whoever has a restriction standing (Art. 18), or is in `spared` (a hold, an
open request), is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.crm.contacts import RETENTION as CONTACT
from consentcore.crm.contacts import Contact
from consentcore.crm.transactions import (
    INVOICE,
    RETENTION,
    Transaction,
    TransactionKind,
    TransactionStatus,
    data_class_of,
)
from consentcore.policyset import Phase, PolicySet, RetentionRule
from consentcore.retention.schedule import FISCAL_YEAR, end_of, latest_start_due, today_of
from consentcore.retention.tables import ArchivedRow
from consentcore.subjects.restrictions import Ground
from consentcore.subjects.tables import Restriction

Owner = InstrumentedAttribute[UUID]
Spared = Sequence[Select[Any]]
"""Queries of the `subject_ref`s of persons whose data must not go now."""
LAST_CONTACT = "last_contact_from_person"
RELATION_END = "relation_end"
STARTS = {CONTACT: LAST_CONTACT, RETENTION: RELATION_END, INVOICE: FISCAL_YEAR}
"""Data classes that are swept, each with the event from which its periods start."""
_DECLARED_BY_PERSON = [
    state.value
    for state in ConsentState
    if state not in (ConsentState.EXPIRED, ConsentState.INVALIDATED, ConsentState.UNKNOWN)
]
_INVOICES = [kind.value for kind in TransactionKind if data_class_of(kind) == INVOICE]


@dataclass(frozen=True, slots=True)
class Cutoff:
    """The rule that governs a data class, and the latest start from which its data are due today."""

    rule: RetentionRule
    start: date
    until: datetime
    """The instant at which that day is over, in UTC."""


def cutoff(policy: PolicySet, data: str, now: datetime) -> Cutoff | None:
    """Return the cutoff of a data class: of its rules, that of the one which keeps longest; None: nothing is due."""
    today = today_of(policy.controller, now)
    found: list[Cutoff] = []
    for rule in policy.retention_for(data):
        if rule.starts != STARTS[data] or rule.then is not Phase.ERASE:
            return None
        start = latest_start_due(rule, today, policy.controller)
        if start is None:
            return None
        found.append(Cutoff(rule, start, end_of(start, policy.controller)))
    return min(found, key=lambda one: one.start, default=None)


@dataclass(frozen=True, slots=True)
class Due:
    """The conditions under which rows are due, for one policy at one instant."""

    today: date
    contact: Cutoff | None
    transaction: Cutoff | None
    invoice: Cutoff | None
    goes_with_person: bool
    """Whether no rule speaks of orders, returns and subscriptions: once closed they go with the person."""
    spared: Spared = ()

    @classmethod
    def at(cls, policy: PolicySet, now: datetime, spared: Spared = ()) -> Due:
        """Work the conditions out."""
        return cls(
            today_of(policy.controller, now),
            cutoff(policy, CONTACT, now),
            cutoff(policy, RETENTION, now),
            cutoff(policy, INVOICE, now),
            not policy.retention_for(RETENTION),
            spared,
        )

    def archived(self) -> ColumnElement[bool]:
        """Archived rows whose last day is past; those that wait for an event have none."""
        return and_(ArchivedRow.kept_until < self.today, self._free(ArchivedRow.subject_ref))

    def invoices(self) -> ColumnElement[bool] | None:
        """Invoices in the active tables whose accounting year closed long enough ago."""
        if self.invoice is None:
            return None
        return and_(
            _is_invoice(Transaction), Transaction.issued_on <= self.invoice.start, self._free(Transaction.subject_ref)
        )

    def transactions(self) -> ColumnElement[bool] | None:
        """Orders, returns and subscriptions of persons with whom the relation ended long enough ago."""
        if self.transaction is None:
            return None
        owner = Transaction.subject_ref
        return and_(~_is_invoice(Transaction), self._silent(owner, self.transaction), self._free(owner))

    def persons(self) -> ColumnElement[bool] | None:
        """Contacts of persons not heard of for long enough, of whom no transaction has to stay."""
        if self.contact is None:
            return None
        owner = Contact.subject_ref
        parts = [self._silent(owner, self.contact), self._free(owner), ~self._standing_invoice(owner)]
        if self.transaction is not None:
            parts.append(or_(~_other_business(owner), self._silent(owner, self.transaction)))
        elif not self.goes_with_person:
            parts.append(~_other_business(owner))
        return and_(*parts)

    def _silent(self, owner: Owner, since: Cutoff) -> ColumnElement[bool]:
        """Say that a person was not heard of after a cutoff, and that nothing is open with that person."""
        contact, deal = aliased(Contact), aliased(Transaction)
        heard = func.coalesce(contact.last_contact_at, contact.created_at)
        lasted = and_(~_is_invoice(deal), or_(deal.ends_on > since.start, self._is_open(deal)))
        return and_(
            ~exists().where(contact.subject_ref == owner, heard >= since.until),
            ~exists().where(
                ConsentRecord.subject_ref == owner,
                ConsentRecord.at >= since.until,
                ConsentRecord.state.in_(_DECLARED_BY_PERSON),
            ),
            ~exists().where(deal.subject_ref == owner, or_(deal.issued_on > since.start, lasted)),
        )

    def _standing_invoice(self, owner: Owner) -> ColumnElement[bool]:
        deal = aliased(Transaction)
        found = exists().where(deal.subject_ref == owner, _is_invoice(deal))
        return found if self.invoice is None else found.where(deal.issued_on > self.invoice.start)

    def _is_open(self, deal: type[Transaction]) -> ColumnElement[bool]:
        still = or_(deal.ends_on.is_(None), deal.ends_on >= self.today)
        return and_(deal.status != TransactionStatus.CLOSED.value, still)

    def _free(self, owner: Owner) -> ColumnElement[bool]:
        # an erasure's own restriction stands for ever and spares nothing: what it kept goes when its term is over
        restricted = exists().where(
            Restriction.subject_ref == owner,
            Restriction.lifted_at.is_(None),
            Restriction.ground != Ground.ERASURE_RUNNING.value,
        )
        return and_(~restricted, *(~_names(query, owner) for query in self.spared))


def _names(query: Select[Any], owner: Owner) -> ColumnElement[bool]:
    spared = query.subquery()
    return exists().where(next(iter(spared.columns)) == owner)


def _other_business(owner: Owner) -> ColumnElement[bool]:
    deal = aliased(Transaction)
    return exists().where(deal.subject_ref == owner, ~_is_invoice(deal))


def _is_invoice(deal: type[Transaction]) -> ColumnElement[bool]:
    return deal.kind.in_(_INVOICES)
