"""What the tests of keys and sealed columns share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.fields import attach
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from tests.builders.databases import Database
from tests.consentcore.crypto.people import SECRET, HostBase, Person


@pytest.fixture
def subject(keyring: Keyring, now: datetime) -> UUID:
    """A subject with keys."""
    made = uuid4()
    keyring.ensure([made], now)
    return made


@pytest.fixture
def host(database: Database, keyring: Keyring) -> Iterator[sessionmaker[Session]]:
    """A host's session factory with the keyring on it, and the host's tables."""
    HostBase.metadata.create_all(database.engine)
    factory = sessionmaker(database.engine, info={KEYRING_KEY: keyring})
    attach(factory)
    yield factory
    HostBase.metadata.drop_all(database.engine)


@pytest.fixture
def session(host: sessionmaker[Session]) -> Iterator[Session]:
    """A session of the host."""
    with host() as opened:
        yield opened


@pytest.fixture
def second_keyring(database: Database, keyring: Keyring, tmp_path: Path) -> Keyring:
    """The same keyring as another process sees it: own cache, own provider."""
    return Keyring(database.keyring_engine, FileKek(tmp_path / "kek.json"))


@pytest.fixture
def person(session: Session, subject: UUID) -> Person:
    """A stored person."""
    made = Person(subject_ref=subject, email=SECRET, note="a note")
    session.add(made)
    session.commit()
    return made
