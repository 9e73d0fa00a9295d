"""What cannot be read, does not fit, or is too large is refused with a problem, and never repeated or logged."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from web.api import decisions
from web.api.app import create_app
from web.api.body import MAX_BODY, MAX_DEPTH, parse
from web.security.headers import ALWAYS
from web.wiring import Service

PATH = "/api/v1/decisions"
ASK = {"email": "camille@courriel.example", "purpose": "newsletter", "channel": "email"}
CANARY = "CanaryCamille"
WRITTEN = json.dumps(ASK).encode()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null x",
        b"\xff\xfe",
        b"\xef\xbb\xbf" + WRITTEN,
        WRITTEN + b"{}",
        WRITTEN[:-1] + b', "purpose": "invoicing"}',
        b'{"email": NaN}',
        b'{"email": "a\\u0000b"}',
        b'{"a\\u0000": 1}',
        b'{"email": "\\ud800"}',
        b'{"n": ' + b"9" * 5_000 + b"}",
        b"[" * 30_000,
        b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2),
    ],
)
def test_what_is_no_clean_json_is_malformed(machine: Any, body: bytes) -> None:
    answer = machine.post(PATH, body)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert answer.json["type"] == "urn:consentcore:problem:malformed_request"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({CANARY: 1}, "#"),
        ({"email": CANARY}, "#/email"),
        ({"email": 7}, "#/email"),
        ({"email": f"{CANARY}@x.example\u202e"}, "#/email"),
        ({"email": f"{CANARY}@{'x' * 300}.example"}, "#/email"),
        ({"email": None}, "#/email"),
        ({"purpose": CANARY}, "#/purpose"),
        ({"purpose": "newsletter\n"}, "#/purpose"),
        ({"purpose": [CANARY]}, "#/purpose"),
        ({"channel": CANARY}, "#/channel"),
        ({"channel": {"a": CANARY}}, "#/channel"),
        ({"at": CANARY}, "#/at"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "#/at"),
        ({"at": "2026-02-30T00:00:00Z"}, "#/at"),
        ({"subject_ref": CANARY}, "#/subject_ref"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place_and_not_repeated(machine: Any, change: Any, pointer: str) -> None:
    answer = machine.post(PATH, ASK | change)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert pointer in {error["pointer"] for error in answer.json["errors"]}
    assert CANARY not in answer.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"{}"])
def test_json_that_is_no_such_object_does_not_fit(machine: Any, body: bytes) -> None:
    assert machine.post(PATH, body).status_code == 422


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": "text/plain"},
        {"Content_Type": ""},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": "application/json; charset=latin-1"},
        {"Content_Type": "application/problem+json"},
        {"Content_Encoding": "gzip"},
    ],
)
def test_a_body_is_declared_as_json(machine: Any, headers: dict[str, str]) -> None:
    assert machine.post(PATH, ASK, **{"Content-Type": "application/json", **headers}).status_code == 415


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_oversized_body_is_refused_announced_or_not(app: Flask, machine: Any) -> None:
    assert machine.post(PATH, b" " * (MAX_BODY + 1)).status_code == 413
    assert machine.post(PATH, WRITTEN + b" " * (MAX_BODY - len(WRITTEN))).status_code == 200
    headers = {"Authorization": f"Bearer {machine.token}", "Transfer-Encoding": "chunked"}
    answer = app.test_client().post(
        PATH,
        data=b" " * (MAX_BODY + 1),
        headers=headers,
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert (answer.status_code, answer.json["type"]) == (413, "urn:consentcore:problem:content_too_large")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_key_is_looked_at_before_a_body(machine: Any) -> None:
    assert replace(machine, token=None).post(PATH, b"{").status_code == 401


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/", 404),
        ("GET", "/api/v1/consents", 405),
        ("OPTIONS", "/api/v1/consents", 405),
        ("TRACE", "/healthz", 405),
        ("GET", "/healthz/", 404),
        ("GET", "//healthz", 404),
        ("GET", "/static/../x", 404),
    ],
)
def test_the_frameworks_own_refusals_are_problems_too(machine: Any, method: str, path: str, status: int) -> None:
    answer = machine.client.open(path, method=method)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["status"] == status
    assert ("Allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_answer_carries_the_headers_and_no_cookie(machine: Any, camille: UUID) -> None:
    answers = [
        machine.get("/healthz"),
        machine.get("/api/v1/openapi.json"),
        machine.get("/nothing"),
        machine.post(PATH, ASK),
        machine.post(PATH, b"{"),
        replace(machine, token=None).post(PATH, ASK),
        machine.get("/api/v1/ledger/checkpoint"),
    ]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in ALWAYS} == dict(ALWAYS)
        assert "Set-Cookie" not in answer.headers and "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_over_tls_the_browser_is_told_to_stay_there(service: Service) -> None:
    safe = replace(service, settings=replace(service.settings, base_url="https://consent.example.org"))
    assert "Strict-Transport-Security" in create_app(safe).test_client().get("/healthz").headers


def test_nothing_personal_reaches_a_log_or_a_problem_whatever_breaks(
    app: Flask, machine: Any, camille: UUID, consent: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = []
    with mock.patch.object(decisions, "decide_for_all", side_effect=ValueError(f"{CANARY} {ASK}")):
        broken = machine.post(PATH, ASK)
        answers.append(broken)
    assert (broken.status_code, broken.json["type"]) == (500, "urn:consentcore:problem:error")
    answers += [
        machine.post(PATH, ASK | {"email": f"{CANARY}@courriel.example"}),
        machine.post(PATH, ASK | {CANARY: CANARY}),
        machine.post(PATH, ASK | {"purpose": CANARY.lower()}),
        machine.get(f"/api/v1/requests/{CANARY}?email={CANARY}"),
        machine.get(f"/{CANARY}"),
        machine.get(f"/api/v1/ledger/proof?index=0&size=1&{CANARY}={CANARY}"),
        machine.post("/api/v1/consents", consent | {"email": f"{CANARY}@courriel.example"}, key=f"{CANARY}-key"),
        machine.post("/api/v1/consents", consent | {"details": {CANARY: 1}}),
        machine.post("/api/v1/consents", consent | {"details": {CANARY: CANARY}}),
        machine.post("/api/v1/subjects/search", {"phone": CANARY}),
        machine.post(
            "/api/v1/requests", {"rights": ["rectification"], "email": ASK["email"], "changes": {CANARY: CANARY}}
        ),
    ]
    assert len(caplog.records) >= len(answers)
    said = caplog.text + "".join(answer.text + str(answer.headers) for answer in answers)
    for personal in (CANARY, CANARY.lower(), ASK["email"], machine.token, machine.token.rpartition("_")[2]):
        assert personal not in said
    assert "kind=ValueError" in caplog.text and "rule=/api/v1/decisions" in caplog.text


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        parse(data)
    except (ValueError, RecursionError):
        return
    json.loads(data)  # what we take, every other reader takes


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text("ab é€😀"),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner),
        max_leaves=10,
    )
)
def test_what_is_clean_and_flat_enough_is_read_as_it_was_written(document: Any) -> None:
    def depth(value: Any) -> int:
        below = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        return 1 + max(map(depth, below), default=0) if isinstance(value, (dict, list)) else 0

    if depth(document) < MAX_DEPTH:
        assert parse(json.dumps(document).encode()) == document
