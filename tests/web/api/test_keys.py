"""Without a key nothing answers; a key opens what its scopes name; revoked is revoked (API1, API5, ASVS 8.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from consentcore.errors import BadInput, ConfigurationError, NotFound, NotPermitted
from consentcore.ledger.tables import LogEvent
from web.api.access import Open, guard, rule_of
from web.security import apikeys
from web.security.apikeys import ALL_SCOPES, PREFIX, Scope
from web.security.tables import ApiKey

OPERATIONS = {
    ("POST", "/api/v1/decisions"): Scope.DECISIONS_READ,
    ("POST", "/api/v1/decisions/batch"): Scope.DECISIONS_READ,
    ("POST", "/api/v1/consents"): Scope.CONSENTS_WRITE,
    ("GET", f"/api/v1/consents/{uuid4()}"): Scope.CONSENTS_READ,
    ("GET", f"/api/v1/consents/{uuid4()}/receipt"): Scope.CONSENTS_READ,
    ("POST", "/api/v1/requests"): Scope.REQUESTS_WRITE,
    ("GET", "/api/v1/requests/ABCD-EFGH"): Scope.REQUESTS_READ,
    ("GET", "/api/v1/ledger/checkpoint"): Scope.LEDGER_READ,
    ("GET", "/api/v1/ledger/proof?index=0&size=1"): Scope.LEDGER_READ,
    ("GET", "/api/v1/ledger/consistency?from=1&to=1"): Scope.LEDGER_READ,
    ("GET", "/api/v1/ledger/vkey"): Scope.LEDGER_READ,
    ("GET", "/api/v1/ledger/tile/0/000.p/1"): Scope.LEDGER_READ,
    ("POST", "/api/v1/subjects/search"): Scope.SUBJECTS_READ,
}


def call(machine: Any, method: str, path: str) -> Any:
    return machine.get(path) if method == "GET" else machine.post(path, {})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_operation_is_listed_above_or_open(app: Flask) -> None:
    ruled = {rule.endpoint: rule_of(app, rule.endpoint) for rule in app.url_map.iter_rules()}
    assert sorted(rule for rule in ruled.values() if isinstance(rule, Scope)) == sorted(OPERATIONS.values())
    assert {name for name, rule in ruled.items() if rule is Open.TO_ANYONE} == {
        "health.healthz",
        "health.readyz",
        "api-docs.openapi_json",
        "explorer",
    }


def test_a_view_without_a_rule_keeps_the_application_from_starting() -> None:
    bare = Flask("bare", static_folder=None)
    bare.add_url_rule("/x", "x", lambda: "told")
    with pytest.raises(ConfigurationError, match="x"):
        guard(bare)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_each_operation_wants_its_own_scope(
    machine: Any, key_for: Callable[[Collection[Scope]], apikeys.NewKey], method: str, path: str
) -> None:
    scope = OPERATIONS[method, path]
    anonymous = call(replace(machine, token=None), method, path)
    assert (anonymous.status_code, anonymous.headers["WWW-Authenticate"]) == (401, 'Bearer realm="consentcore"')
    others = call(replace(machine, token=key_for(ALL_SCOPES - {scope}).token), method, path)
    assert (others.status_code, others.json["type"]) == (403, "urn:consentcore:problem:insufficient_scope")
    own = call(replace(machine, token=key_for({scope}).token), method, path)
    assert own.status_code in (200, 404, 422)


def test_no_wrong_key_is_told_from_another(machine: Any, bound: sessionmaker[Session], now: datetime) -> None:
    key_id, secret = machine.token.removeprefix(PREFIX).split("_", 1)
    with bound.begin() as session:
        other = apikeys.create(session, "other", ALL_SCOPES, now, grantor=ALL_SCOPES)
        apikeys.revoke(session, other.key_id, now)
    wrong = [
        "",
        "x",
        machine.token[:-1],
        machine.token + "a",
        f"{PREFIX}{key_id}_{secret[::-1]}",
        f"{PREFIX}{'a' * 12}_{secret}",
        other.token,
        f"{PREFIX}{other.key_id}_{secret}",
        "é",
        "x" * 5_000,
    ]
    answers = {replace(machine, token=None).get("/api/v1/ledger/checkpoint").data}
    for token in wrong:
        answer = replace(machine, token=None).get("/api/v1/ledger/checkpoint", Authorization=f"Bearer {token}")
        assert answer.status_code == 401
        answers.add(answer.data)
    basic = replace(machine, token=None).get("/api/v1/ledger/checkpoint", Authorization=f"Basic {machine.token}")
    assert basic.status_code == 401
    assert len(answers) == 1


def test_a_revoked_key_is_dead_at_once_and_stays_so(machine: Any, bound: sessionmaker[Session], now: datetime) -> None:
    assert machine.get("/api/v1/ledger/checkpoint").status_code == 200
    key_id = machine.token.removeprefix(PREFIX).split("_", 1)[0]
    with bound.begin() as session:
        since = apikeys.revoke(session, key_id, now)
    with bound.begin() as session:
        assert apikeys.revoke(session, key_id, now.replace(year=2027)) == since
        with pytest.raises(NotFound):
            apikeys.revoke(session, "nope", now)
    assert machine.get("/api/v1/ledger/checkpoint").status_code == 401


def test_the_secret_is_held_as_a_hash_and_the_leaves_tell_of_it_nothing(machine: Any, bound: Any) -> None:
    key_id, secret = machine.token.removeprefix(PREFIX).split("_", 1)
    with bound() as session:
        row = session.get(ApiKey, key_id)
        assert row.secret_sha256 == sha256(secret.encode()).digest()
        headers = [header for (header,) in session.query(LogEvent.header)]
    created = [json.loads(header) for header in headers if b"apikey.created" in header]
    assert [one["data"]["key"] for one in created] == [key_id]
    assert secret not in repr(headers)


@given(st.sets(st.sampled_from(sorted(Scope)), min_size=1), st.sets(st.sampled_from(sorted(Scope))))
def test_nobody_gives_away_a_scope_that_is_not_his(wanted: set[Scope], held: set[Scope]) -> None:
    class Recorded:
        added: list[ApiKey] = []  # noqa: RUF012

        def add(self, row: ApiKey) -> None:
            self.added = [row]

        def flush(self) -> None:
            raise StopIteration  # far enough: the row is as it would be written

    session = Recorded()
    try:
        apikeys.create(session, "n", wanted, datetime.now().astimezone(), grantor=frozenset(held))  # type: ignore[arg-type]
    except NotPermitted:
        assert not wanted <= held
    except StopIteration:
        assert set(session.added[0].scopes.split()) == wanted <= held


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "scopes"), [("", ALL_SCOPES), ("a\nb", ALL_SCOPES), ("x" * 101, ALL_SCOPES), ("a", ())]
)
def test_a_key_has_a_name_and_a_scope(
    bound: sessionmaker[Session], now: datetime, name: str, scopes: Collection[Scope]
) -> None:
    with bound() as session, pytest.raises(BadInput):
        apikeys.create(session, name, scopes, now, grantor=ALL_SCOPES)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_learns_whether_a_person_is_known_without_the_scope(
    machine: Any, key_for: Callable[[Collection[Scope]], apikeys.NewKey], camille: UUID
) -> None:
    narrow = replace(machine, token=key_for({Scope.REQUESTS_WRITE}).token)
    known = narrow.post("/api/v1/subjects/search", {"email": "camille@courriel.example"})
    unknown = narrow.post("/api/v1/subjects/search", {"email": "nobody@courriel.example"})
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data) == (403, known.data)
