"""How errors are told over HTTP: RFC 9457 problem details, one status and one stable type for each kind of error.

A type is a name, `urn:consentcore:problem:<code>`, and leads nowhere. Nothing that a caller sent is ever repeated, and
an error of ours says what it is and no more: neither message nor stack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from consentcore.errors import (
    BadInput,
    ConfigurationError,
    Conflict,
    ConsentCoreError,
    IdentityNotProven,
    IntegrityFailure,
    InvalidTransition,
    NotFound,
    NotPermitted,
    PolicyViolation,
)

CONTENT_TYPE = "application/problem+json"
TYPE = "urn:consentcore:problem:"

STATUS_OF: Mapping[type[ConsentCoreError], HTTPStatus] = MappingProxyType(
    {
        NotFound: HTTPStatus.NOT_FOUND,
        Conflict: HTTPStatus.CONFLICT,
        InvalidTransition: HTTPStatus.CONFLICT,
        PolicyViolation: HTTPStatus(422),
        BadInput: HTTPStatus(422),
        NotPermitted: HTTPStatus.FORBIDDEN,
        IdentityNotProven: HTTPStatus.FORBIDDEN,
        IntegrityFailure: HTTPStatus.INTERNAL_SERVER_ERROR,
        ConfigurationError: HTTPStatus.SERVICE_UNAVAILABLE,
        ConsentCoreError: HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)
_CODE_OF = {
    400: "malformed_request",
    401: "unauthorized",
    403: "not_permitted",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    413: "content_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    422: "invalid_request",
    429: "too_many_requests",
    431: "headers_too_large",
    503: "unavailable",
}
_SENTENCE_OF = {
    400: "The request cannot be read.",
    401: "A valid API key is needed: Authorization: Bearer cc_live_...",
    403: "This API key may not do that.",
    404: "There is nothing here.",
    405: "This method is not offered here.",
    413: "The body is too large.",
    415: "The body is to be JSON in UTF-8, declared as application/json.",
    422: "The request can be read, and something in it does not fit; see errors.",
    503: "The service cannot do this at present; nothing was changed.",
}
_OURS = "Something went wrong on our side; it was noted, and nothing was changed."


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, ready to be told; `errors` name places in the body (JSON pointers) or parameters."""

    status: int
    code: str
    detail: str
    article: str | None = None
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def body(self) -> dict[str, Any]:
        """Return the members of the document."""
        members: dict[str, Any] = {
            "type": TYPE + self.code,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.article is not None:
            members["article"] = self.article
        if self.errors:
            members["errors"] = [dict(error) for error in self.errors]
        return members


def status_of(error: type[ConsentCoreError]) -> HTTPStatus:
    """Return the status of a kind of error: its own, or that of the nearest category above it."""
    return next(STATUS_OF[kind] for kind in error.__mro__ if kind in STATUS_OF)


def problem_of(error: ConsentCoreError) -> Problem:
    """Return how an error of the product is told; the sentences of our own faults stay inside."""
    status = status_of(type(error))
    detail = _sentence(status) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else str(error)
    return Problem(status, error.code, detail, error.article)


def problem_of_status(
    status: int, *, detail: str | None = None, errors: Sequence[Mapping[str, str]] = (), **headers: str
) -> Problem:
    """Return how a status that the framework, or the faces, arrived at is told.

    `headers` are written with underscores for hyphens.
    """
    code = _CODE_OF.get(status, "error")
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Problem(status, code, detail or _sentence(status), None, errors, named)


def _sentence(status: int) -> str:
    fallback = _OURS if status >= HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus(status).phrase
    return _SENTENCE_OF.get(status, fallback)
