"""Keys of the installation as the keyring hands them out, read again when another process changed them."""

from __future__ import annotations

import time
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import Connection, Engine, select

from consentcore.crypto import epochs, keystore
from consentcore.crypto.envelope import FieldCipher
from consentcore.crypto.keycache import KeyCache
from consentcore.crypto.providers import KekProvider
from consentcore.crypto.roots import INDEX, LOG, SHARED, Roots
from consentcore.crypto.signing import Signer, vkey_of
from consentcore.crypto.tables import STATE
from consentcore.db import BEGIN_OPTION
from consentcore.errors import ConfigurationError

GLANCE_SECONDS = 5.0
"""How old, at most, a process's picture of the keyring's generations may be; rotations wait far longer."""


class LogKey(NamedTuple):
    """One generation of the log's key: `signer` is None once it is retired, `current` marks the newest in use."""

    generation: int
    vkey: str
    signer: Signer | None
    current: bool


class RootKeys:
    """The part of a keyring that belongs to the installation, not to a person."""

    def __init__(self, engine: Engine, provider: KekProvider, cache_size: int) -> None:
        self.engine = engine
        self.provider = provider
        self._reader = engine.execution_options(**{BEGIN_OPTION: "DEFERRED"})
        self._cache = KeyCache(cache_size)
        self._roots = Roots(provider)
        self._installation: UUID | None = None
        self._log_keys: tuple[LogKey, ...] = ()
        self._roots_version = -1
        self._seen_version = -1
        self._seen_at = 0.0

    def check(self) -> None:
        """Open the check value of every live epoch, and every root.

        Raises: ConfigurationError for a wrong or missing KEK, DecryptionFailed for a root that was tampered with.
        """
        with self.reading() as connection:
            epochs.check(connection, self.provider)
            self._see(keystore.read_version(connection))
            self._load(connection)

    def refresh(self) -> None:
        """Take note of what other processes did to the keyring: keys destroyed, generations made or retired."""
        if not self._roots.loaded:
            self.check()
            return
        with self.reading() as connection:
            self._see(keystore.read_version(connection))
            if self._roots_version != self._seen_version:
                self._load(connection)

    @property
    def installation_id(self) -> UUID:
        """The random name of this installation."""
        self._ready()
        if self._installation is None:
            raise ConfigurationError("the keyring names no installation")
        return self._installation

    def shared_cipher(self, table_number: int, gen: int | None = None) -> FieldCipher:
        """Return the cipher for rows of one table that have no subject (they are sealed with `bytes(16)` for it)."""
        self._glance()
        if gen is not None and gen > max(self._roots.generations(SHARED)):
            self.refresh()
        return self._roots.shared_cipher(table_number, gen)

    def shared_generations(self) -> tuple[int, ...]:
        """Return the live generations of the shared key, newest first."""
        self._glance()
        return self._roots.generations(SHARED)

    def index_key(self, field_number: int, gen: int | None = None) -> tuple[int, HMAC]:
        """Return a generation and a fresh keyed HMAC-SHA256 for the blind index of one field."""
        self._glance()
        return self._roots.index_key(field_number, gen)

    def index_generations(self) -> tuple[int, ...]:
        """Return the live generations of the index key, newest first: a value is looked for under each."""
        self._glance()
        return self._roots.generations(INDEX)

    def index_written(self) -> tuple[int, ...]:
        """Return the generations that a new value is indexed under, newest first.

        All that are not retired: while a rotation runs, a process that has not heard of it yet finds the value too;
        and as long as an entry of the opposition list stands under an older one, that one is not retired.
        """
        self._glance()
        return self._roots.written(INDEX)

    def index_in_use(self) -> int:
        """Return the generation that is known to cover the whole index: what stands alone is made under it."""
        self._glance()
        return self._roots.in_use(INDEX)

    def log_signer(self) -> Signer:
        """Return the key that signs certificates, the newest in use; its name is the log's origin."""
        for key in self.log_keys():
            if key.current and key.signer is not None:
                return key.signer
        raise ConfigurationError("the keyring holds no key of the log that is in use")

    def log_keys(self) -> tuple[LogKey, ...]:
        """Return every generation of the log's key that ever was, newest first."""
        self._glance()
        return self._log_keys

    def log_vkeys(self) -> tuple[str, ...]:
        """Return the public keys of the log, newest first, those of destroyed generations too."""
        return tuple(key.vkey for key in self.log_keys())

    def reading(self) -> Connection:
        """Open a connection for reading; use it in a `with` block."""
        return self._reader.connect()

    def _ready(self) -> None:
        if not self._roots.loaded:
            self.check()

    def _glance(self) -> None:
        """Look whether the keyring moved on, if nobody looked for a while."""
        loaded = self._roots.loaded and self._roots_version == self._seen_version
        if not loaded or time.monotonic() - self._seen_at > GLANCE_SECONDS:
            self.refresh()

    def _look(self) -> None:
        """Read the keyring's version, if nobody did for a while, and drop what was opened before it moved on."""
        if time.monotonic() - self._seen_at > GLANCE_SECONDS:
            with self.reading() as connection:
                self._see(keystore.read_version(connection))

    def _see(self, version: int | None) -> int:
        """Drop what was opened before the keyring moved on to `version`.

        Raises: ConfigurationError before initialisation.
        """
        if version is None:
            raise uninitialised()
        self._cache.see(version)
        self._seen_version = max(version, self._seen_version)
        self._seen_at = time.monotonic()
        return version

    def _load(self, connection: Connection) -> None:
        query = select(STATE.c.installation_id, STATE.c.version).where(STATE.c.id == 1)
        found = connection.execute(query).one_or_none()
        if found is None:
            raise uninitialised()
        self._roots.load(connection)
        self._installation, self._roots_version = found.installation_id, found.version
        self._log_keys = self._read_log_keys()

    def _read_log_keys(self) -> tuple[LogKey, ...]:
        name, current = f"consentcore/{self._installation}", self._roots.in_use(LOG)
        may_sign = self._roots.written(LOG)
        keys: list[LogKey] = []
        for gen in self._roots.generations(LOG):
            one = Signer(name, self._roots.log_seed(gen))
            keys.append(LogKey(gen, one.vkey, one if gen in may_sign else None, gen == current))
        keys += [LogKey(gen, vkey_of(name, public), None, False) for gen, public in self._roots.public_keys().items()]
        return tuple(sorted(keys, reverse=True, key=lambda key: key.generation))


def uninitialised() -> ConfigurationError:
    """Build the error for a keyring that was never made."""
    return ConfigurationError("the keyring was never initialised; run `consentcore init`")
