"""One decorator makes an operation: route, access rule, what it takes, gives and refuses, all documented alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from flask_smorest import Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema

from web.api.access import Open, Rule, mark
from web.api.body import StrictParser

View = TypeVar("View", bound=Callable[..., Any])
SECURITY = "apiKey"
IDEMPOTENCY_PATTERN = "^[A-Za-z0-9._:-]{1,128}$"
_IDEMPOTENCY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "A new random value for each request, the same when it is repeated; kept for a day.",
    "schema": {"type": "string", "pattern": IDEMPOTENCY_PATTERN},
}


class Noun(Blueprint):  # type: ignore[misc]
    """The operations on one noun."""

    ARGUMENTS_PARSER = StrictParser()

    def operation(
        self,
        method: str,
        path: str,
        *,
        rule: Rule,
        gives: type[Schema] | dict[str, str],
        status: int = 200,
        kind: str | None = None,
        takes: type[Schema] | None = None,
        query: type[Schema] | None = None,
        refuses: Sequence[int] = (),
        once: bool = False,
        also: Mapping[str, Any] | None = None,
    ) -> Callable[[View], View]:
        """Make a view an operation at `path`.

        `gives` is the schema of the answer, as JSON unless `kind` names another content type: then the view makes the
        whole response. `takes` is the schema of the body, `query` that of the parameters; `refuses` are statuses
        beyond those that every operation may answer; `once` asks for an Idempotency-Key; `also` are content types that
        the answer may have besides, with their schemas.
        """
        statuses = {500, 503, *refuses}
        statuses |= set() if rule is Open.TO_ANYONE else {401, 403}
        statuses |= {400, 413, 415} if takes else set()
        conditional = method == "GET" and rule is not Open.TO_ANYONE

        def decorate(view: View) -> View:
            made = self.response(status, gives, content_type=kind)(view)
            if takes is not None:
                made = self.arguments(takes, location="json", content_type="application/json")(made)
            if query is not None:
                made = self.arguments(query, location="query")(made)
            for one in sorted(statuses):
                made = self.alt_response(one, HTTPStatus(one).name)(made)
            if conditional:
                made = self.alt_response(304, description="Nothing changed since that ETag")(made)
            made = self.doc(
                security=[] if rule is Open.TO_ANYONE else [{SECURITY: [rule.value]}],
                operationId=view.__name__,
                **({"parameters": [_IDEMPOTENCY]} if once else {}),
                **({"responses": {status: {"content": dict(also)}}} if also else {}),
            )(made)
            mark(made, rule)
            self.route(path, methods=[method])(made)
            return view

        return decorate
