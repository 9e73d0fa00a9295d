"""Taking the time of drawing out of the fonts that a PDF carries, so that the same text gives the same bytes.

WeasyPrint writes fonts anew with the time of day in their `head` table (OpenType 1.9) where HarfBuzz cannot subset.
"""

from __future__ import annotations

import struct
from typing import Any

_OUTLINES = (b"\x00\x01\x00\x00", b"OTTO")
_MAGIC = 0xB1B0AFBA
_HEAD_LENGTH = 54


def settle_times(_document: Any, pdf: Any) -> None:
    """Set the modification time of every embedded font to its creation time (a `finisher` of WeasyPrint)."""
    for entry in pdf.objects:
        parts = getattr(entry, "stream", None)
        if parts and len(parts) == 1 and isinstance(parts[0], bytes) and parts[0][:4] in _OUTLINES:
            entry.stream = [settled(parts[0])]


def settled(font: bytes) -> bytes:
    """Return a font whose `head` table names one time only, its checksums made anew; other bytes stay as they are."""
    made = bytearray(font)
    for number in range(int.from_bytes(font[4:6], "big")):
        place = 12 + 16 * number
        if font[place : place + 4] != b"head":
            continue
        start, length = struct.unpack_from(">II", font, place + 8)
        if length < _HEAD_LENGTH or start + length > len(font):
            return font
        made[start + 28 : start + 36] = made[start + 20 : start + 28]
        made[start + 8 : start + 12] = bytes(4)
        struct.pack_into(">I", made, place + 4, _checksum(made[start : start + length]))
        struct.pack_into(">I", made, start + 8, (_MAGIC - _checksum(made)) & 0xFFFFFFFF)
    return bytes(made)


def _checksum(table: bytes | bytearray) -> int:
    padded = bytes(table) + bytes(-len(table) % 4)
    total: int = sum(struct.unpack(f">{len(padded) // 4}I", padded))
    return total & 0xFFFFFFFF
