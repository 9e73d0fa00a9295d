"""Canonical JSON: RFC 8785 inside a narrow profile, where one value has exactly one spelling.

The profile (no floats, ASCII keys, integers below 2**53) is what makes a plain key-sorting encoder equal to
RFC 8785 byte for byte: ECMAScript's number formats and UTF-16 key order are the only places where they differ.
"""

from __future__ import annotations

from typing import Any

import orjson

from consentcore.errors import BadInput

MAX_BYTES = 1 << 20
MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1


def encode(value: Any) -> bytes:
    """Return the one canonical spelling of `value` (RFC 8785, UTF-8, no white space).

    Raises: BadInput when the value is outside the profile, nested deeper than MAX_DEPTH or longer than MAX_BYTES.
    """
    _check(value, MAX_DEPTH)
    try:
        data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise BadInput("a text holds a lone surrogate; canonical JSON is UTF-8") from None
    if len(data) > MAX_BYTES:
        raise BadInput(f"canonical JSON may have {MAX_BYTES} bytes, this has {len(data)}")
    return data


def decode(data: bytes, *, max_bytes: int = MAX_BYTES) -> Any:
    """Read bytes that `encode` could have written; every other spelling of a value is refused.

    Re-encoding settles it at once: duplicate keys, floats, white space, escapes, trailing data.
    Raises: BadInput.
    """
    if len(data) > max_bytes:
        raise BadInput(f"canonical JSON may have {max_bytes} bytes here, this has {len(data)}")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise BadInput("these bytes are not JSON") from None
    if encode(value) != data:
        raise BadInput("this JSON is not in its canonical form (RFC 8785)")
    return value


def _check(value: Any, depth: int) -> None:
    # Exact types: a subclass (an Enum, a str with its own __str__) may be written otherwise than it reads.
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise BadInput("canonical JSON holds integers below 2**53 only")
        return
    if depth == 0:
        raise BadInput(f"canonical JSON may be nested {MAX_DEPTH} levels deep")
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                raise BadInput("canonical JSON takes ASCII texts as keys")
            if type(item) is not str:
                _check(item, depth - 1)
    elif kind is list:
        for item in value:
            _check(item, depth - 1)
    else:
        raise BadInput(f"canonical JSON takes no {kind.__name__}")
