"""The names under which another system knows its rows: looked up and written for a whole batch at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from consentcore.bulk import insert_rows
from consentcore.crypto.blindindex import digest
from consentcore.crypto.fields import seal_rows
from consentcore.crypto.keyring import Keyring
from consentcore.identifiers import row_id
from consentcore.importing.entity import Written
from consentcore.importing.mapping import Mapping
from consentcore.subjects.tables import EXTERNAL_ID_FIELD, ExternalId

_EXTERNALS = cast(Table, ExternalId.__table__)
_CHUNK = 500
_BETWEEN = "\x1f"


def known_rows(
    session: Session, keyring: Keyring, system: str, entity: str, external_ids: Sequence[str]
) -> dict[str, Written]:
    """Return what is here under each external id of a system and entity, by id; unknown ones are absent.

    Units: ids in NFC, exact otherwise. One query per generation of the index key and 500 ids.
    """
    found: dict[str, Written] = {}
    for generation in keyring.index_generations():
        named = {
            external_digest(keyring, system, entity, external_id, generation)[1]: external_id
            for external_id in external_ids
        }
        values = list(named)
        for start in range(0, len(values), _CHUNK):
            query = select(_EXTERNALS.c.bidx, _EXTERNALS.c.row_id, _EXTERNALS.c.subject_ref).where(
                _EXTERNALS.c.system == system,
                _EXTERNALS.c.entity == entity,
                _EXTERNALS.c.generation == generation,
                _EXTERNALS.c.bidx.in_(values[start : start + _CHUNK]),
            )
            for bidx, its_row, subject_ref in session.connection().execute(query):
                found.setdefault(named[bidx], Written(its_row, subject_ref))
    return found


def name_rows(session: Session, keyring: Keyring, mapping: Mapping, named: Iterable[tuple[str, Written]]) -> None:
    """Write the external ids of new rows. Raises: IntegrityError when another unit wrote one of them first."""
    rows = []
    for external_id, written in named:
        generation, bidx = external_digest(keyring, mapping.system, mapping.entity, external_id, None)
        rows.append(
            {
                "id": row_id(),
                "subject_ref": written.subject_ref,
                "system": mapping.system,
                "entity": mapping.entity,
                "generation": generation,
                "bidx": bidx,
                "value": external_id,
                "row_id": written.row_id,
            }
        )
    # one order for all, so that two imports that overlap wait for each other instead of deadlocking
    rows.sort(key=lambda row: cast(bytes, row["bidx"]))
    insert_rows(session.connection(), _EXTERNALS, seal_rows(keyring, ExternalId, rows))


def external_digest(
    keyring: Keyring, system: str, entity: str, external_id: str, generation: int | None
) -> tuple[int, bytes]:
    """Return generation and index value of an external id, under the generation in use unless one is named."""
    text = _BETWEEN.join((system, entity, external_id))
    return digest(keyring, EXTERNAL_ID_FIELD, text, generation)
