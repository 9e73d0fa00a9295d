"""Open keys of subjects, a bounded number of them, dropped as a whole when any key is destroyed."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from consentcore.crypto.envelope import FieldCipher


class KeyCache:
    """The least recently used half is dropped when the newer half is full: no bookkeeping on a hit.

    Keys are `subject (16 B) | class (1 B)`; a value holds every generation. `version` is that of the keyring when the
    content was read: content read before a destruction is never stored after it.
    """

    def __init__(self, size: int) -> None:
        self._half = max(1, size // 2)
        self._lock = threading.Lock()
        self._young: dict[bytes, FieldCipher] = {}
        self._old: dict[bytes, FieldCipher] = {}
        self._version = -1

    def get(self, key: bytes) -> FieldCipher | None:
        """Return an open key, or None."""
        found = self._young.get(key)
        if found is not None:
            return found
        found = self._old.get(key)
        if found is not None:
            self._store({key: found})
        return found

    def see(self, version: int) -> None:
        """Drop everything when the keyring has moved on since the content was read; versions only grow."""
        if version > self._version:
            with self._lock:
                if version > self._version:
                    self._young, self._old = {}, {}
                    self._version = version

    def put(self, version: int, entries: Mapping[bytes, FieldCipher]) -> None:
        """Keep keys that were read at `version`, unless the keyring has moved on since."""
        with self._lock:
            if version == self._version:
                self._merge(entries)

    def drop(self, key: bytes) -> None:
        """Drop one key, so that it is read again."""
        with self._lock:
            self._young.pop(key, None)
            self._old.pop(key, None)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._young, self._old = {}, {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def _store(self, entries: Mapping[bytes, FieldCipher]) -> None:
        with self._lock:
            if all(self._old.get(key) is value for key, value in entries.items()):  # not dropped meanwhile
                self._merge(entries)

    def _merge(self, entries: Mapping[bytes, FieldCipher]) -> None:
        for key, value in entries.items():
            if len(self._young) >= self._half:
                self._old, self._young = self._young, {}
            self._young[key] = value
