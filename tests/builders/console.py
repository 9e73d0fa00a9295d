"""A console on a throw-away SQLite database, its clock held still, with staff who are signed in and requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import sessionmaker

from consentcore.binding import bind
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyring import Keyring
from consentcore.ledger.append import ensure_log
from consentcore.requests import erasure, identity, lifecycle
from consentcore.requests.intake import Intake, receive
from tests.builders.databases import DatabaseSource
from tests.builders.faces import Browser
from tests.builders.wired import wired_service
from web.console.app import create_app
from web.security import sessions, staff
from web.security.permissions import Role
from web.transaction import unit
from web.wiring import Service

NOW = datetime(2026, 11, 9, 9, tzinfo=UTC)
PASSWORD = "une phrase assez longue"


def address_of(role: Role) -> str:
    """Return the address of the account of a role."""
    return f"{role.value}@exemplia-jardins.example"


@dataclass(frozen=True)
class ConsoleSite:
    """The service, the console's application, and what puts people in front of it."""

    wired: Service
    app: Flask

    def account(self, role: Role, *, language: str = "en") -> staff.Staff:
        """Return the account of a role, made with `PASSWORD` where it is not there yet."""
        with unit(self.wired.sessions) as session:
            known = staff.by_email(session, self.wired.keyring, address_of(role))
            if known is not None:
                return known
            made, _ = staff.add(
                session, self.wired.keyring, address_of(role), f"Test {role.value}", role, NOW,
                language=language, password=PASSWORD,
            )  # fmt: skip
            return made

    def browser(self, role: Role) -> Browser:
        """Return a browser in which somebody of this role is signed in."""
        person = self.account(role)
        with unit(self.wired.sessions) as session:
            visit = sessions.start(session, self.wired.keyring, "console", NOW, staff_id=person.id)
        made = Browser(self.app)
        made.client.set_cookie("cc_console", visit.token)
        made.form_token = visit.form_token()
        return made

    def later(self, now: datetime) -> Flask:
        """Return the same console at another time."""
        settings = replace(self.wired.settings, fixed_now=now)
        return create_app(replace(self.wired, settings=settings))

    def request(self, intake: Intake, at: datetime, *, to: str = "received", by: Role = Role.OPERATOR) -> str:
        """Take a request in and bring it to `verified` or `assessed` at that instant; returns its reference."""
        with unit(self.wired.sessions) as session:
            reference = receive(session, self.wired.policy, intake, at).reference
            if to != "received":
                identity.verify(session, self.wired.policy, reference, "phone", address_of(by), at)
            if to == "assessed":
                dsr = lifecycle.find(session, reference)
                erasure.assess(session, self.wired.keyring, self.wired.policy, dsr.id, address_of(by), at)
        return reference


@contextmanager
def console_site(source: DatabaseSource, folder: Path) -> Iterator[ConsoleSite]:
    """Yield a console on a fresh database."""
    with source.lend("sqlite", folder) as database:
        keyring = Keyring(database.keyring_engine, FileKek.create(folder / "kek.json"))
        keyring.initialise(NOW)
        with database.engine.begin() as connection:
            ensure_log(connection)
        factory = sessionmaker(database.engine)
        bind(factory, keyring)
        wired = wired_service(database, factory, keyring, NOW, folder)
        yield ConsoleSite(wired, create_app(wired))
