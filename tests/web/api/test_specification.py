"""The specification is OpenAPI 3.1, and the service keeps to it under requests that were made out of it."""

from __future__ import annotations

import warnings
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


def walk(app: Flask, machine: Any, mode: GenerationMode, checks: tuple[Any, ...]) -> dict[str, set[int]]:
    """Send generated requests to every operation and return the statuses that each answered."""
    return {
        operation.label: answers_of(operation, machine, mode, checks)
        for operation in (
            found.ok() for found in schemathesis.openapi.from_wsgi(SPECIFICATION, app).get_all_operations()
        )
    }


def answers_of(operation: Any, machine: Any, mode: GenerationMode, checks: tuple[Any, ...]) -> set[int]:
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
        answer = case.call(headers={"Authorization": f"Bearer {machine.token}"})
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=list(checks))

    try:
        send()
    except Unsatisfiable:  # nothing about this operation can be broken
        assert mode is GenerationMode.NEGATIVE
    return statuses


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_fits_the_specification_is_answered_by_it(
    app: Flask, machine: Any, camille: UUID, migrated: None
) -> None:
    answered = walk(app, machine, GenerationMode.POSITIVE, CHECKS)
    print(answered); assert len(answered) == 12
    assert 401 not in set().union(*answered.values())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_breaks_the_specification_is_refused_by_it(
    app: Flask, machine: Any, camille: UUID, migrated: None
) -> None:
    walk_able = walk(app, machine, GenerationMode.NEGATIVE, (*CHECKS, negative_data_rejection))
    print(walk_able); assert 422 in walk_able["POST /api/v1/decisions"] | walk_able["POST /api/v1/consents"]


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
    assert len(bodies) == 4 and all(one["additionalProperties"] is False for one in bodies)


