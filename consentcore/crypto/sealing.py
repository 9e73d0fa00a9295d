"""Sealing many rows at once, for inserts that do not go through objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from consentcore.crypto.envelope import FIELD_BYTES, looks_sealed
from consentcore.crypto.flushing import plan_of
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.nonces import nonce
from consentcore.crypto.sealedtext import SealedText
from consentcore.errors import BadInput
from consentcore.identifiers import row_id


def seal_rows(keyring: Keyring, model: type[Any], dicts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return copies of rows with their sealed columns sealed, for `insert(Model)` or Core; one key query per class.

    Each row holds `subject_ref`; `id` is made where it is absent. Other columns stay as they are.
    Raises: BadInput naming row position and column; KeyDestroyed, NotFound when a subject has no key.
    """
    plan = plan_of(model)
    if not plan:
        raise BadInput(f"{model.__name__} has no sealed columns")
    classes: dict[KeyClass, list[tuple[str, SealedText]]] = {}
    for name, kind in plan.items():
        classes.setdefault(kind.key_class, []).append((name, kind))
    rows = [dict(given) for given in dicts]
    for position, row in enumerate(rows):
        if row.get("id") is None:
            row["id"] = row_id()
        if not isinstance(row["id"], UUID) or not isinstance(row.get("subject_ref"), UUID):
            raise BadInput(f"row {position} needs a subject_ref (and an id, if any) that is a UUID")
    for key_class, columns in classes.items():
        _seal_class(keyring, rows, key_class, columns)
    return rows


def _seal_class(
    keyring: Keyring, rows: Sequence[dict[str, Any]], key_class: KeyClass, columns: Sequence[tuple[str, SealedText]]
) -> None:
    names = [name for name, _ in columns]
    given = [row for row in rows if any(row.get(name) is not None for name in names)]
    ciphers = keyring.ciphers({row["subject_ref"].bytes for row in given}, key_class)
    fields = [(name, kind, FIELD_BYTES[kind.number], kind.max_chars) for name, kind in columns]
    for row in given:
        ident, subject = row["id"].bytes, row["subject_ref"].bytes
        cipher = ciphers.get(subject) or keyring.field_cipher(row["subject_ref"], key_class)
        header, aad, encrypt, tail = cipher.header, cipher.aad, cipher.encrypt, ident + subject
        for name, kind, number, most in fields:  # `envelope.seal`, unrolled: a call for each field costs a third
            value = row.get(name)
            if value is None or looks_sealed(value):
                continue
            plain = value.encode() if type(value) is str and value.isascii() and len(value) <= most else None
            fresh = nonce()
            sealed_text = encrypt(fresh, kind.encode(value) if plain is None else plain, aad + number + tail)
            row[name] = header + fresh + sealed_text
