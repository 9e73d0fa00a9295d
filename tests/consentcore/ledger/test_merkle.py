"""The tree against a naive recursive model written from RFC 6962's definitions."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentcore.errors import LedgerTampered
from consentcore.ledger import merkle


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(count)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 70), max_size=8))
def test_appending_in_any_batches_gives_the_naive_root(batches: list[int]) -> None:
    frontier: list[bytes] = []
    size = 0
    leaves = hashes(sum(batches))
    for batch in batches:
        frontier, size = merkle.extend(frontier, size, leaves[size : size + batch])
        assert merkle.unpack(merkle.pack(frontier), size) == frontier
        assert merkle.root_from(frontier) == naive_root(leaves[:size])
    assert merkle.root_of(leaves) == naive_root(leaves)


@pytest.mark.parametrize("power", range(9))
def test_perfect_root(power: int) -> None:
    leaves = hashes(1 << power)
    assert merkle.perfect_root(leaves) == naive_root(leaves)


@pytest.mark.parametrize(("data", "size"), [(bytes(32), 0), (b"", 1), (bytes(33), 1), (bytes(32), 3), (bytes(64), 4)])
def test_a_frontier_of_a_wrong_length_is_refused(data: bytes, size: int) -> None:
    with pytest.raises(LedgerTampered):
        merkle.unpack(data, size)
