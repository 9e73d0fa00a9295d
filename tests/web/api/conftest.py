"""An application on databases of its own, and a client that speaks as a machine does."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from consentcore.crypto.keyring import Keyring
from tests.builders.databases import Database
from tests.builders.people import open_people
from tests.builders.policies import shipped
from web.api.app import create_app
from web.security import apikeys
from web.security.apikeys import ALL_SCOPES, Scope
from web.settings import Settings, read_settings
from web.wiring import Service

CAMILLE = "camille@courriel.example"


@dataclass(frozen=True)
class Machine:
    """A client with a key."""

    client: FlaskClient
    token: str | None

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=self._headers(headers))

    def post(self, path: str, body: object, *, key: str | None = None, **headers: str) -> TestResponse:
        """Post JSON; a fresh Idempotency-Key stands in where none is given."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", "Idempotency-Key": key or uuid4().hex, **headers}
        return self.client.post(path, data=data, headers=self._headers(given))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): text for name, text in more.items()}
        return {"Authorization": f"Bearer {self.token}", **named} if self.token else named


@pytest.fixture
def settings(database: Database, now: datetime) -> Settings:
    return read_settings(
        {
            "CONSENTCORE_ENV": "development",
            "CONSENTCORE_NOW": now.isoformat(),
            "CONSENTCORE_DATABASE_URL": database.url,
            "CONSENTCORE_KEYRING_URL": database.keyring_url,
        }
    )


@pytest.fixture
def service(database: Database, keyring: Keyring, bound: sessionmaker[Session], settings: Settings) -> Service:
    return Service(settings, database.engine, keyring, shipped(), bound)


@pytest.fixture
def app(service: Service) -> Flask:
    return create_app(service)


@pytest.fixture
def key_for(bound: sessionmaker[Session], now: datetime) -> Callable[[Collection[Scope]], apikeys.NewKey]:
    def make(scopes: Collection[Scope]) -> apikeys.NewKey:
        with bound.begin() as session:
            return apikeys.create(session, "shop", scopes, now, grantor=ALL_SCOPES)

    return make


@pytest.fixture
def machine(app: Flask, key_for: Callable[[Collection[Scope]], apikeys.NewKey]) -> Machine:
    """A machine that may do everything."""
    return Machine(app.test_client(), key_for(ALL_SCOPES).token)


@pytest.fixture
def camille(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> UUID:
    """A person who is known here."""
    return open_people(bound, keyring, now, CAMILLE)[0]


@pytest.fixture
def consent() -> dict[str, Any]:
    return {
        "email": CAMILLE,
        "purpose": "newsletter",
        "channel": "email",
        "state": "given",
        "notice": "newsletter@1/fr",
        "method": "web_form",
    }


@pytest.fixture
def migrated() -> Iterator[None]:
    """Let the databases pass for migrated: their tables come from the models here."""
    with mock.patch("web.schema.check", return_value=[]):
        yield
