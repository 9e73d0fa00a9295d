"""Gathering what bears on decisions about some persons at one instant, in a few statements whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from consentcore.consent.facts import Facts
from consentcore.consent.judging import Matter
from consentcore.consent.precedence import newest_first
from consentcore.consent.tables import ConsentRecord, ConsentStateRow, NoticeShown, Quality
from consentcore.crm.calls import Call, CallOutcome, Direction
from consentcore.crm.contacts import Capacity, Contact
from consentcore.crm.contracts import Contract
from consentcore.crm.transactions import Transaction, TransactionKind, TransactionStatus
from consentcore.crypto.tables import BlindIndexRow
from consentcore.ledger.tables import LogLeaf
from consentcore.policyset import Channel, Rule
from consentcore.subjects.restrictions import Ground
from consentcore.subjects.standing import Standing
from consentcore.subjects.tables import DataSubject, Objection, Restriction
from consentcore.suppression.tables import MARKETING, SuppressionEntry

_CHUNK = 500
_SALES = (TransactionKind.ORDER.value, TransactionKind.INVOICE.value, TransactionKind.SUBSCRIPTION.value)


def gather(session: Session, subject_refs: Sequence[UUID], matter: Matter, *, as_of: bool = False) -> dict[UUID, Facts]:
    """Return the facts of each person known here at the instant of the matter; others are left out.

    `as_of` asks for a past instant: declarations are read from the records, and what was lifted since stands again.
    Reads only.
    """
    found: dict[UUID, Facts] = {}
    for start in range(0, len(subject_refs), _CHUNK):
        found |= _Gathering(session, subject_refs[start : start + _CHUNK], matter, as_of).facts()
    return found


class _Gathering:
    """The statements about one chunk of persons."""

    def __init__(self, session: Session, refs: Collection[UUID], matter: Matter, as_of: bool) -> None:
        self._session = session
        self._refs = list(refs)
        self._matter = matter
        self._as_of = as_of

    def facts(self) -> dict[UUID, Facts]:
        """Return the facts of the persons of this chunk."""
        subject = DataSubject
        known = self._rows(
            select(subject.subject_ref, subject.created_at, subject.deceased_on, subject.standing).where(
                subject.subject_ref.in_(self._refs)
            )
        )
        contacts = self._contacts()
        states = self._states()
        parts = [states, self._opposition(), contacts]
        if self._matter.purpose.rule is Rule.SOFT_OPT_IN:
            parts.append(self._business())
        if self._matter.channel is Channel.PHONE:
            parts += [self._contracts(), self._calls()]
        found = {}
        for ref, created_at, deceased_on, standing in known:
            if self._as_of and created_at > self._matter.at and ref not in states:
                continue  # nobody knew the person then; a declaration may be older than its record here
            died = deceased_on if deceased_on is not None and deceased_on <= self._matter.today else None
            gone = bool(standing & Standing.HELD_ONLY) and ref not in contacts and not self._as_of
            values: dict[str, Any] = {"deceased_on": died, "held_only": gone}
            for part in parts:
                values |= part.get(ref, {})
            found[ref] = Facts(**values)
        return found

    def _rows(self, query: Select[*tuple[Any, ...]]) -> Sequence[Any]:
        return self._session.execute(query).all()

    def _states(self) -> dict[UUID, dict[str, Any]]:
        purpose, channel = self._matter.purpose.id, self._matter.channel.value
        if self._as_of:
            rows = self._rows(_newest(self._refs, purpose, channel, self._matter.at))
        else:
            held = ConsentStateRow
            rows = self._rows(
                select(held.subject_ref, held.state, held.record_id, held.at, held.expires_at, held.quality).where(
                    held.subject_ref.in_(self._refs), held.purpose == purpose, held.channel == channel
                )
            )
        names = ("state", "record_id", "at", "expires_at")
        return {row[0]: dict(zip(names, row[1:5], strict=True)) | {"quality": Quality(row[5])} for row in rows}

    def _opposition(self) -> dict[UUID, dict[str, Any]]:
        found: dict[UUID, dict[str, Any]] = defaultdict(dict)
        for name, query in (
            ("suppressed_at", self._suppressed()),
            (
                "objected_at",
                self._standing(Objection, Objection.objected_at, Objection.purpose == self._matter.purpose.id),
            ),
            ("restricted_at", self._standing(Restriction, Restriction.placed_at)),
        ):
            for ref, since in self._rows(query):
                found[ref][name] = since
        for ref in self._erased([ref for ref, values in found.items() if "restricted_at" in values]):
            found[ref]["erased"] = True
        return found

    def _standing(
        self, table: type[Any], since: InstrumentedAttribute[datetime], *conditions: ColumnElement[bool]
    ) -> Select[*tuple[Any, ...]]:
        query = select(table.subject_ref, func.max(since)).where(
            table.subject_ref.in_(self._refs), self._stood(since, table.lifted_at), *conditions
        )
        return query.group_by(table.subject_ref)

    def _suppressed(self) -> Select[*tuple[Any, ...]]:
        purpose = self._matter.purpose
        scopes = [purpose.id, MARKETING] if purpose.is_marketing else [purpose.id]
        same = and_(
            BlindIndexRow.bidx == SuppressionEntry.bidx,
            BlindIndexRow.gen == SuppressionEntry.gen,
            BlindIndexRow.field_number == SuppressionEntry.field_number,
        )
        return (
            select(BlindIndexRow.subject_ref, func.max(SuppressionEntry.created_at))
            .join(SuppressionEntry, same)
            .where(
                BlindIndexRow.subject_ref.in_(self._refs),
                SuppressionEntry.scope.in_(scopes),
                self._stood(SuppressionEntry.created_at, SuppressionEntry.lifted_at),
            )
            .group_by(BlindIndexRow.subject_ref)
        )

    def _stood(self, since: Any, lifted_at: Any) -> ColumnElement[bool]:
        if not self._as_of:
            return lifted_at.is_(None)  # type: ignore[no-any-return]
        return and_(since <= self._matter.at, or_(lifted_at.is_(None), lifted_at > self._matter.at))

    def _erased(self, restricted: Sequence[UUID]) -> Sequence[UUID]:
        """Return the persons whose erasure is through: its restriction stands and no contact is left."""
        if not restricted:
            return ()
        left = select(Contact.id).where(Contact.subject_ref == Restriction.subject_ref)
        query = select(Restriction.subject_ref).where(
            Restriction.subject_ref.in_(restricted),
            Restriction.ground == Ground.ERASURE_RUNNING.value,
            self._stood(Restriction.placed_at, Restriction.lifted_at),
            ~left.exists(),
        )
        return [row[0] for row in self._rows(query.distinct())]

    def _contacts(self) -> dict[UUID, dict[str, Any]]:
        found: dict[UUID, dict[str, Any]] = {}
        query = select(Contact.subject_ref, Contact.capacity, Contact.country_code, Contact.timezone)
        for ref, capacity, country, timezone in self._rows(
            query.where(Contact.subject_ref.in_(self._refs)).order_by(Contact.created_at, Contact.id)
        ):
            values = found.setdefault(ref, {"capacity": Capacity.PROFESSIONAL, "countries": frozenset()})
            if capacity != Capacity.PROFESSIONAL:
                values["capacity"] = Capacity.CONSUMER
            values["countries"] |= {country or self._matter.policy.controller.country}
            values["timezone"] = timezone or values.get("timezone")
        return found

    def _business(self) -> dict[UUID, dict[str, Any]]:
        """Give the last day of business, and whether a refusal was offered by the day of a sale or contract."""
        today = self._matter.today
        sales = select(
            Transaction.subject_ref, Transaction.issued_on, Transaction.ends_on, Transaction.kind, Transaction.status
        ).where(Transaction.subject_ref.in_(self._refs), Transaction.kind.in_(_SALES), Transaction.issued_on <= today)
        contracts = select(Contract.subject_ref, Contract.starts_on, Contract.ends_on).where(
            Contract.subject_ref.in_(self._refs), Contract.starts_on <= today
        )
        last: dict[UUID, date] = {}
        sold: dict[UUID, date] = {}
        for ref, issued_on, ends_on, kind, status in self._rows(sales):
            goes_on = kind == TransactionKind.SUBSCRIPTION and status == TransactionStatus.OPEN
            until = today if goes_on and ends_on is None else max(issued_on, min(ends_on or issued_on, today))
            last[ref] = max(last.get(ref, until), until)
            sold[ref] = max(sold.get(ref, issued_on), issued_on)
        for ref, starts_on, ends_on in self._rows(contracts):
            until = today if ends_on is None else min(ends_on, today)
            last[ref] = max(last.get(ref, until), until)
            sold[ref] = max(sold.get(ref, starts_on), starts_on)
        shown = self._first_shown()
        return {
            ref: {"last_business_on": day, "refusal_offered": ref in shown and shown[ref] <= sold[ref]}
            for ref, day in last.items()
        }

    def _first_shown(self) -> dict[UUID, date]:
        """Return when each person was first shown a notice of the purpose, as a day of the controller."""
        query = select(NoticeShown.subject_ref, func.min(NoticeShown.at)).where(
            NoticeShown.subject_ref.in_(self._refs),
            NoticeShown.notice_id == self._matter.purpose.notice_id,
            NoticeShown.at <= self._matter.at,
        )
        zone = ZoneInfo(self._matter.policy.controller.timezone)
        return {ref: at.astimezone(zone).date() for ref, at in self._rows(query.group_by(NoticeShown.subject_ref))}

    def _contracts(self) -> dict[UUID, dict[str, Any]]:
        today = self._matter.today
        contract = select(Contract.subject_ref).where(
            Contract.subject_ref.in_(self._refs),
            Contract.starts_on <= today,
            or_(Contract.ends_on.is_(None), Contract.ends_on >= today),
        )
        subscription = select(Transaction.subject_ref).where(
            Transaction.subject_ref.in_(self._refs),
            Transaction.kind == TransactionKind.SUBSCRIPTION.value,
            Transaction.status == TransactionStatus.OPEN.value,
            Transaction.issued_on <= today,
            or_(Transaction.ends_on.is_(None), Transaction.ends_on >= today),
        )
        return {row[0]: {"contract_runs": True} for query in (contract, subscription) for row in self._rows(query)}

    def _calls(self) -> dict[UUID, dict[str, Any]]:
        marketing = [one.id for one in self._matter.policy.purposes.values() if one.is_marketing]
        query = select(Call.subject_ref, Call.at, Call.outcome, Call.direction).where(
            Call.subject_ref.in_(self._refs), Call.purpose.in_(marketing), Call.at <= self._matter.at
        )
        found: dict[UUID, Facts] = defaultdict(Facts)
        for ref, at, outcome, direction in self._rows(query.order_by(Call.at)):
            if direction == Direction.OUTBOUND:
                found[ref] = replace(found[ref], called_at=(*found[ref].called_at, at))
            if outcome == CallOutcome.REFUSED:
                found[ref] = replace(found[ref], call_refused_at=at)
        return {
            ref: {"called_at": facts.called_at, "call_refused_at": facts.call_refused_at}
            for ref, facts in found.items()
        }


def _newest(refs: Collection[UUID], purpose: str, channel: str, instant: datetime) -> Select[*tuple[Any, ...]]:
    place = (
        func.row_number()
        .over(
            partition_by=ConsentRecord.subject_ref,
            order_by=newest_first(),
        )
        .label("place")
    )
    ordered = (
        select(
            ConsentRecord.subject_ref,
            ConsentRecord.state,
            ConsentRecord.id,
            ConsentRecord.at,
            ConsentRecord.expires_at,
            ConsentRecord.quality,
            place,
        )
        .outerjoin(LogLeaf, LogLeaf.event_id == ConsentRecord.event_id)
        .where(
            ConsentRecord.subject_ref.in_(refs),
            ConsentRecord.purpose == purpose,
            ConsentRecord.channel == channel,
            ConsentRecord.at <= instant,
        )
        .subquery()
    )
    return select(*list(ordered.c)[:6]).where(ordered.c.place == 1)
