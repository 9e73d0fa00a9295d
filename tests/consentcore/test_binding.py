"""A factory is bound once; what was not bound is refused before anything is written."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.binding import bind
from consentcore.crm.contacts import Contact
from consentcore.crypto.keyring import Keyring
from consentcore.errors import ConfigurationError, ConsentCoreError
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.ledger.tables import LogEvent
from tests.builders.databases import Database

EVENT = register("test.binding", "an event of the tests")


def test_a_second_binding_is_refused(database: Database, keyring: Keyring) -> None:
    factory = sessionmaker(database.engine)
    bind(factory, keyring)
    with pytest.raises(ConfigurationError, match="bound already"):
        bind(factory, keyring)


def test_two_phase_sessions_are_refused(database: Database, keyring: Keyring) -> None:
    with pytest.raises(ConfigurationError, match="two-phase"):
        bind(sessionmaker(database.engine, twophase=True), keyring)


def test_a_session_never_bound_writes_nothing(database: Database, now: datetime) -> None:
    unbound = sessionmaker(database.engine)
    with unbound() as session, pytest.raises(ConfigurationError):
        queue(session, Event(type=EVENT, at=now))
    with unbound() as session:
        session.add(Contact(subject_ref=uuid4(), first_name="Camille", capacity="consumer", created_at=now))
        with pytest.raises(ConsentCoreError):
            session.flush()
    with unbound() as session:
        assert session.scalar(select(func.count()).select_from(LogEvent)) == 0
        assert session.scalar(select(func.count()).select_from(Contact)) == 0


def test_a_host_s_own_session_info_is_kept(database: Database, keyring: Keyring) -> None:
    factory: sessionmaker[Session] = sessionmaker(database.engine, info={"tenant": "jardins"})
    bind(factory, keyring)
    with factory() as session:
        assert session.info["tenant"] == "jardins"
