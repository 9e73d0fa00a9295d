"""The specification is OpenAPI 3.1, and the service keeps to it under requests that were made out of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        negative_data_rejection,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
        unsupported_method,
    )

CAMILLE = "camille@courriel.example"
SPECIFICATION = "/api/v1/openapi.json"
EXAMPLES = 12
# Not among them: that well-formed data are accepted. Whether a purpose exists, policies say, and no schema.
CHECKS = (
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)


Settle = Callable[[Any], None]


def walk(
    app: Flask, machine: Any, mode: GenerationMode, checks: tuple[Any, ...], settle: Settle = lambda case: None
) -> dict[str, set[int]]:
    """Send generated requests to every operation, each first changed by `settle`; return what each answered."""
    return {
        operation.label: answers_of(operation, machine, mode, checks, settle)
        for operation in (
            found.ok() for found in schemathesis.openapi.from_wsgi(SPECIFICATION, app).get_all_operations()
        )
    }


def answers_of(operation: Any, machine: Any, mode: GenerationMode, checks: tuple[Any, ...], settle: Settle) -> set[int]:
    statuses: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        settle(case)
        answer = case.call(headers={"Authorization": f"Bearer {machine.token}"})
        statuses.add(answer.status_code)
        # the tool does not count 413 among refusals; that it is documented is still checked
        asked = [check for check in checks if check is not negative_data_rejection or answer.status_code != 413]
        case.validate_response(answer, checks=asked)

    try:
        send()
    except Unsatisfiable:  # nothing about this operation can be broken
        assert mode is GenerationMode.NEGATIVE
    return statuses


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_fits_the_specification_is_answered_by_it(app: Flask, machine: Any, camille: UUID, migrated: None) -> None:
    answered = walk(app, machine, GenerationMode.POSITIVE, CHECKS)
    assert len(answered) == 15
    assert 401 not in set().union(*answered.values())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_fits_the_policies_too_is_done_as_it_says(
    app: Flask, machine: Any, camille: UUID, consent: dict[str, Any], migrated: None
) -> None:
    record = machine.post("/api/v1/consents", consent).json["record_id"]
    reference = machine.post("/api/v1/requests", {"rights": ["access"], "email": CAMILLE}).json["reference"]
    known = {"purpose": "newsletter", "channel": "email", "notice": "newsletter@1/fr", "email": CAMILLE}

    def settle(case: Any) -> None:
        """Put in place what only policies and rows know; all else stays as it was generated."""
        if isinstance(case.body, dict):
            for name in ("at", "received_at", "subject_ref", "phone"):
                case.body.pop(name, None)
            if "rights" in case.body:
                case.body["channel"] = "api"
                for name in ("changes", "scope", "role", "requester"):
                    case.body.pop(name, None)
                case.body["rights"] = [one for one in case.body["rights"] if one != "rectification"] or ["access"]
                case.body["email"] = CAMILLE
            else:
                asked = "subject_refs" not in case.body
                case.body |= {name: known[name] for name in known if name in case.body or (name == "email" and asked)}
        for name, value in {"record_id": record, "reference": reference, "path": "0/000.p/1"}.items():
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = value
        if case.query:
            for name in ("format", "lang"):
                case.query.pop(name, None)
            case.query.update({name: "1" if name != "index" else "0" for name in case.query})

    answered = walk(app, machine, GenerationMode.POSITIVE, CHECKS, settle)
    assert all({200, 201} & statuses for statuses in answered.values()), answered


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_breaks_the_specification_is_refused_by_it(
    app: Flask, machine: Any, camille: UUID, migrated: None
) -> None:
    answered = walk(app, machine, GenerationMode.NEGATIVE, (*CHECKS, negative_data_rejection))
    assert 422 in answered["POST /api/v1/decisions"] | answered["POST /api/v1/consents"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_specification_says_what_is_true(app: Flask, machine: Any) -> None:
    told = machine.client.get(SPECIFICATION).json
    assert told["openapi"] == "3.1.0"
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            if method not in ("get", "post"):
                continue
            assert operation["summary"] and "default" not in operation["responses"]
            is_open = path in ("/healthz", "/readyz")
            assert operation["security"] == [] if is_open else operation["security"][0]["apiKey"]
            assert is_open or {"401", "403"} <= set(operation["responses"])
            if "requestBody" in operation:
                assert {"400", "413", "415", "422"} <= set(operation["responses"])
    refused = told["components"]["responses"]
    assert all(list(one["content"]) == ["application/problem+json"] for one in refused.values())
    bodies = [one for name, one in told["components"]["schemas"].items() if name.endswith("In")]
    assert len(bodies) == 5 and all(one["additionalProperties"] is False for one in bodies)
