"""Reading the body of a request strictly: one JSON document in UTF-8, bounded, and nothing ambiguous in it."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Request
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

MAX_BODY = 64 * 1024
MAX_BATCH = 512 * 1024
BATCHES = frozenset({"/api/v1/decisions/batch"})
"""Operations that take up to MAX_BATCH: many references, of 39 characters each."""
READ_AT_MOST = MAX_BATCH + 1
"""What the framework may read: it cuts a body without a declared length off there, and does not say so."""
MAX_DEPTH = 8
MAX_DIGITS = 20
_SURROGATES = range(0xD800, 0xE000)


class StrictParser(FlaskParser):
    """Takes bodies as `read_json` does; a parameter of the query that nobody asked for is refused."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012 theirs

    def load_json(self, req: Request, schema: Any) -> Any:
        """Read the body as JSON."""
        return read_json(req)


def read_json(req: Request) -> Any:
    """Return the document that a request carries.

    Units: at most 64 kB, 512 kB for a batch; 8 levels. Raises: BadRequest, UnsupportedMediaType,
    RequestEntityTooLarge; none repeats what was sent.
    """
    charset = req.mimetype_params.get("charset", "utf-8").lower()
    if req.mimetype != "application/json" or charset != "utf-8" or req.headers.get("Content-Encoding"):
        raise UnsupportedMediaType
    data = req.get_data(cache=True)
    if len(data) > (MAX_BATCH if req.path in BATCHES else MAX_BODY):
        raise RequestEntityTooLarge
    try:
        return parse(data)
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are among the first
        raise BadRequest(
            "The body is no JSON document in UTF-8, or holds a name twice, half a character or a NUL, "
            f"or is nested deeper than {MAX_DEPTH} levels."
        ) from None


def parse(data: bytes) -> Any:
    """Parse one JSON document (RFC 8259; I-JSON, RFC 7493, where that is stricter).

    Raises: ValueError, RecursionError.
    """
    document = json.loads(
        data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_whole
    )
    _check(document)
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("a number is too long")
    return int(digits)


def _check(document: Any) -> None:
    level = [document]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += [*value, *value.values()]
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str) and any(not ord(sign) or ord(sign) in _SURROGATES for sign in value):
                raise ValueError("a text holds a NUL or half a character")
        if not below:
            return
        level = below
    raise ValueError("nested too deeply")
