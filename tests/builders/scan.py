"""Opening every value that any key which remains can open, to see in which rows a person still stands.

It shares nothing with the product's own ways of opening: it tries every key on every sealed value there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, select
from sqlalchemy.orm import Session

from consentcore.crypto.blindindex import digest
from consentcore.crypto.envelope import FieldCipher, looks_sealed, open_sealed, read_gen
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.sealedtext import REGISTRY
from consentcore.db import Base
from consentcore.errors import ConsentCoreError

SHARED_TABLES = range(1, 40)
INDEXED = (*range(100, 130), *range(200, 220), *range(400, 420), 560)
_NOBODY = bytes(16)
_NUMBERS = {name: number for number, name in REGISTRY.items()}


def places(
    session: Session, keyring: Keyring, needles: Iterable[str], points: Iterable[str] = ()
) -> set[tuple[str, str]]:
    """Return (table, row) wherever one of the texts can be read, or one of the contact points stands as a keyed hash.

    Units: `points` normalised as the blind index does; rows by their first key, as text. Case makes no difference.
    """
    wanted = [needle.casefold() for needle in needles]
    hashes = {
        digest(keyring, number, point, gen)[1]
        for point in points
        for number in INDEXED
        for gen in keyring.index_generations()
    }
    found: set[tuple[str, str]] = set()
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            texts = [text.casefold() for text in _texts(keyring, table, row)]
            hashed = any(bytes(value) in hashes for value in row if isinstance(value, (bytes, memoryview)))
            if hashed or any(needle in text for needle in wanted for text in texts):
                found.add((table.name, _name(table, row)))
    return found


def _name(table: Table, row: Row[Any]) -> str:
    for column in ("id", "row_id", "event_id"):
        if column in table.columns:
            return str(row._mapping[column])
    return str(row[0])


def _texts(keyring: Keyring, table: Table, row: Row[Any]) -> Iterator[str]:
    for name, value in row._mapping.items():
        if isinstance(value, (bytes, memoryview)):
            raw = bytes(value)
            if f"{table.name}.{name}" in _NUMBERS and looks_sealed(raw):
                yield from _opened(keyring, _NUMBERS[f"{table.name}.{name}"], row, raw)
            else:
                yield raw.decode("utf-8", "ignore")
        elif value is not None:
            yield str(value)


def _opened(keyring: Keyring, number: int, row: Row[Any], blob: bytes) -> Iterator[str]:
    values = [value for value in row if isinstance(value, UUID)]
    for cipher, owner in _ciphers(keyring, row, read_gen(blob)):
        for row_id in values:
            try:
                yield open_sealed(cipher, number, row_id.bytes, owner, blob).decode("utf-8", "ignore")
            except ConsentCoreError:
                continue
            return  # a value opens under one key and for one row


def _ciphers(keyring: Keyring, row: Row[Any], gen: int) -> Iterator[tuple[FieldCipher, bytes]]:
    subject = row._mapping.get("subject_ref")
    if subject is not None:
        for key_class in KeyClass:
            try:
                yield keyring.field_cipher(subject, key_class, gen), subject.bytes
            except ConsentCoreError:  # the key is gone
                continue
    for number in SHARED_TABLES:
        try:
            yield keyring.shared_cipher(number, gen), _NOBODY
        except ConsentCoreError:
            continue
