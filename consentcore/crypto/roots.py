"""The keys of the installation: index, shared data, log; made once, opened when first used."""

from __future__ import annotations

import secrets
import threading
from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import Connection, insert, select

from consentcore.crypto.derivation import expand
from consentcore.crypto.envelope import FieldCipher
from consentcore.crypto.local_kek import UnwrapFailed
from consentcore.crypto.providers import KekProvider
from consentcore.crypto.tables import ROOTS
from consentcore.crypto.unwrapping import root_aad
from consentcore.errors import BadInput, DecryptionFailed, NotFound

INDEX = "index"
SHARED = "shared"
LOG = "log"
NAMES = (INDEX, SHARED, LOG)


def make_roots(connection: Connection, provider: KekProvider, epoch: int, now: datetime) -> None:
    """Draw the first generation of every root and write it wrapped."""
    blobs = provider.wrap_many([(secrets.token_bytes(32), root_aad(name, 1)) for name in NAMES], epoch)
    rows = [
        {"name": name, "gen": 1, "kek_epoch": epoch, "wrapped": blob, "created_at": now}
        for name, blob in zip(NAMES, blobs, strict=True)
    ]
    connection.execute(insert(ROOTS), rows)


class Roots:
    """The opened roots of one keyring, and the keys derived from them, kept for the life of the process."""

    def __init__(self, provider: KekProvider) -> None:
        self._provider = provider
        self._lock = threading.Lock()
        self._opened: dict[str, dict[int, bytes]] = {}
        self._index: dict[tuple[int, int], HMAC] = {}
        self._shared: dict[tuple[int, int], FieldCipher] = {}

    @property
    def loaded(self) -> bool:
        """Whether the roots have been read and opened."""
        return bool(self._opened)

    def load(self, connection: Connection) -> None:
        """Read and open every root, and forget what was derived from earlier ones.

        Raises: DecryptionFailed naming the root that does not open, NotFound when one was never made.
        """
        opened: dict[str, dict[int, bytes]] = {name: {} for name in NAMES}
        query = select(ROOTS.c.name, ROOTS.c.gen, ROOTS.c.kek_epoch, ROOTS.c.wrapped)
        for name, gen, epoch, wrapped in connection.execute(query):
            try:
                key = self._provider.unwrap(epoch, wrapped, root_aad(name, gen))
            except UnwrapFailed as error:
                raise DecryptionFailed(f"the {name} key of the installation does not open: {error}") from None
            opened.setdefault(name, {})[gen] = key
        for name in NAMES:
            if not opened[name]:
                raise NotFound(f"the keyring has no {name} key; run `consentcore init`")
        with self._lock:
            self._opened, self._index, self._shared = opened, {}, {}

    def generations(self, name: str) -> tuple[int, ...]:
        """Return the live generations of a root, newest first."""
        return tuple(sorted(self._opened[name], reverse=True))

    def log_seed(self) -> bytes:
        """Return the Ed25519 seed of the log, 32 bytes."""
        return self._root(LOG, None)[1]

    def index_key(self, field_number: int, gen: int | None) -> tuple[int, HMAC]:
        """Return a generation and a fresh copy of the keyed HMAC-SHA256 of one field."""
        chosen, root = self._root(INDEX, gen)
        keyed = self._index.get((field_number, chosen))
        if keyed is None:
            derived = expand(root, b"consentcore index 1" + _number(field_number))
            keyed = self._index[field_number, chosen] = HMAC(derived, hashes.SHA256())
        return chosen, keyed.copy()

    def shared_cipher(self, table_number: int, gen: int | None) -> FieldCipher:
        """Return the cipher for rows of one table that belong to no subject."""
        chosen, root = self._root(SHARED, gen)
        cipher = self._shared.get((table_number, chosen))
        if cipher is None:
            derived = expand(root, b"consentcore shared 1" + _number(table_number))
            cipher = self._shared[table_number, chosen] = FieldCipher(chosen, AESGCM(derived))
        return cipher

    def _root(self, name: str, gen: int | None) -> tuple[int, bytes]:
        generations = self._opened[name]
        chosen = max(generations) if gen is None else gen
        if chosen not in generations:
            raise NotFound(f"the {name} key of the installation has no generation {chosen}")
        return chosen, generations[chosen]


def _number(value: int) -> bytes:
    if not 1 <= value < 1 << 32:
        raise BadInput(f"a field or table number is 1 to 2**32-1, not {value}")
    return value.to_bytes(4, "big")
