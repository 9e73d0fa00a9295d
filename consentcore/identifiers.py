"""Identifiers: time-ordered ones for rows, random ones for whatever may be seen outside."""

from __future__ import annotations

import os
import time
import uuid


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
