"""The shop behind the tests of the gate: Ada consented, Bob did not, Cleo did and is restricted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crypto.keyring import Keyring
from consentcore.policyset import Channel, PolicySet
from consentcore.subjects import restrictions
from tests.builders.databases import Database
from tests.builders.hosting import Booking, Customer, Guest, Order, Product, Survey, host_tables
from tests.builders.people import open_people
from tests.builders.policies import shipped

NAMES = ("Ada", "Bob", "Cleo")


@dataclass(frozen=True)
class Shop:
    """References and keys, by name."""

    sessions: sessionmaker[Session]
    keyring: Keyring
    policy: PolicySet
    now: datetime
    people: dict[str, UUID]
    customers: dict[str, UUID]
    orders: dict[str, UUID]


@pytest.fixture
def shop(database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> Iterator[Shop]:
    """Three customers with two orders each, and a booking for Ada and Bob, one for Bob alone."""
    policy = seeing(shipped(), "contact", "consent_proof", "score", "transaction")
    refs = open_people(bound, keyring, now, *(f"{name.lower()}@courriel.example" for name in NAMES))
    people = dict(zip(NAMES, refs, strict=True))
    with host_tables(database.engine):
        with bound.begin() as session:
            for name in ("Ada", "Cleo"):
                consent(session, people[name], policy, now)
            restrictions.place(session, people["Cleo"], restrictions.Ground.ACCURACY_CONTESTED, now)
            customers = {name: Customer(subject_ref=people[name], name=name, score=7) for name in NAMES}
            session.add_all(customers.values())
            session.flush()
            for name, friend in (("Ada", "Bob"), ("Bob", "Ada"), ("Cleo", "Ada")):
                customers[name].friend_id = customers[friend].id
            orders = {
                f"{name} {number}": Order(
                    subject_ref=people[name], customer_id=customers[name].id, label=f"{name} {number}"
                )
                for name in NAMES
                for number in (1, 2)
            }
            both, alone = Booking(wish="both"), Booking(wish="alone")
            session.add_all([*orders.values(), both, alone, Product(title="Spade"), Survey(answer="yes")])
            session.flush()
            session.add_all(
                Guest(subject_ref=people[name], booking_id=one.id)
                for name, one in (("Ada", both), ("Bob", both), ("Bob", alone))
            )
            session.flush()
            ids = {name: one.id for name, one in customers.items()}
            order_ids = {name: one.id for name, one in orders.items()}
        yield Shop(bound, keyring, policy, now, people, ids, order_ids)


def seeing(policy: PolicySet, *data: str) -> PolicySet:
    """Return policies whose newsletter uses these classes of data."""
    purpose = replace(policy.purpose("newsletter"), data=frozenset(data))
    digest = sha256(" ".join(data).encode()).hexdigest()  # other policies have another hash
    return replace(policy, sha256=digest, purposes={**policy.purposes, "newsletter": purpose})


def consent(
    session: Session, person: UUID, policy: PolicySet, now: datetime, state: ConsentState = ConsentState.GIVEN
) -> None:
    """Declare something about the newsletter on a web form."""
    choice = Choice("newsletter", Channel.EMAIL, state, policy.notice("newsletter", 1, "fr"))
    record(session, person, [choice], policy, Evidence("web_form"), now)
