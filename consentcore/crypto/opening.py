"""Opening one sealed value without stopping at it: for work that goes over every row and counts what it cannot open."""

from __future__ import annotations

from consentcore.crypto.envelope import FieldCipher, looks_sealed, open_sealed, read_gen
from consentcore.errors import DecryptionFailed


def opened_or_none(cipher: FieldCipher, number: int, row: bytes, subject: bytes, blob: bytes) -> bytes | None:
    """Return the plaintext of a sealed value under whichever generation it names, None where it does not open there.

    A value that was moved from another place does not open, so it is never sealed anew as if it belonged.
    """
    older = cipher.generation(read_gen(blob)) if looks_sealed(blob) else None
    if older is None:
        return None
    try:
        return open_sealed(older, number, row, subject, blob)
    except DecryptionFailed:
        return None
