"""A cold read: unwrap each person's key, derive the field key, open five fields; against the same by hand.

By hand means: the wrapped keys by the bare driver from the same file, AES-GCM unwrap with AAD, one block of
HKDF-Expand, AES-GCM open with AAD. The row without a database leaves both queries out.
"""

from __future__ import annotations

import hmac
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentcore.crm.contacts import Contact
from consentcore.crypto.fields import reveal_rows, seal_rows
from consentcore.crypto.keyclasses import NUMBERS, KeyClass
from consentcore.crypto.keystore import read_keys
from consentcore.crypto.unwrapping import unwrap_ciphers
from consentcore.identifiers import random_ref, row_id
from tests.benchmarks.ground import NOW, Ground, ground
from tests.benchmarks.pairing import Pair, arguments, clock_for, report

SHARE = 0.5
ROWS = 1_000
CHUNK = 500
FIELDS = ("first_name", "last_name", "street", "city", "postal_code")
TEXT = "Stéphanie Deschamps-Wójcik, 32"
INFO = b"consentcore field 1\x01"
AAD = b"CRMF1\x01\x00\x01" + bytes(4)


class _Listed(NamedTuple):
    """A row as Core would return it."""

    id: bytes
    subject_ref: bytes
    first_name: bytes
    last_name: bytes
    street: bytes
    city: bytes
    postal_code: bytes


def main() -> int:
    """Measure and report."""
    rounds = arguments().rounds
    with ground("sqlite") as made:
        return 0 if report(_pairs(made), rounds) else 1


def _pairs(made: Ground) -> Iterator[Pair]:
    rows = _sealed_rows(made)
    subjects = [row.subject_ref for row in rows]
    attributes = [getattr(Contact, name) for name in FIELDS]
    prefixes = [AAD + attribute.type.number.to_bytes(4, "big") for attribute in attributes]
    driver = sqlite3.connect(made.database.keyring_engine.url.database or "")
    aead = AESGCM(next(iter(made.kek._keys.values())))
    expected = [(TEXT,) * len(FIELDS)] * ROWS
    with made.keyring.reading() as connection:
        wrapped = read_keys(connection, subjects, KeyClass.PROFILE)
    held = [tuple(key) for key in wrapped]

    def ours() -> int:
        made.keyring.forget()
        if reveal_rows(made.keyring, rows, attributes) != expected:
            raise AssertionError("the rows were not opened")
        return ROWS * len(FIELDS)

    def raw() -> int:
        if _open_by_hand(_read_by_hand(driver, subjects), aead, rows, prefixes) != expected:
            raise AssertionError("the rows were not opened")
        return ROWS * len(FIELDS)

    def ours_in_memory() -> int:
        unwrap_ciphers(made.kek, wrapped, KeyClass.PROFILE)
        return ROWS

    def raw_in_memory() -> int:
        _unwrap_by_hand(held, aead)
        return ROWS

    yield Pair(
        operation=f"{ROWS:,} persons x 5 fields, keys read", ours=ours, raw=raw, share=SHARE, clock=clock_for("sqlite")
    )
    yield Pair(
        operation="unwrap and derive one key, no database",
        ours=ours_in_memory,
        raw=raw_in_memory,
        share=SHARE,
        clock=clock_for("sqlite"),
    )
    driver.close()


def _sealed_rows(made: Ground) -> list[_Listed]:
    subjects = [random_ref() for _ in range(ROWS)]
    made.keyring.ensure(subjects, NOW)
    plain = [{"id": row_id(), "subject_ref": subject, **dict.fromkeys(FIELDS, TEXT)} for subject in subjects]
    return [
        _Listed(row["id"].bytes, row["subject_ref"].bytes, *(row[name] for name in FIELDS))
        for row in seal_rows(made.keyring, Contact, plain)
    ]


def _read_by_hand(driver: sqlite3.Connection, subjects: Sequence[bytes]) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(subjects), CHUNK):
        part = subjects[start : start + CHUNK]
        marks = ", ".join("?" * len(part))
        yield from driver.execute(
            "SELECT subject_ref, key_class, gen, kek_epoch, wrapped FROM cc_keyring"
            f" WHERE subject_ref IN ({marks}) AND key_class = 'profile'",
            part,
        )


def _unwrap_by_hand(keys: Iterable[tuple[Any, ...]], aead: AESGCM) -> dict[bytes, AESGCM]:
    tail = bytes((NUMBERS[KeyClass.PROFILE],))
    found = {}
    for subject, _key_class, gen, epoch, wrapped in keys:
        aad = subject + tail + gen.to_bytes(2, "big") + epoch.to_bytes(4, "big")
        dek = aead.decrypt(wrapped[:12], wrapped[12:], aad)
        found[subject] = AESGCM(hmac.digest(dek, INFO, "sha256"))
    return found


def _open_by_hand(
    keys: Iterable[tuple[Any, ...]], aead: AESGCM, rows: Sequence[_Listed], prefixes: Sequence[bytes]
) -> list[tuple[str, ...]]:
    ciphers = _unwrap_by_hand(keys, aead)
    out = []
    for row in rows:
        decrypt, tail = ciphers[row[1]].decrypt, row[0] + row[1]
        out.append(
            tuple(
                [
                    decrypt(blob[3:15], blob[15:], prefix + tail).decode()
                    for prefix, blob in zip(prefixes, row[2:], strict=True)
                ]
            )
        )
    return out


if __name__ == "__main__":
    sys.exit(main())
