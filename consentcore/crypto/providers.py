"""Where the key encryption keys are: what every provider can do, and the choice by setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from consentcore.crypto.env_kek import EnvKek
from consentcore.crypto.file_kek import FileKek
from consentcore.errors import ConfigurationError


class KekProvider(Protocol):
    """Wraps and unwraps data keys under numbered epochs; an epoch that is destroyed takes every copy with it.

    `aad` is what the key is bound to; the provider adds the epoch. The keyring's database says which epoch is in
    use (`adopt` tells the provider), because a provider cannot know how far a rotation came.
    """

    @property
    def name(self) -> str:
        """The provider as messages name it, such as `file:kek.json`."""

    def epochs(self) -> tuple[int, ...]:
        """Return the epochs that can be opened, in order."""

    def current(self) -> int:
        """Return the epoch that wraps when none is named."""

    def adopt(self, epoch: int) -> None:
        """Take note of the epoch in use; ConfigurationError when it is not held."""

    def wrap(self, dek: bytes, aad: bytes, epoch: int | None = None) -> tuple[int, bytes]:
        """Wrap one key; return the epoch used and the wrapped key."""

    def wrap_many(self, items: Sequence[tuple[bytes, bytes]], epoch: int) -> list[bytes]:
        """Wrap pairs of (key, aad) under one epoch."""

    def unwrap(self, epoch: int, blob: bytes, aad: bytes) -> bytes:
        """Unwrap one key; DecryptionFailed when it does not open."""

    def unwrap_many(self, items: Sequence[tuple[int, bytes, bytes]]) -> list[bytes]:
        """Unwrap triples of (epoch, wrapped key, aad); UnwrapFailed names the position that does not open."""

    def rotate(self) -> int:
        """Open the next epoch, make it current, and return its number."""

    def destroy(self, epoch: int) -> str:
        """Destroy an epoch for good and return the sentence of evidence for the certificate."""


def provider_from(setting: str, environ: Mapping[str, str]) -> KekProvider:
    """Build the provider that a setting names: `file:var/kek.json` or `env:NAME` (looked up in `environ`).

    Raises: ConfigurationError naming the setting and the way out.
    """
    kind, found, rest = setting.partition(":")
    if not found or not rest:
        raise ConfigurationError("the KEK setting is written file:PATH or env:NAME")
    if kind == "file":
        return FileKek(Path(rest))
    if kind == "env":
        value = environ.get(rest)
        if not value:
            raise ConfigurationError(f"the KEK setting names the variable {rest}, which is not set")
        return EnvKek(rest, value)
    if kind in ("pkcs11", "vault"):
        raise ConfigurationError(f"{kind} as the place of the KEK is not in this version; use file:PATH or env:NAME")
    raise ConfigurationError("the KEK setting starts with file: or env:, nothing else is known")
