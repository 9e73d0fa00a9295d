"""The sealed form of one value, and its binding to the place where it stands.

    blob  01 suite | u16 key generation | 12 B nonce | ciphertext | 16 B tag          31 B more than the text
    AAD   "CRMF1" | suite | u16 generation | u32 controller (0) | u32 field | 16 B row id | 16 B subject

Fixed widths, no delimiters: a value copied to another row, column, subject or generation does not open.
The header names the generation, so nothing is ever opened by trial.
"""

from __future__ import annotations

from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentcore.crypto.nonces import nonce
from consentcore.errors import BadInput, DecryptionFailed

SUITE_GCM = 1
SUITES = frozenset({SUITE_GCM})
OVERHEAD = 31
MAX_GENERATION = 0xFFFF
_CONTROLLER = bytes(4)


class FieldCipher:
    """One generation of one key, ready to seal and open; `older` holds the generations before it."""

    __slots__ = ("aad", "commit_roots", "decrypt", "encrypt", "gen", "header", "older")

    def __init__(self, gen: int, aead: AESGCM, commit_roots: tuple[bytes, ...] = ()) -> None:
        header, aad = _prefixes(gen)
        self.gen = gen
        self.header = header
        self.aad = aad
        self.encrypt = aead.encrypt
        self.decrypt = aead.decrypt
        self.commit_roots = commit_roots  # newest first; those of the evidence class alone
        self.older: dict[int, FieldCipher] | None = None

    @property
    def commit(self) -> bytes | None:
        """K_commit for new events, or None where the class carries none."""
        return self.commit_roots[0] if self.commit_roots else None

    def generation(self, gen: int) -> FieldCipher | None:
        """Return the cipher of a generation, or None where this key never had it."""
        if gen == self.gen:
            return self
        return None if self.older is None else self.older.get(gen)

    def __repr__(self) -> str:
        return f"<FieldCipher generation {self.gen}>"


_PREFIXES: dict[int, tuple[bytes, bytes]] = {}


def _prefixes(gen: int) -> tuple[bytes, bytes]:
    try:
        return _PREFIXES[gen]
    except KeyError:
        if not 1 <= gen <= MAX_GENERATION:
            raise BadInput(f"a key generation is 1 to {MAX_GENERATION}, not {gen}") from None
        header = bytes((SUITE_GCM,)) + gen.to_bytes(2, "big")
        pair = _PREFIXES[gen] = header, b"CRMF1" + header + _CONTROLLER
        return pair


def read_gen(blob: bytes) -> int:
    """Return the key generation that a sealed value names.

    Raises: DecryptionFailed when the bytes are no sealed value.
    """
    if not looks_sealed(blob):
        raise DecryptionFailed("these bytes are no sealed value: too short, or an unknown suite")
    return int.from_bytes(blob[1:3], "big")


def looks_sealed(value: object) -> bool:
    """Tell whether a value has the outer form of a sealed one (length and suite)."""
    return type(value) is bytes and len(value) >= OVERHEAD and value[0] in SUITES


class _FieldBytes(dict[int, bytes]):
    """Field number -> the four bytes that stand in the AAD."""

    def __missing__(self, number: int) -> bytes:
        if not 1 <= number < 1 << 32:
            raise BadInput(f"a field number is 1 to 2**32-1, not {number}")
        if len(self) >= 4096:  # numbers come from a registry; a caller that invents them gets no more memory
            self.clear()
        raw = self[number] = number.to_bytes(4, "big")
        return raw


FIELD_BYTES = _FieldBytes()


def seal(cipher: FieldCipher, field_number: int, row_id: bytes, subject: bytes, plaintext: bytes) -> bytes:
    """Seal a value for one field of one row of one subject (`bytes(16)` where a row has no subject).

    Raises: BadInput unless row id and subject have 16 bytes each and the field number fits in 32 bits.
    """
    if len(row_id) != 16 or len(subject) != 16:
        raise BadInput("a row id and a subject have 16 bytes each")
    fresh = nonce()
    aad = cipher.aad + FIELD_BYTES[field_number] + row_id + subject
    return cipher.header + fresh + cipher.encrypt(fresh, plaintext, aad)


def open_sealed(cipher: FieldCipher, field_number: int, row_id: bytes, subject: bytes, blob: bytes) -> bytes:
    """Open a value that was sealed for this very place under this key generation.

    Raises: DecryptionFailed naming field and row, when anything but the sealed value itself is handed in; BadInput
    as `seal` does.
    """
    if len(row_id) != 16 or len(subject) != 16:
        raise BadInput("a row id and a subject have 16 bytes each")
    if blob[:3] == cipher.header:
        try:
            return cipher.decrypt(blob[3:15], blob[15:], cipher.aad + FIELD_BYTES[field_number] + row_id + subject)
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            pass
    raise refusal(field_number, row_id)


def refusal(field_number: int, row_id: bytes) -> DecryptionFailed:
    """Build the error for a value that does not open; it names field and row, never content."""
    return DecryptionFailed(
        f"field {field_number} of row {UUID(bytes=row_id)} does not open: "
        "its bytes were changed, or were sealed for another place or under another key"
    )
