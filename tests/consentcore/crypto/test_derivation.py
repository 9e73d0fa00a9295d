from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from consentcore.crypto.derivation import expand
from consentcore.errors import BadInput


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(1, 200) | st.just(8160))
def test_expand_equals_the_library(key: bytes, info: bytes, length: int) -> None:
    assert expand(key, info, length) == HKDFExpand(hashes.SHA256(), length, info).derive(key)


@pytest.mark.parametrize("length", [0, -1, 8161])
def test_a_length_outside_the_standard_is_refused(length: int) -> None:
    with pytest.raises(BadInput):
        expand(bytes(32), b"", length)
