"""Who may call what: each view carries its rule, and a view without one is refused before it answers anybody."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from flask import Flask, current_app, g, request
from werkzeug.exceptions import HTTPException

from consentcore.errors import ConfigurationError, NotPermitted
from web.api.wired import service
from web.problems import Problem, problem_of_status
from web.security.apikeys import Scope, authenticate
from web.transaction import reading

_RULE = "cc_access"
_REALM = 'Bearer realm="consentcore"'
_MAX_AUTHORIZATION = 200


class Open(StrEnum):
    """Why an operation needs no key."""

    TO_ANYONE = "it tells nothing about anybody"


Rule = Scope | Open


class Unauthorized(HTTPException):
    """No valid key was shown; which of the reasons it was is not told."""

    code = 401


def mark(view: Callable[..., Any], rule: Rule) -> None:
    """Give a view its rule."""
    setattr(view, _RULE, rule)


def rule_of(app: Flask, endpoint: str) -> Rule | None:
    """Return the rule of an endpoint; None where nobody gave it one."""
    rule: Rule | None = getattr(app.view_functions[endpoint], _RULE, None)
    return rule


def guard(app: Flask) -> None:
    """Let every request through its rule first; the application must be whole by now.

    Raises: ConfigurationError when a view has no rule.
    """
    bare = sorted(endpoint for endpoint in app.view_functions if rule_of(app, endpoint) is None)
    if bare:
        raise ConfigurationError(f"these views have no access rule: {', '.join(bare)}")
    app.before_request(_check)


def _check() -> None:
    if request.endpoint is None:  # no such place, or no such method there: the framework says so next
        return
    rule = rule_of(current_app, request.endpoint)
    if rule is Open.TO_ANYONE:
        return
    found = _token()
    with reading(service().sessions) as session:
        who = authenticate(session, found)
    if who is None:
        raise Unauthorized
    if rule not in who.scopes:
        raise NotPermitted(
            f"this API key lacks the scope {rule}, which this operation needs", code="insufficient_scope"
        )
    g.caller = who


def _token() -> str:
    written = request.headers.get("Authorization", "")
    scheme, _, token = written.partition(" ")
    if len(written) > _MAX_AUTHORIZATION or not written.isascii() or scheme.lower() != "bearer":
        raise Unauthorized
    return token


def unauthorized() -> Problem:
    """Return how a caller without a valid key is told."""
    return problem_of_status(401, WWW_Authenticate=_REALM)
