"""Key encryption keys that this process holds itself: AES-256-GCM over 32-byte keys."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentcore.crypto.nonces import nonce
from consentcore.errors import ConfigurationError, DecryptionFailed

KEK_SIZE = 32
MAX_EPOCH = 0xFFFFFFFF
_NONCE = 12
_WRAPPED = _NONCE + KEK_SIZE + 16


class LocalKek:
    """Epochs of key encryption keys in memory; a wrapped key is `12 B nonce | 32 B | 16 B tag`.

    The epoch is bound into the AAD as its last four bytes.
    """

    name = "local"

    def __init__(self, keys: Mapping[int, bytes], current: int) -> None:
        self._current = current
        self._aeads: dict[int, AESGCM] = {}
        self._load(keys, current)

    def _load(self, keys: Mapping[int, bytes], current: int) -> None:
        self._aeads = {epoch: AESGCM(key) for epoch, key in keys.items()}
        self._current = current

    def _refresh(self) -> None:
        """Take notice of changes that other processes made to the source of the keys."""

    def epochs(self) -> tuple[int, ...]:
        """Return the epochs that can be opened here, in order."""
        self._refresh()
        return tuple(sorted(self._aeads))

    def current(self) -> int:
        """Return the epoch that wraps when none is named."""
        self._refresh()
        return self._current

    def wrap(self, dek: bytes, aad: bytes, epoch: int | None = None) -> tuple[int, bytes]:
        """Wrap a 32-byte key under an epoch (the current one by default), bound to `aad`."""
        chosen = self.current() if epoch is None else epoch
        return chosen, self.wrap_many([(dek, aad)], chosen)[0]

    def wrap_many(self, items: Sequence[tuple[bytes, bytes]], epoch: int) -> list[bytes]:
        """Wrap pairs of (key, aad) under one epoch.

        Raises: ConfigurationError when the epoch is not held here.
        """
        self._refresh()
        aead = self._aeads.get(epoch)
        if aead is None:
            raise ConfigurationError(f"key encryption key epoch {epoch} is not held by {self.name}")
        encrypt, tail, out = aead.encrypt, epoch.to_bytes(4, "big"), []
        for dek, aad in items:
            fresh = nonce()
            out.append(fresh + encrypt(fresh, dek, aad + tail))
        return out

    def unwrap(self, epoch: int, blob: bytes, aad: bytes) -> bytes:
        """Unwrap one key.

        Raises: DecryptionFailed when the epoch is gone, or key and AAD do not belong together.
        """
        return self.unwrap_many([(epoch, blob, aad)])[0]

    def unwrap_many(self, items: Sequence[tuple[int, bytes, bytes]]) -> list[bytes]:
        """Unwrap triples of (epoch, wrapped key, aad).

        Raises: DecryptionFailed as `unwrap` does; its `position` is the index of the item that failed.
        """
        self._refresh()
        tails = {epoch: epoch.to_bytes(4, "big") for epoch in self._aeads}
        aeads, out = self._aeads, []
        try:
            for epoch, blob, aad in items:
                if len(blob) != _WRAPPED:
                    raise InvalidTag
                out.append(aeads[epoch].decrypt(blob[:_NONCE], blob[_NONCE:], aad + tails[epoch]))
        except KeyError:
            failed = items[len(out)][0]
            raise UnwrapFailed(f"key encryption key epoch {failed} is not held by {self.name}", len(out)) from None
        except InvalidTag:
            raise UnwrapFailed("a wrapped key does not open under its key encryption key", len(out)) from None
        return out


class UnwrapFailed(DecryptionFailed):
    """A wrapped key does not open; `position` tells which of those handed in."""

    default_code = "unwrap_failed"

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def decode_key(text: object, where: str) -> bytes:
    """Read one base64 key of 32 bytes.

    Raises: ConfigurationError naming `where`, never the text.
    """
    try:
        raw = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEK_SIZE:
        raise ConfigurationError(f"{where} is not the base64 of {KEK_SIZE} bytes")
    return raw


def decode_epoch(text: str, where: str) -> int:
    """Read one epoch number written without sign or leading zero.

    Raises: ConfigurationError.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= 10) or text[0] == "0" or int(text) > MAX_EPOCH:
        raise ConfigurationError(f"{where}: an epoch is a whole number from 1 to {MAX_EPOCH}")
    return int(text)
