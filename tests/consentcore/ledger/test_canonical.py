"""Canonical JSON: equal to the RFC 8785 oracle inside the profile, and one spelling only when read."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from consentcore.errors import BadInput
from consentcore.ledger import canonical

keys = st.text(st.characters(max_codepoint=127), max_size=8)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
integers = st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
values = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


class Colour(StrEnum):
    RED = "red"


@settings(max_examples=300, deadline=None)
@given(values)
def test_equals_the_oracle_and_reads_back(value: Any) -> None:
    data = canonical.encode(value)
    assert data == rfc8785.dumps(value)
    assert canonical.decode(data) == value


def test_every_code_point_is_written_as_the_oracle_writes_it() -> None:
    for start in range(0, 0x110000, 0x1000):
        text = "".join(map(chr, range(start, start + 0x1000))) if start not in range(0xD000, 0xE000) else ""
        assert canonical.encode(text) == rfc8785.dumps(text)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        2**53,
        -(2**53),
        {"é": 1},
        {1: 2},
        {"a": {"b": (1, 2)}},
        b"bytes",
        Colour.RED,
        {Colour.RED: 1},
        uuid.UUID(int=1),
        datetime(2026, 1, 1, tzinfo=UTC),
        "\ud800",
        {"a": object()},
        [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]],
    ],
)
def test_outside_the_profile_is_refused(value: Any) -> None:
    with pytest.raises(BadInput):
        canonical.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1} ',
        b'{"a":1}{}',
        b"1.0",
        b"1e3",
        b"-0",
        b"01",
        b"NaN",
        b'"\\u0061"',
        b'"\\/"',
        b"\xef\xbb\xbf1",
        b'"\xff"',
        b"9007199254740992",
        b"99999999999999999999999999",
        b"[" * 100_000,
        b"[" * 500 + b"]" * 500,
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        canonical.decode(data)


def test_both_directions_are_bounded() -> None:
    with pytest.raises(BadInput):
        canonical.encode("x" * canonical.MAX_BYTES)
    with pytest.raises(BadInput):
        canonical.decode(b'"' + b"x" * 20 + b'"', max_bytes=21)


def test_the_stand_alone_verifier_writes_the_same_bytes() -> None:
    from consentcore.ledger import verify_receipt

    value = {"z": ['\x00\x1f\x7f\u2028é😂"\\/\b\f\n\r\t', 1, -5, None, True], "a": {"B": {}, "b": []}}
    assert verify_receipt._canonical(value) == canonical.encode(value) == rfc8785.dumps(value)
    assert verify_receipt._parse(json.dumps(value, indent=1).encode()) == value
