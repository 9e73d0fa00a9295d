"""A file that is read twice and must hold the same bytes both times: each block is checked before it is used."""

from __future__ import annotations

import hashlib
import io
from typing import BinaryIO

BLOCK = 256 * 1024


class BytesChanged(Exception):
    """The file no longer holds what the first reading found; never leaves this room."""


class FixedBytes:
    """The digests of a file's blocks, taken while it is first read (32 bytes for each 256 kB), and of the whole."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self._digests: list[bytes] = []
        self._whole = hashlib.sha256()
        self.sealed = False

    def seal(self) -> None:
        """Take what was read as the file's content, after a reading that came to its end."""
        self.sealed = True

    @property
    def sha256(self) -> str:
        """SHA-256 of all bytes, in hexadecimal."""
        return self._whole.hexdigest()

    def stream(self) -> io.BufferedReader:
        """Read from the start; until `seal`, blocks are learnt, afterwards compared.

        Raises: BytesChanged, from reading, before a changed block is handed out.
        """
        self._handle.seek(0)
        if not self.sealed:
            self._digests.clear()
            self._whole = hashlib.sha256()
        return io.BufferedReader(_Blocks(self), BLOCK)

    def block(self, number: int) -> bytes:
        """Read the next block, learning or comparing its digest; empty at the end."""
        data = self._handle.read(BLOCK)
        while data and len(data) < BLOCK:  # a raw handle may read less than asked
            more = self._handle.read(BLOCK - len(data))
            if not more:
                break
            data += more
        if not self.sealed:
            if data:
                self._digests.append(hashlib.sha256(data).digest())
                self._whole.update(data)
            return data
        if not data:
            if number < len(self._digests):
                raise BytesChanged
        elif number >= len(self._digests) or hashlib.sha256(data).digest() != self._digests[number]:
            raise BytesChanged
        return data


class _Blocks(io.RawIOBase):
    def __init__(self, fixed: FixedBytes) -> None:
        self._fixed = fixed
        self._number = 0
        self._held = b""
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        if self._at == len(self._held):
            self._held = self._fixed.block(self._number)
            self._number += 1
            self._at = 0
        part = self._held[self._at : self._at + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)
