"""The Merkle tree of RFC 6962 / RFC 9162 as pure functions over SHA-256; nothing here reads or writes.

A tree of `size` leaves is kept as its frontier (compact range): one hash for each set bit of `size`, largest
subtree first. Hashes are 32 raw bytes everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from hmac import compare_digest

from consentcore.errors import LedgerTampered

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf's bytes (RFC 9162, 2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def extend(frontier: Sequence[bytes], size: int, leaves: Iterable[bytes]) -> tuple[list[bytes], int]:
    """Append leaf hashes to a frontier and return the new frontier and size; one inner hash per leaf on average."""
    stack = list(frontier)
    for node in leaves:
        carry = size
        while carry & 1:
            node = sha256(b"\x01" + stack.pop() + node).digest()
            carry >>= 1
        stack.append(node)
        size += 1
    return stack, size


def extend_by_blocks(frontier: Sequence[bytes], size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Append leaf hashes as `extend` does, whole subtrees at once: faster where many come together."""
    stack = list(frontier)
    at, left = 0, len(leaves)
    while left:
        width = 1 << left.bit_length() - 1
        if size:
            width = min(width, size & -size)
        node = leaves[at] if width == 1 else perfect_root(leaves[at : at + width])
        carry = size // width
        while carry & 1:
            node = sha256(b"\x01" + stack.pop() + node).digest()
            carry >>= 1
        stack.append(node)
        size, at, left = size + width, at + width, left - width
    return stack


def root_from(frontier: Sequence[bytes]) -> bytes:
    """Return the root of the tree that a frontier stands for."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for node in reversed(frontier[:-1]):
        root = node_hash(node, root)
    return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    return root_from(extend((), 0, leaves)[0])


def perfect_root(nodes: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of nodes, level by level (faster than a frontier)."""
    level = list(nodes)
    while len(level) > 1:
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def pack(frontier: Sequence[bytes]) -> bytes:
    """Write a frontier as bytes."""
    return b"".join(frontier)


def unpack(data: bytes, size: int) -> list[bytes]:
    """Read the frontier of a tree of `size` leaves.

    Raises: LedgerTampered when the length cannot belong to that size.
    """
    if len(data) != HASH_BYTES * size.bit_count():
        raise LedgerTampered(f"the frontier of a log of {size} leaves has a wrong length", first_bad=max(size - 1, 0))
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def split(size: int) -> int:
    """Return the largest power of two below `size` (RFC 9162, 2.1.1)."""
    return 1 << (size - 1).bit_length() - 1


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash stands at `index` in the tree of `size` leaves with this root (RFC 9162, 2.1.3.2).

    Raises: LedgerTampered.
    """
    if not 0 <= index < size:
        raise LedgerTampered("an inclusion proof names an index outside its tree")
    if len(leaf) != HASH_BYTES or any(len(node) != HASH_BYTES for node in proof):
        raise LedgerTampered("an inclusion proof holds a hash of another length than 32")
    at, last, node = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise LedgerTampered("an inclusion proof is too long")
        if at & 1 or at == last:
            node = node_hash(step, node)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            node = node_hash(node, step)
        at >>= 1
        last >>= 1
    if last != 0 or not compare_digest(node, root):
        raise LedgerTampered("an inclusion proof does not lead to the root")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162, 2.1.4.2).

    From size 0 everything would follow, so it is refused: such a proof proves nothing.
    Raises: LedgerTampered.
    """
    if not 0 < old <= new:
        raise LedgerTampered("a consistency proof needs 0 < old size <= new size")
    if old == new:
        if proof or not compare_digest(old_root, new_root):
            raise LedgerTampered("two trees of one size have different roots, or a proof where none is due")
        return
    if not proof or any(len(node) != HASH_BYTES for node in proof):
        raise LedgerTampered("a consistency proof is empty or holds a hash of another length than 32")
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at >>= 1
        last >>= 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            raise LedgerTampered("a consistency proof is too long")
        if at & 1 or at == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            second = node_hash(second, step)
        at >>= 1
        last >>= 1
    if last != 0 or not (compare_digest(first, old_root) and compare_digest(second, new_root)):
        raise LedgerTampered("a consistency proof does not lead to both roots")
