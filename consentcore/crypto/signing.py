"""Ed25519 signatures with the key names of C2SP signed notes."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consentcore.errors import BadInput

_ALGORITHM = b"\x01"


class Signer:
    """A named Ed25519 key (RFC 8032); its id and `vkey` are those of C2SP signed-note.

    Raises: BadInput for a name that is empty or has a space or plus sign, or a seed that is not 32 bytes.
    """

    __slots__ = ("_key", "key_id", "name", "public_bytes")

    def __init__(self, name: str, seed: bytes) -> None:
        if not name or "+" in name or any(character.isspace() for character in name):
            raise BadInput("a signer's name has neither spaces nor plus signs, and is not empty")
        if len(seed) != 32:
            raise BadInput("an Ed25519 seed has 32 bytes")
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_bytes = self._key.public_key().public_bytes_raw()
        self.key_id = _key_id(name, self.public_bytes)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of a message."""
        return self._key.sign(message)

    @property
    def vkey(self) -> str:
        """The public key as signed notes write it: `name+hex id+base64(0x01 | key)`."""
        return vkey_of(self.name, self.public_bytes)

    def __repr__(self) -> str:
        return f"<Signer {self.name}>"


def vkey_of(name: str, public: bytes) -> str:
    """Write an Ed25519 public key (32 bytes) as signed notes do, under the name it signed under."""
    return f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(_ALGORITHM + public).decode()}"


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ALGORITHM + public).digest()[:4]
