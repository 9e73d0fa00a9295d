"""A database with a log on it, subjects with keys, and a bench of events."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.ledger import fsck, log
from consentcore.ledger.append import ensure_log
from consentcore.ledger.events import Event, register
from tests.builders.databases import Database

TESTED = register("test.happened", "something happened in a test")


@dataclass
class Ledger:
    """A log under test."""

    factory: sessionmaker[Session]
    keyring: Keyring
    subjects: list[uuid.UUID]
    now: datetime
    kind: str

    @property
    def vkey(self) -> str:
        return self.keyring.log_signer().vkey

    def event(self, number: int = 0, **parts: Any) -> Event:
        given: dict[str, Any] = {
            "type": TESTED,
            "at": self.now,
            "subject_ref": self.subjects[number % len(self.subjects)],
            "payload": {"number": number, "word": "sécret"},
            "purpose": "newsletter",
            "purpose_v": 1,
            "basis": "consent",
            "data": {"state": "given"},
        }
        return Event(**given | parts)

    def append(self, *batches: int) -> list[uuid.UUID]:
        ids: list[uuid.UUID] = []
        for batch in batches:
            with self.factory.begin() as session:
                ids += log.queue_many(session, [self.event(number) for number in range(batch)])
        return ids

    def audit(self, against: str | None = None) -> fsck.LogAudit:
        with self.factory() as session:
            return fsck.audit(session, [self.vkey], against)


def make_ledger(database: Database, keyring: Keyring, now: datetime) -> Ledger:
    factory = sessionmaker(database.engine, info={KEYRING_KEY: keyring})
    log.attach(factory)
    with database.engine.begin() as connection:
        ensure_log(connection)
        ensure_log(connection)
    subjects = [uuid.uuid4() for _ in range(3)]
    keyring.ensure(subjects, now)
    return Ledger(factory, keyring, subjects, now, database.kind)


@pytest.fixture
def ledger(database: Database, keyring: Keyring, now: datetime) -> Ledger:
    return make_ledger(database, keyring, now)


@pytest.fixture
def count(ledger: Ledger) -> Callable[[str], int]:
    def rows(table: str) -> int:
        with ledger.factory() as session:
            return session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()

    return rows
