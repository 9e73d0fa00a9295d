"""The explorer shows all of the specification, in two languages, with lines that the service takes; it says no more."""

from __future__ import annotations

import ast
import gzip
import html
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, Conflict, NotFound, PolicyViolation
from tests.builders.people import open_people
from tests.builders.source import ROOT
from web.api.app import SPECIFICATION, create_app
from web.api.explorer import PATH
from web.api.explorer_model import chapters, problem
from web.api.explorer_samples import known_values, samples
from web.api.explorer_words import CODES, MEANINGS, NOUNS, OF_THE_SPECIFICATION
from web.problems import problem_of_status, status_of
from web.security.idempotency import KeyUsedForAnother, StillRunning
from web.wiring import Service

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

ROOT_URL = "http://127.0.0.1:8000"


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    """The specification as it is served."""
    told: dict[str, Any] = app.test_client().get(SPECIFICATION).json
    return told


def page_of(app: Flask, language: str) -> str:
    answer = app.test_client().get(f"{PATH}?lang={language}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        yield from ((path, method, told) for method, told in methods.items() if method in ("get", "post"))


def test_every_operation_stands_on_the_page(app: Flask, document: dict[str, Any]) -> None:
    page = page_of(app, "en")
    shown = re.findall(r'<article class="cc-card" aria-labelledby="(\w+)">(.*?)</article>', page, re.DOTALL)
    assert [name for name, _ in shown] == [told["operationId"] for _, _, told in operations(document)]
    listed = re.search(r'<nav class="cc-side".*?</nav>', page, re.DOTALL)
    for (path, method, told), (name, part) in zip(operations(document), shown, strict=True):
        text = html.unescape(re.sub(r"<[^>]+>", "", part))
        assert f"{method.upper()} {path}" in text
        assert told["summary"].replace("`", "") in text
        for security in told["security"]:
            assert f"Scope {security['apiKey'][0]}" in text
        for status in told["responses"]:
            assert re.search(rf"\b{status}\b", text), f"{name} hides that it may answer {status}"
        assert listed and f'href="#{name}"' in listed[0]


def test_every_field_is_shown_with_its_values(app: Flask, document: dict[str, Any]) -> None:
    page = html.unescape(page_of(app, "en"))
    used = {name for chapter in chapters(document) for one in chapter.operations for name in _shown(one)}
    used |= {one.name for one in problem(document)}
    for name in used:
        assert f"<code>{name}</code>" in page
    for name in ("DecisionIn", "ConsentIn", "RequestIn", "Decision"):
        for field in document["components"]["schemas"][name]["properties"].values():
            for value in field.get("enum", field.get("items", {}).get("enum", ())):
                assert f"<code>{value}</code>" in page


def _shown(operation: Any) -> set[str]:
    return {one.name for one in (*operation.parameters, *operation.body, *operation.answer)}


def test_every_field_has_a_meaning_and_no_meaning_is_left_over(document: dict[str, Any]) -> None:
    found = chapters(document)
    shown = [(one.id, f) for c in found for one in c.operations for f in (*one.parameters, *one.body, *one.answer)]
    shown += [("problem", field) for field in problem(document)]
    assert not [f"{where}: {field.name}" for where, field in shown if not field.meaning]
    assert set(MEANINGS.values()) <= {field.meaning for _, field in shown}


def test_the_catalogue_knows_every_sentence_of_the_specification(document: dict[str, Any]) -> None:
    said = {tag["description"] for tag in document["tags"]}
    for _, _, told in operations(document):
        said |= {told["summary"], told.get("description", "")}
        said |= {one["description"] for one in told.get("parameters", ()) if "description" in one}
    reached = {f.meaning for c in chapters(document) for one in c.operations for f in (*one.body, *one.answer)}
    said |= {field.meaning for field in problem(document)} | reached
    assert said - {""} <= {*OF_THE_SPECIFICATION, *MEANINGS.values()}
    assert set(OF_THE_SPECIFICATION) <= said
    assert {tag["name"] for tag in document["tags"]} == set(NOUNS)


def test_codes_are_the_ones_that_are_answered(document: dict[str, Any]) -> None:
    statuses = {code.code: code.status for code in CODES}
    answered = {status for _, _, told in operations(document) for status in told["responses"] if status >= "400"}
    assert answered == {str(status) for status in statuses.values()}
    for status in (400, 401, 404, 409, 413, 415, 422, 500, 503):
        assert statuses[problem_of_status(status).code] == status
    for error in (NotFound, Conflict, BadInput, PolicyViolation, KeyUsedForAnother, StillRunning):
        assert statuses[error.default_code] == status_of(error)
    written = {code for path in (ROOT / "web/api").glob("*.py") for code in _codes_in(path)}
    assert len(written) >= 4
    assert written <= set(statuses)


def _codes_in(path: Path) -> set[str]:
    return set(re.findall(r'code="([a-z_]+)"', path.read_text("utf-8")))


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({"Accept-Language": "en-GB"}, "", "en"),
        ({"Accept-Language": "de"}, "", "fr"),
        ({"Accept-Language": "en"}, "?lang=fr", "fr"),
        ({"Accept-Language": "en"}, "?lang=de", "en"),
    ],
)
def test_it_speaks_two_languages(app: Flask, headers: dict[str, str], query: str, language: str) -> None:
    answer = app.test_client().get(PATH + query, headers=headers)
    assert answer.headers["Content-Language"] == language
    page = answer.get_data(as_text=True)
    title = {"fr": "Explorateur de l’API", "en": "API explorer"}[language]
    assert f'<html lang="{language}"' in page and f"<h1>{title}</h1>" in page
    assert f'href="?lang={"en" if language == "fr" else "fr"}"' in page


def test_it_is_open_like_the_specification_and_runs_nothing(app: Flask) -> None:
    client = app.test_client()
    answer = client.get(PATH)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "script-src" not in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert "Set-Cookie" not in answer.headers
    assert "<script" not in answer.get_data(as_text=True)
    assert "style-src" not in client.get(SPECIFICATION).headers["Content-Security-Policy"]
    assert client.post(PATH).status_code == 405
    assert client.get(PATH + "/x").mimetype == "application/problem+json"


def test_it_is_sent_compressed_and_small(app: Flask) -> None:
    answer = app.test_client().get(f"{PATH}?lang=fr", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data).decode() == page_of(app, "fr")
    assert len(answer.data) < 15_000


def test_pages_are_found_behind_a_prefix(app: Flask) -> None:
    page = app.test_client().get(PATH, environ_overrides={"SCRIPT_NAME": "/consent"}).get_data(as_text=True)
    assert 'href="/consent/static/' in page and 'href="/static/' not in page


def test_every_body_is_taken_and_every_line_is_whole(
    app: Flask, machine: Any, bound: sessionmaker[Session], keyring: Keyring, now: datetime, service: Service
) -> None:
    known = known_values(service.policy)
    open_people(bound, keyring, now, known["email"])
    done = 0
    for chapter in chapters(app.test_client().get(SPECIFICATION).json):
        for operation in chapter.operations:
            lines = samples(operation, ROOT_URL, known)
            ast.parse(lines.python)
            words = shlex.split(lines.curl.replace("\\\n", " "))
            assert words[:2] == ["curl", "-sS"] and words[2].startswith(ROOT_URL + "/")
            assert ("Authorization: Bearer $CC_KEY" in words) == (operation.scope is not None)
            if lines.body:
                assert machine.post(operation.path, lines.body.encode()).status_code == operation.status
                assert words[words.index("-d") + 1]
                done += 1
    assert done == 5


def test_policies_without_a_notice_leave_general_words(service: Service) -> None:
    bare = {name: replace(one, notice=None) for name, one in service.policy.purposes.items()}
    assert known_values(replace(service.policy, purposes=bare)) == {"email": "camille.deschamps@courriel.example"}


def test_a_sentence_is_no_markup(service: Service) -> None:
    named = replace(service.policy.controller, name="<b>Exemplia</b> & Cie")
    page = page_of(create_app(replace(service, policy=replace(service.policy, controller=named))), "en")
    assert "<b>" not in page and "&lt;b&gt;Exemplia&lt;/b&gt; &amp; Cie" in page
