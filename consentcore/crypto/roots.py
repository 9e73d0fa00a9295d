"""The keys of the installation: index, shared data, log; opened when first used, each in generations."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
    write_roots(connection, provider, epoch, [(name, 1, secrets.token_bytes(32)) for name in NAMES], now)


def write_roots(
    connection: Connection, provider: KekProvider, epoch: int, roots: Sequence[tuple[str, int, bytes]], now: datetime
) -> None:
    """Write (name, generation, 32 bytes) wrapped under an epoch; IntegrityError where one is there already."""
    blobs = provider.wrap_many([(key, root_aad(name, gen)) for name, gen, key in roots], epoch)
    rows = [
        {"name": name, "gen": gen, "kek_epoch": epoch, "wrapped": blob, "created_at": now}
        for (name, gen, _), blob in zip(roots, blobs, strict=True)
    ]
    connection.execute(insert(ROOTS), rows)


def table_key(root: bytes, table_number: int) -> bytes:
    """Derive the key of one table's rows without subject from a generation of the shared root."""
    return expand(root, b"consentcore shared 1" + _number(table_number))


def carried_name(table_number: int) -> str:
    """Return under what name the key of one table is kept when the generation of its root is destroyed."""
    return f"{SHARED}.{table_number}"


@dataclass(slots=True)
class _Generations:
    """What is known of one root: keys by generation, those that make nothing new, those in use, public keys."""

    keys: dict[int, bytes] = field(default_factory=dict)
    retired: set[int] = field(default_factory=set)
    announced: set[int] = field(default_factory=set)
    public: dict[int, bytes] = field(default_factory=dict)


class Roots:
    """The opened roots of one keyring, and the keys derived from them, kept until the keyring moves on."""

    def __init__(self, provider: KekProvider) -> None:
        self._provider = provider
        self._lock = threading.Lock()
        self._opened: dict[str, _Generations] = {}
        self._index: dict[tuple[int, int], HMAC] = {}
        self._shared: dict[tuple[int, int], FieldCipher] = {}

    @property
    def loaded(self) -> bool:
        """Whether the roots have been read and opened."""
        return bool(self._opened)

    def load(self, connection: Connection) -> None:
        """Read and open every root that is not destroyed, and forget what was derived from earlier ones.

        Raises: DecryptionFailed naming the root that does not open, NotFound when one was never made.
        """
        opened: dict[str, _Generations] = {name: _Generations() for name in NAMES}
        for row in connection.execute(select(ROOTS).order_by(ROOTS.c.name, ROOTS.c.gen)):
            self._take(opened.setdefault(row.name, _Generations()), row)
        for name in NAMES:
            if not opened[name].keys:
                raise NotFound(f"the keyring has no {name} key; run `consentcore init`")
        with self._lock:
            self._opened, self._index, self._shared = opened, {}, {}

    def _take(self, known: _Generations, row: Any) -> None:
        if row.public_key is not None:
            known.public[row.gen] = row.public_key
        if row.destroyed_at is not None:
            return
        try:
            known.keys[row.gen] = self._provider.unwrap(row.kek_epoch, row.wrapped, root_aad(row.name, row.gen))
        except UnwrapFailed as error:
            raise DecryptionFailed(f"the {row.name} key of the installation does not open: {error}") from None
        if row.retired_at is not None:
            known.retired.add(row.gen)
        if row.in_use_at is None and row.gen > 1:
            known.announced.add(row.gen)

    def generations(self, name: str) -> tuple[int, ...]:
        """Return the live generations of a root, newest first: those that are looked up."""
        return tuple(sorted(self._opened[name].keys, reverse=True))

    def written(self, name: str) -> tuple[int, ...]:
        """Return the live generations that are not retired, newest first: those that new values are made under."""
        known = self._opened[name]
        return tuple(gen for gen in sorted(known.keys, reverse=True) if gen not in known.retired)

    def in_use(self, name: str) -> int:
        """Return the newest generation that came into use."""
        known = self._opened[name]
        return max(gen for gen in known.keys if gen not in known.announced)

    def public_keys(self) -> dict[int, bytes]:
        """Return the public keys of the log's destroyed generations."""
        known = self._opened[LOG]
        return {gen: key for gen, key in known.public.items() if gen not in known.keys}

    def log_seed(self, gen: int) -> bytes:
        """Return the Ed25519 seed of one generation of the log's key, 32 bytes."""
        return self._root(LOG, gen)[1]

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
        carried = self._opened.get(carried_name(table_number))
        if gen is not None and carried is not None and gen in carried.keys and gen not in self._opened[SHARED].keys:
            return FieldCipher(gen, AESGCM(carried.keys[gen]))
        chosen, root = self._root(SHARED, gen)
        cipher = self._shared.get((table_number, chosen))
        if cipher is None:
            cipher = FieldCipher(chosen, AESGCM(table_key(root, table_number)))
            self._shared[table_number, chosen] = cipher
        return cipher

    def _root(self, name: str, gen: int | None) -> tuple[int, bytes]:
        keys = self._opened[name].keys
        chosen = self.in_use(name) if gen is None else gen
        if chosen not in keys:
            raise NotFound(f"the {name} key of the installation has no generation {chosen}")
        return chosen, keys[chosen]


def _number(value: int) -> bytes:
    if not 1 <= value < 1 << 32:
        raise BadInput(f"a field or table number is 1 to 2**32-1, not {value}")
    return value.to_bytes(4, "big")
