"""Turning whatever went wrong into a problem document; what is logged is kinds and places, never values."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, current_app, json
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from consentcore.errors import ConsentCoreError
from web.api.access import Unauthorized, unauthorized
from web.api.schemas.strict import known_names
from web.problems import CONTENT_TYPE, Problem, problem_of, problem_of_status

LOG = logging.getLogger("consentcore.api")
MAX_ERRORS = 20
_PASSED_ON = ("Allow", "Retry-After")
_ROOTS = {"json": "#", "query": "?"}


def respond(problem: Problem) -> Response:
    """Write a problem as a response."""
    answer = current_app.response_class(json.dumps(problem.body()), status=problem.status, content_type=CONTENT_TYPE)
    answer.headers.update(problem.headers)
    return answer


def answer_to(error: Exception) -> Response:
    """Return the problem document for any exception that a view, or the framework, raised."""
    if isinstance(error, ConsentCoreError):
        problem = problem_of(error)
        if problem.status >= 500:
            _note(error)
    elif isinstance(error, Unauthorized):
        problem = unauthorized()
    elif isinstance(error, HTTPException):
        problem = _of_framework(error)
    elif isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        _note(error)
        problem = problem_of_status(503, Retry_After="1")
    else:
        _note(error)
        problem = problem_of_status(500)
    return respond(problem)


def _of_framework(error: HTTPException) -> Problem:
    status = error.code or 500
    messages = getattr(error, "data", {}).get("messages", {})
    errors = list(_errors(messages))[:MAX_ERRORS] if isinstance(messages, Mapping) else []
    headers = {name.replace("-", "_"): text for name, text in error.get_headers(None, None) if name in _PASSED_ON}
    detail = error.description if status == 400 and type(error).description != error.description else None
    return problem_of_status(status, detail=detail, errors=errors, **headers)


def _errors(messages: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for location, found in messages.items():
        yield from _walk(found, _ROOTS.get(location, "#"))


def _walk(found: Any, path: str) -> Iterator[dict[str, str]]:
    """Yield one entry per message; a name that no schema of ours knows is the caller's, and is not repeated."""
    if isinstance(found, Mapping):
        for key, below in found.items():
            known = isinstance(key, int) or (key in known_names() and key != "_schema")
            yield from _walk(below, f"{path}/{key}" if known else path)
    elif isinstance(found, (list, tuple)):
        for message in found:
            yield from _walk(message, path)
    else:
        yield {"pointer": path, "detail": str(found)}


def _note(error: Exception) -> None:
    """Log the kind of an error and where it arose: its message might hold a value."""
    cause = type(error.orig).__name__ if isinstance(error, DBAPIError) and error.orig is not None else "-"
    places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]
    LOG.error("failed kind=%s cause=%s at=%s", type(error).__name__, cause, " < ".join(reversed(places)))
