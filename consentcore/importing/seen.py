"""What was met before in the same file, kept on disk so that memory stays flat however long the file is."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from types import TracebackType

_TAKE = "INSERT OR IGNORE INTO seen (name) VALUES (?)"


class SeenInFile:
    """A set of texts, kept as keyed hashes under a key that dies with the process, in a file nobody else can name.

    16 bytes of keyed BLAKE2b: nothing that is left on the disk tells what was seen.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._store = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._store.execute("PRAGMA journal_mode=OFF")
        self._store.execute("PRAGMA cache_size=-4096")
        self._store.execute("CREATE TABLE seen (name BLOB PRIMARY KEY) WITHOUT ROWID")
        self._store.execute("BEGIN")

    def take(self, text: str) -> bool:
        """Remember a text; False when it was there already."""
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=self._key).digest()
        return self._store.execute(_TAKE, (name,)).rowcount == 1

    def close(self) -> None:
        """Drop the file."""
        self._store.close()

    def __enter__(self) -> SeenInFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
