"""The portal on a database of its own, browsers at it, and the mail that it sends; on SQLite alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from consentcore.outbox.put import Message, opened
from consentcore.outbox.tables import OutboxMessage
from tests.builders.databases import Database, DatabaseSource
from tests.builders.faces import Browser
from tests.builders.people import open_people
from tests.builders.wired import wired_service
from web.portal.app import create_app
from web.wiring import Service

CAMILLE = "camille.deschamps@courriel.example"
_CODE = re.compile(r"\b(\d{3}) (\d{3})\b")

Mails = Callable[[], list[Message]]
Confirmed = Callable[..., Browser]


@pytest.fixture
def database(database_source: DatabaseSource, tmp_path: Path) -> Iterator[Database]:
    """A main and a keyring database of SQLite."""
    with database_source.lend("sqlite", tmp_path) as lent:
        yield lent


@pytest.fixture
def service(
    database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, tmp_path: Path
) -> Service:
    """A wired service whose clock stands still."""
    return wired_service(database, bound, keyring, now, tmp_path)


@pytest.fixture
def camille(service: Service, keyring: Keyring, now: datetime) -> UUID:
    """A person who is known at one address."""
    return open_people(service.sessions, keyring, now, CAMILLE)[0]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates as they were compiled once: each test has an application of its own, and compiling takes longest."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def at(service: Service, compiled: FileSystemBytecodeCache) -> Callable[[datetime], Flask]:
    """Make the portal of the same service at another instant."""

    def make(instant: datetime) -> Flask:
        app = create_app(replace(service, settings=replace(service.settings, fixed_now=instant)))
        app.jinja_env.bytecode_cache = compiled
        return app

    return make


@pytest.fixture
def portal(at: Callable[[datetime], Flask], now: datetime) -> Flask:
    """The portal's application."""
    return at(now)


@pytest.fixture
def mails(service: Service) -> Mails:
    """Read every mail that waits to be sent, in the order in which it was written."""

    def read() -> list[Message]:
        with service.sessions() as session:
            rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at)).all()
            found = [opened(service.keyring, row) for row in rows]
            return [one for one in found if one is not None]

    return read


@pytest.fixture
def newest_code(service: Service) -> Callable[[str], str]:
    """Read the code in the mail to an address, and empty the box of codes."""

    def read(address: str) -> str:
        with service.sessions.begin() as session:
            found = ""
            for row in session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "sign_in_code")).all():
                message = opened(service.keyring, row)
                if message is not None and message.to == address:
                    matched = _CODE.search(message.body)
                    found = "".join(matched.groups()) if matched else ""
                session.delete(row)
            return found

    return read


@pytest.fixture
def confirmed(portal: Flask, newest_code: Callable[[str], str]) -> Confirmed:
    """Make a browser that confirmed an address."""

    def sign_in(address: str = CAMILLE, app: Flask | None = None) -> Browser:
        browser = Browser(app or portal)
        browser.get("/fr/sign-in/")
        browser.send("/fr/sign-in/", {"email": address})
        code = newest_code(address)
        assert code, "no code came"
        browser.post("/fr/sign-in/code", {"code": code})
        return browser

    return sign_in
