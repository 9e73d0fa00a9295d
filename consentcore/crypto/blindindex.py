"""Finding equal values without opening any: keyed hashes beside the sealed columns.

Only for values of high entropy (mail, phone). An index value outlives the key of its subject and still tells the
person, so erasing a person deletes their index rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.crypto.normalisation import NORMALISATION, normalise_email, normalise_phone
from consentcore.crypto.tables import INDEX

__all__ = [
    "NORMALISATION",
    "IndexEntry",
    "IndexHit",
    "digest",
    "find",
    "index_rows",
    "normalise_email",
    "normalise_phone",
    "rows_for",
]
_SIZE = 16


class IndexEntry(NamedTuple):
    """One normalised value of one row, to be indexed."""

    field_number: int
    normalised: str
    row_id: UUID
    subject_ref: UUID


class IndexHit(NamedTuple):
    """A row whose field holds an equal value."""

    row_id: UUID
    subject_ref: UUID


def digest(keyring: Keyring, field_number: int, normalised: str, gen: int | None = None) -> tuple[int, bytes]:
    """Return generation and index value (HMAC-SHA256 cut to 16 bytes) of a normalised value."""
    chosen, keyed = keyring.index_key(field_number, gen)
    keyed.update(normalised.encode())
    return chosen, keyed.finalize()[:_SIZE]


def index_rows(
    keyring: Keyring,
    items: Iterable[IndexEntry | tuple[int, str, UUID, UUID]],
    generations: Sequence[int] | None = None,
) -> list[dict[str, Any]]:
    """Return rows of `cc_blind_index`, for one INSERT, under every generation in use or those given; doubles dropped.

    Several are in use during a rotation, and for as long as an entry of the opposition list stands under an older one:
    so one join finds it, whoever comes with that address.
    """
    rows: dict[tuple[int, int, bytes, UUID], dict[str, Any]] = {}
    chosen = keyring.index_written() if generations is None else generations
    keys: dict[int, list[tuple[int, HMAC]]] = {}
    for field_number, normalised, row_id, subject_ref in items:
        of_field = keys.get(field_number)
        if of_field is None:
            of_field = keys[field_number] = [keyring.index_key(field_number, gen) for gen in chosen]
        for gen, key in of_field:
            keyed = key.copy()
            keyed.update(normalised.encode())
            value = keyed.finalize()[:_SIZE]
            rows[field_number, gen, value, row_id] = {
                "field_number": field_number,
                "gen": gen,
                "bidx": value,
                "row_id": row_id,
                "subject_ref": subject_ref,
            }
    return list(rows.values())


def rows_for(
    keyring: Keyring, row_id: UUID, subject_ref: UUID, values: Iterable[tuple[int, str | None]]
) -> list[dict[str, Any]]:
    """Return the index rows of one row's (field number, normalised value) pairs; None values have none."""
    return index_rows(keyring, [(number, text, row_id, subject_ref) for number, text in values if text is not None])


def find(session: Session, keyring: Keyring, field_number: int, normalised: str) -> list[IndexHit]:
    """Return the rows whose field holds a value that normalises to the same, under any live generation."""
    wanted = [digest(keyring, field_number, normalised, gen) for gen in keyring.index_generations()]
    either = or_(*[and_(INDEX.c.gen == gen, INDEX.c.bidx == value) for gen, value in wanted])
    query = (
        select(INDEX.c.row_id, INDEX.c.subject_ref)
        .where(INDEX.c.field_number == field_number, either)
        .distinct()
        .order_by(INDEX.c.row_id)
    )
    return [IndexHit(row.row_id, row.subject_ref) for row in session.execute(query)]
