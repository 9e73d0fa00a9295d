"""Keyed commitments: what ties a leaf to a person's data while their evidence key lives, and to nothing after.

The commitment is a keyed hash: hiding as long as the key is secret and HMAC-SHA256 is sound (EDPB 02/2025 counts it
among the keyed hashes, not among the perfectly hiding commitments). One event can be opened without any other.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

_EXPAND_END = b"\x01"  # HKDF-Expand of at most 32 bytes is this one block of HMAC (RFC 5869, 2.3)


def opening(root: bytes, event_id: bytes) -> bytes:
    """Return r, the 32 bytes that open the commitment of one event: HKDF-Expand(root, "r" + event id)."""
    return hmac.digest(root, b"r" + event_id + _EXPAND_END, "sha256")


def commit(r: bytes, payload: bytes) -> str:
    """Return the commitment to canonical payload bytes, 64 hex digits."""
    return hmac.digest(r, payload, "sha256").hex()


def subject_tag(root: bytes, event_id: bytes) -> str:
    """Return the tag, 32 hex digits, by which the holder of the evidence key can show whose event it is."""
    key = hmac.digest(root, b"subj" + event_id + _EXPAND_END, "sha256")
    return hmac.digest(key, event_id, "sha256")[:16].hex()


def root_of(roots: Iterable[bytes], event_id: bytes, tag: str) -> bytes | None:
    """Return the root that an event was written under, told by its tag; None where it is none of them.

    A rotation of the evidence key opens a new root and carries on those before it: an event keeps its own.
    """
    for root in roots:
        if hmac.compare_digest(tag, subject_tag(root, event_id)):
            return root
    return None
