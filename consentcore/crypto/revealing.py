"""Opening many sealed values at once: one key query, then AES-GCM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, LargeBinary, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from consentcore.crypto.envelope import FIELD_BYTES, FieldCipher, looks_sealed, open_sealed, read_gen, refusal
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.pending import Pending
from consentcore.crypto.sealedtext import SealedText
from consentcore.errors import BadInput, NotFound

Opened = tuple[str | None, ...]


class RowLike(Protocol):
    """A Core row: values by position, names in `_fields`."""

    @property
    def _fields(self) -> tuple[str, ...]: ...

    def __getitem__(self, index: int, /) -> Any: ...


class _Slot(NamedTuple):
    """Where one sealed value stands in a row, and where it goes."""

    position: int
    number: int
    out: int


def raw_ref(attribute: InstrumentedAttribute[UUID]) -> ColumnElement[bytes]:
    """Select a `Ref` column as its 16 bytes, under its own name: lists need no UUID objects."""
    return type_coerce(attribute, LargeBinary).label(attribute.key)


def reveal(keyring: Keyring, rows: Sequence[object], *attributes: Any) -> list[Opened]:
    """Open sealed attributes of loaded entities of one class; a tuple for each row, in the order of `attributes`.

    A value that was assigned and not yet flushed is returned as it was assigned. One key query for each key class.
    Raises: KeyDestroyed, NotFound (no key), DecryptionFailed naming field and row.
    """
    kinds = [_kind(attribute) for attribute in attributes]
    names = [attribute.key for attribute in attributes]
    table: list[tuple[Any, ...]] = []
    for row in rows:
        values = row.__dict__
        try:
            table.append((values["id"].bytes, values["subject_ref"].bytes, *[values[name] for name in names]))
        except KeyError:  # expired or deferred: load through the attribute
            loaded = [getattr(row, name) for name in names]
            table.append((row.id.bytes, row.subject_ref.bytes, *loaded))  # type: ignore[attr-defined]
    return _open(keyring, table, kinds, range(2, 2 + len(kinds)), 0, 1)


def reveal_rows(
    keyring: Keyring,
    rows: Sequence[RowLike],
    attributes: Sequence[Any],
    *,
    id: str | int = "id",  # noqa: A002 - the column's name
    subject: str | int = "subject_ref",
    positions: Sequence[int] | None = None,
) -> list[Opened]:
    """Open sealed columns of Core rows, the fastest way for lists; a tuple for each row, in the order of `attributes`.

    The rows hold row id and subject (UUIDs, or 16 bytes by `raw_ref`) under the names or positions given, and each
    attribute under its own name unless `positions` tells where.
    Raises: KeyDestroyed, NotFound (no key), DecryptionFailed naming field and row; BadInput when a column is not there.
    """
    if not rows:
        return []
    fields = tuple(rows[0]._fields)
    places = [_place(fields, attribute.key) for attribute in attributes] if positions is None else positions
    kinds = [_kind(attribute) for attribute in attributes]
    return _open(keyring, rows, kinds, places, _place(fields, id), _place(fields, subject))


def _place(fields: tuple[str, ...], name: str | int) -> int:
    if isinstance(name, int):
        return name
    try:
        return fields.index(name)
    except ValueError:
        raise BadInput(f"the rows have no column {name}; select it, sealed values cannot be opened without") from None


def _kind(attribute: Any) -> SealedText:
    kind = attribute.type
    if not isinstance(kind, SealedText):
        raise BadInput(f"{attribute.key} is not a sealed column")
    return kind


def _open(
    keyring: Keyring, rows: Sequence[Any], kinds: Sequence[SealedText], places: Sequence[int], row_at: int, subj_at: int
) -> list[Opened]:
    classes: dict[KeyClass, list[_Slot]] = {}
    for out, (kind, position) in enumerate(zip(kinds, places, strict=True)):
        classes.setdefault(kind.key_class, []).append(_Slot(position, kind.number, out))
    if len(classes) == 1:
        ((key_class, slots),) = classes.items()
        return _open_class(keyring, rows, key_class, slots, row_at, subj_at)
    merged: list[list[str | None]] = [[None] * len(kinds) for _ in rows]
    for key_class, slots in classes.items():
        for target, opened in zip(merged, _open_class(keyring, rows, key_class, slots, row_at, subj_at), strict=True):
            for slot, text in zip(slots, opened, strict=True):
                target[slot.out] = text
    return [tuple(row) for row in merged]


def _open_class(
    keyring: Keyring, rows: Sequence[Any], key_class: KeyClass, slots: Sequence[_Slot], row_at: int, subj_at: int
) -> list[Opened]:
    ciphers = keyring.ciphers({_raw(row[subj_at]) for row in rows}, key_class)
    plans: dict[bytes, list[tuple[int, bytes]]] = {}
    out: list[Opened] = []
    for row in rows:
        subject = row[subj_at]
        if type(subject) is not bytes:
            subject = _raw(subject)
        row_id = row[row_at]
        if type(row_id) is not bytes or len(row_id) != 16:
            row_id = _raw(row_id)
        cipher = ciphers.get(subject)
        if cipher is None:
            out.append(_open_slowly(keyring, row, key_class, slots, row_id, subject))
            continue
        header, decrypt, tail = cipher.header, cipher.decrypt, row_id + subject
        plan = plans.get(header)
        if plan is None:
            plan = plans[header] = [(slot.position, cipher.aad + FIELD_BYTES[slot.number]) for slot in slots]
        opened: list[str | None] = []
        try:
            for position, aad in plan:
                blob = row[position]
                if blob is None:
                    opened.append(None)
                elif blob[:3] == header:  # literals, as in the envelope's picture: this is the hot loop
                    opened.append(decrypt(blob[3:15], blob[15:], aad + tail).decode())
                else:
                    raise InvalidTag
        except (InvalidTag, TypeError, ValueError):  # another generation, a pending value, or bytes that do not open
            out.append(_open_slowly(keyring, row, key_class, slots, row_id, subject))
        else:
            out.append(tuple(opened))
    return out


def _open_slowly(
    keyring: Keyring, row: Any, key_class: KeyClass, slots: Sequence[_Slot], row_id: bytes, subject: bytes
) -> Opened:
    return tuple(_open_one(keyring, row[slot.position], key_class, slot.number, row_id, subject) for slot in slots)


def _open_one(
    keyring: Keyring, blob: Any, key_class: KeyClass, number: int, row_id: bytes, subject: bytes
) -> str | None:
    if blob is None:
        return None
    if isinstance(blob, Pending):
        return blob.text
    if not looks_sealed(blob):
        raise refusal(number, row_id)
    cipher = _cipher(keyring, UUID(bytes=subject), key_class, read_gen(blob))
    if cipher is None:
        raise refusal(number, row_id)
    return open_sealed(cipher, number, row_id, subject, blob).decode()


def _cipher(keyring: Keyring, subject: UUID, key_class: KeyClass, gen: int) -> FieldCipher | None:
    newest = keyring.field_cipher(subject, key_class)
    found = newest.generation(gen)
    if found is not None:
        return found
    try:
        return keyring.field_cipher(subject, key_class, gen)  # made by another process since we read the key
    except NotFound:
        return None


def _raw(value: Any) -> bytes:
    raw = value.bytes if isinstance(value, UUID) else value
    if type(raw) is not bytes or len(raw) != 16:
        raise BadInput("row id and subject are UUIDs, or 16 bytes by raw_ref")
    return raw
