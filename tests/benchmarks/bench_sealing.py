"""Sealing and opening, against AES-256-GCM with nonce and AAD by a cached key object and nothing else.

Raw draws a fresh nonce from the system, puts the AAD together from ready parts and joins nonce and ciphertext: what
anybody has to do who binds a value to its row. It checks nothing and knows one key only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentcore.crm.contacts import Contact
from consentcore.crypto.envelope import FieldCipher, open_sealed, seal
from consentcore.crypto.fields import reveal_rows, seal_rows
from consentcore.crypto.keyclasses import KeyClass
from consentcore.identifiers import random_ref, row_id
from tests.benchmarks.ground import NOW, Ground, ground
from tests.benchmarks.pairing import Pair, arguments, clock_for, report

SHARE = 0.6
COUNT = 20_000
ROWS = 2_000
FIELDS = ("first_name", "last_name", "street", "city", "postal_code", "account_name")
TEXT = "Stéphanie Deschamps-Wójcik, 32"
PLAIN = TEXT.encode()
FIELD = 100


class _Listed(NamedTuple):
    """A row as Core would return it."""

    id: bytes
    subject_ref: bytes
    first_name: bytes
    last_name: bytes
    street: bytes
    city: bytes
    postal_code: bytes
    account_name: bytes


def main() -> int:
    """Measure and report."""
    rounds = arguments().rounds
    with ground("sqlite") as made:
        return 0 if report([*_one_by_one(), *_in_rows(made)], rounds) else 1


def _one_by_one() -> Iterator[Pair]:
    aead = AESGCM(AESGCM.generate_key(256))
    cipher = FieldCipher(1, aead)
    subject = random_ref().bytes
    rows = [row_id().bytes for _ in range(COUNT)]
    prefix = b"CRMF1" + bytes(7) + FIELD.to_bytes(4, "big")
    sealed = [seal(cipher, FIELD, row, subject, PLAIN) for row in rows]
    by_hand = [_raw_seal(aead.encrypt, prefix + row + subject) for row in rows]

    def ours_seal() -> int:
        for row in rows:
            seal(cipher, FIELD, row, subject, PLAIN)
        return COUNT

    def raw_seal() -> int:
        encrypt, urandom = aead.encrypt, os.urandom
        for row in rows:
            nonce = urandom(12)
            nonce + encrypt(nonce, PLAIN, prefix + row + subject)
        return COUNT

    def raw_seal_by_page() -> int:
        encrypt, page = aead.encrypt, os.urandom(12 * COUNT)
        for row, at in zip(rows, range(0, len(page), 12), strict=True):
            nonce = page[at : at + 12]
            nonce + encrypt(nonce, PLAIN, prefix + row + subject)
        return COUNT

    def ours_open() -> int:
        for row, blob in zip(rows, sealed, strict=True):
            open_sealed(cipher, FIELD, row, subject, blob)
        return COUNT

    def raw_open() -> int:
        decrypt = aead.decrypt
        for row, blob in zip(rows, by_hand, strict=True):
            decrypt(blob[:12], blob[12:], prefix + row + subject)
        return COUNT

    yield Pair(
        operation=f"seal {len(PLAIN)} B, one by one",
        ours=ours_seal,
        raw=raw_seal,
        share=SHARE,
        clock=clock_for("sqlite"),
    )
    yield Pair(
        operation="the same, raw nonces in one draw",
        ours=ours_seal,
        raw=raw_seal_by_page,
        share=SHARE,
        clock=clock_for("sqlite"),
    )
    yield Pair(
        operation=f"open {len(PLAIN)} B, one by one",
        ours=ours_open,
        raw=raw_open,
        share=SHARE,
        clock=clock_for("sqlite"),
    )


def _in_rows(made: Ground) -> Iterator[Pair]:
    """Whole rows of different persons, texts in and texts out, the keys open already."""
    subjects = [random_ref() for _ in range(ROWS)]
    made.keyring.ensure(subjects, NOW)
    made.keyring.warm(subjects, KeyClass.PROFILE)
    plain = [{"id": row_id(), "subject_ref": subject, **dict.fromkeys(FIELDS, TEXT)} for subject in subjects]
    listed = [
        _Listed(row["id"].bytes, row["subject_ref"].bytes, *(row[name] for name in FIELDS))
        for row in seal_rows(made.keyring, Contact, plain)
    ]
    attributes = [getattr(Contact, name) for name in FIELDS]
    keys = {subject: AESGCM(AESGCM.generate_key(256)) for subject in subjects}
    prefixes = [b"CRMF1" + bytes(7) + attribute.type.number.to_bytes(4, "big") for attribute in attributes]
    by_hand = _seal_by_hand(keys, plain, prefixes)

    def ours_seal() -> int:
        seal_rows(made.keyring, Contact, plain)
        return ROWS * len(FIELDS)

    def raw_seal() -> int:
        _seal_by_hand(keys, plain, prefixes)
        return ROWS * len(FIELDS)

    def ours_open() -> int:
        reveal_rows(made.keyring, listed, attributes)
        return ROWS * len(FIELDS)

    def raw_open() -> int:
        for ident, subject, blobs in by_hand:
            decrypt, tail = keys[subject].decrypt, ident + subject.bytes
            tuple(
                [
                    decrypt(blob[:12], blob[12:], prefix + tail).decode()
                    for prefix, blob in zip(prefixes, blobs, strict=True)
                ]
            )
        return ROWS * len(FIELDS)

    yield Pair(
        operation=f"seal_rows, {ROWS:,} persons x 6 fields",
        ours=ours_seal,
        raw=raw_seal,
        share=SHARE,
        clock=clock_for("sqlite"),
    )
    yield Pair(
        operation=f"reveal_rows, {ROWS:,} persons x 6 fields",
        ours=ours_open,
        raw=raw_open,
        share=SHARE,
        clock=clock_for("sqlite"),
    )


def _seal_by_hand(
    keys: dict[UUID, AESGCM], plain: list[dict[str, Any]], prefixes: list[bytes]
) -> list[tuple[bytes, UUID, list[bytes]]]:
    urandom, out = os.urandom, []
    for row in plain:
        ident, subject = row["id"].bytes, row["subject_ref"]
        encrypt, tail, blobs = keys[subject].encrypt, ident + subject.bytes, []
        for name, prefix in zip(FIELDS, prefixes, strict=True):
            nonce = urandom(12)
            blobs.append(nonce + encrypt(nonce, row[name].encode(), prefix + tail))
        out.append((ident, subject, blobs))
    return out


def _raw_seal(encrypt: Any, aad: bytes) -> bytes:
    nonce = os.urandom(12)
    blob: bytes = nonce + encrypt(nonce, PLAIN, aad)
    return blob


if __name__ == "__main__":
    sys.exit(main())
