"""Identifiers: time-ordered ones for rows, random ones for whatever may be seen outside."""

from __future__ import annotations

import os
import secrets
import time
import uuid

REFERENCE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without 0 O 1 I L, which people misread


def row_id() -> uuid.UUID:
    """Make a UUIDv7 (RFC 9562, 5.7) for a row, before INSERT, so that sealing can bind to it.

    Its first 48 bits are milliseconds: it must never stand in a leaf or in anything handed out.
    """
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def random_ref() -> uuid.UUID:
    """Make a random UUIDv4, for subjects, events and records: it tells nothing about time or order."""
    return uuid.uuid4()


def reference() -> str:
    """Make a random reference that a person can read out, such as `B4GT-W7C3` (39 bits: no secret, only a name)."""
    drawn = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"
