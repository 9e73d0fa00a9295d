"""A CRM whose people have a history, for tests of what is due and what goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crm.contact_points import email_point
from consentcore.crm.contact_writing import WrittenContact, open_contacts
from consentcore.crm.drafts import ContactDraft
from consentcore.crm.transaction_drafts import TransactionDraft
from consentcore.crm.transaction_writing import open_transactions
from consentcore.crypto.keyring import Keyring
from consentcore.db import Base
from consentcore.policyset import Channel, PolicySet
from consentcore.retention.archive import ArchiveItem, archive_rows
from consentcore.retention.sweep import Swept, sweep_next
from tests.builders.policies import shipped

LONG_AGO = date(2001, 1, 1)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


@dataclass(frozen=True)
class Deal:
    """One transaction of a person."""

    kind: str
    issued_on: date
    status: str = "closed"
    ends_on: date | None = None


@dataclass(frozen=True)
class Life:
    """What happened with one person, and when."""

    created_on: date = LONG_AGO
    last_contact_on: date | None = None
    consent_on: date | None = None
    deals: tuple[Deal, ...] = ()
    archived_until: tuple[date, ...] = ()
    account: str | None = None
    email: str = field(default_factory=lambda: f"p{uuid4().hex}@courriel.example")


@dataclass(frozen=True)
class Crm:
    """Writes lives into a database and counts what is left of them."""

    factory: sessionmaker[Session]
    keyring: Keyring
    policy: PolicySet
    now: datetime

    def live(self, *lives: Life) -> list[UUID]:
        """Write the lives of some persons; returns their references."""
        with self.factory.begin() as session:
            written = open_contacts(session, self.keyring, [_contact(life) for life in lives], self.now)
            for one, life in zip(written, lives, strict=True):
                self._write(session, one, life)
        return [one.subject_ref for one in written]

    def _write(self, session: Session, one: WrittenContact, life: Life) -> None:
        owned = [
            (
                one,
                TransactionDraft(
                    kind=deal.kind,
                    issued_on=deal.issued_on,
                    amount=Decimal("12.50"),
                    currency="EUR",
                    status=deal.status,
                    ends_on=deal.ends_on,
                    texts={"number": "F-1", "billing_name": "Camille Deschamps"},
                ),
            )
            for deal in life.deals
        ]
        open_transactions(session, self.keyring, owned, self.now)
        archive_rows(session, self.keyring, one.subject_ref, [item(until) for until in life.archived_until], self.now)
        if life.consent_on is not None:
            notice = self.policy.notice("newsletter", 1, "fr")
            choice = Choice("newsletter", Channel.EMAIL, ConsentState.GIVEN, notice, noon(life.consent_on))
            record(session, one.subject_ref, [choice], self.policy, Evidence("paper"), self.now)

    def sweep(self, now: datetime | None = None, limit: int = 200, spared: Any = ()) -> list[Swept]:
        """Sweep to the end, a unit per batch."""
        done = []
        while True:
            with self.factory.begin() as session:
                swept = sweep_next(session, self.keyring, self.policy, now or self.now, limit, spared)
            if swept.rule is None:
                return done
            done.append(swept)

    def count(self, name: str, *subject_refs: UUID) -> int:
        """Count rows of a table, of some persons where they are named."""
        table: Table = Base.metadata.tables[name]
        query = select(func.count()).select_from(table)
        if subject_refs:
            query = query.where(table.c.subject_ref.in_(subject_refs))
        with self.factory() as session:
            return session.scalar(query) or 0

    def holding(self, name: str, subject_refs: Sequence[UUID]) -> set[UUID]:
        """Return those persons of whom a table holds rows."""
        owner = Base.metadata.tables[name].c.subject_ref
        with self.factory() as session:
            return set(session.scalars(select(owner).where(owner.in_(subject_refs))))


def item(until: date | None, **changes: Any) -> ArchiveItem:
    """An invoice to be archived."""
    stated: dict[str, Any] = {
        "store": "cc_transaction",
        "source_id": uuid4(),
        "fields": {"billing_name": "Zoé Deschamps", "issued_on": date(2021, 3, 5), "amount": Decimal("12.50")},
        "rule": "archived_invoices",
        "article": "17(3)(b)",
        "legal_text": "Code de commerce, art. L123-22",
        "kept_until": until,
    }
    return ArchiveItem(**(stated | changes))


def _contact(life: Life) -> ContactDraft:
    texts = {"first_name": "Camille", "last_name": "Deschamps"}
    if life.account is not None:
        texts["account_name"] = life.account
    return ContactDraft(
        texts=texts,
        points=(email_point(life.email),),
        created_at=noon(life.created_on),
        last_contact_at=None if life.last_contact_on is None else noon(life.last_contact_on),
    )


@pytest.fixture
def crm(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> Crm:
    return Crm(bound, keyring, shipped(), now)


@pytest.fixture
def make_life() -> type[Life]:
    return Life


@pytest.fixture
def make_deal() -> type[Deal]:
    return Deal


@pytest.fixture
def make_item() -> Any:
    return item
