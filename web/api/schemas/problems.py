"""How a problem looks (RFC 9457)."""

from __future__ import annotations

from marshmallow import fields

from web.api.schemas.strict import Strict, text


class ProblemError(Strict):
    """One place that does not fit: `#/...` in the body, `?/...` in the query."""

    pointer = text()
    detail = text()


class Problem(Strict):
    """Problem details."""

    type = fields.String(required=True, metadata={"format": "uri"})
    title = text()
    status = fields.Integer(required=True)
    detail = text()
    article = fields.String(metadata={"description": "Article of the law that it rests on."})
    errors = fields.List(fields.Nested(ProblemError))
