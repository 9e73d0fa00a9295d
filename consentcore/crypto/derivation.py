"""HKDF-Expand with SHA-256 (RFC 5869, 2.3): every input key here is random, so nothing needs extracting."""

from __future__ import annotations

import hmac

from consentcore.errors import BadInput

_BLOCK = 32
_MOST = 255 * _BLOCK


def expand(key: bytes, info: bytes, length: int = _BLOCK) -> bytes:
    """Derive `length` bytes from a random 32-byte key for the use that `info` names (RFC 5869, 2.3).

    Raises: BadInput for a length outside 1..8160.
    """
    if length == _BLOCK:
        return hmac.digest(key, info + b"\x01", "sha256")
    if not 0 < length <= _MOST:
        raise BadInput(f"HKDF-Expand gives 1 to {_MOST} bytes, {length} were asked for")
    block, out = b"", b""
    for counter in range(1, -(-length // _BLOCK) + 1):
        block = hmac.digest(key, block + info + counter.to_bytes(1, "big"), "sha256")
        out += block
    return out[:length]
