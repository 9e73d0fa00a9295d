"""Alive is one thing, ready another, and neither tells about anybody; a GET changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from sqlalchemy import MetaData, func, select
from sqlalchemy.exc import OperationalError

from consentcore.crypto.keyring import Keyring
from consentcore.db import Base, KeyringBase
from consentcore.errors import DecryptionFailed
from tests.builders.databases import Database
from web.api.app import create_app
from web.wiring import Service


def test_the_process_lives_and_is_ready(machine: Any, migrated: None) -> None:
    anyone = replace(machine, token=None)
    assert anyone.get("/healthz").json == {"status": "ok"}
    assert anyone.get("/readyz").json == {"status": "ready"}


def test_it_is_not_ready_where_tables_are_behind(machine: Any) -> None:
    answer = machine.get("/readyz")  # tables made from the models have no revision
    assert (answer.status_code, answer.json["type"]) == (503, "urn:consentcore:problem:configuration_error")
    assert machine.get("/healthz").status_code == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("error", [DecryptionFailed("secret"), OperationalError("SELECT", {}, Exception("secret"))])
def test_it_is_not_ready_where_the_keyring_does_not_open(machine: Any, migrated: None, error: Exception) -> None:
    with mock.patch.object(Keyring, "check", side_effect=error):
        answer = machine.get("/readyz")
    assert answer.status_code == 503 and "secret" not in answer.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_that_is_gone_is_a_503_and_no_stack(service: Service, database: Database) -> None:
    def gone(*_: Any, **__: Any) -> Any:
        raise OperationalError("SELECT", {}, Exception("camille"))

    with mock.patch("web.api.access.reading", gone):
        answer = (
            create_app(service).test_client().get("/api/v1/ledger/checkpoint", headers={"Authorization": "Bearer x"})
        )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "camille" not in answer.text and "Traceback" not in answer.text


def everything(database: Database) -> dict[str, list[Any]]:
    def rows(engine: Any, metadata: MetaData) -> dict[str, list[Any]]:
        with engine.connect() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(select(table))))
                for table in metadata.sorted_tables
                if connection.scalar(select(func.count()).select_from(table))
            }

    return rows(database.engine, Base.metadata) | rows(database.keyring_engine, KeyringBase.metadata)


def test_a_get_and_a_question_change_nothing(
    machine: Any, database: Database, camille: UUID, consent: dict[str, Any], migrated: None
) -> None:
    place = machine.post("/api/v1/consents", consent).headers["Location"]
    case = machine.post("/api/v1/requests", {"rights": ["access"], "subject_ref": str(camille)}).headers["Location"]
    before = everything(database)
    for path in (
        place,
        f"{place}/receipt",
        case,
        "/api/v1/ledger/checkpoint",
        "/api/v1/ledger/proof?index=0&size=1",
        "/api/v1/ledger/consistency?from=1&to=1",
        "/healthz",
        "/readyz",
        "/api/v1/openapi.json",
    ):
        assert machine.get(path).status_code == 200, path
    ask = {"subject_ref": str(camille), "purpose": "newsletter", "channel": "email"}
    assert machine.post("/api/v1/decisions", ask).status_code == 200
    assert machine.post("/api/v1/subjects/search", {"email": "camille@courriel.example"}).status_code == 200
    assert everything(database) == before
