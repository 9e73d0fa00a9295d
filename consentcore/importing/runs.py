"""Runs of imports: begun before the first row, counted batch by batch, finished after the last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Table, insert, update
from sqlalchemy.orm import Session

from consentcore.errors import BadInput
from consentcore.identifiers import random_ref
from consentcore.importing.counts import Counts
from consentcore.importing.header import Header
from consentcore.importing.mapping import Mapping
from consentcore.importing.reader import SourceFile
from consentcore.importing.tables import ImportRun
from consentcore.policyset import PolicySet

RUNS = cast(Table, ImportRun.__table__)
MAX_SOURCE_NAME = 64


@dataclass(frozen=True, slots=True)
class Run:
    """One import under way: what every batch of it needs to know."""

    import_id: UUID
    mapping: Mapping
    header: Header
    file_sha256: str
    source: str
    obtained_on: date
    region: str
    policy: PolicySet | None = None
    """For an import of consents: their purposes and notices."""


def prepare(
    mapping: Mapping,
    file: SourceFile,
    *,
    source: str | None,
    obtained_on: date,
    region: str,
    policy: PolicySet | None = None,
) -> Run:
    """Settle what an import is, without writing anything; `source` None is the mapping's system.

    Raises: BadInput when the source's name is too long.
    """
    name = mapping.system if source is None else source
    if not 0 < len(name) <= MAX_SOURCE_NAME:
        raise BadInput(f"the name of a source has 1 to {MAX_SOURCE_NAME} characters")
    return Run(random_ref(), mapping, file.header, file.sha256, name, obtained_on, region, policy)


def begin(session: Session, run: Run, now: datetime) -> None:
    """Write the row of a run in the caller's unit, before its first batch."""
    session.connection().execute(
        insert(RUNS).values(
            id=run.import_id,
            source=run.source,
            system=run.mapping.system,
            entity=run.mapping.entity,
            mapping_sha256=run.mapping.sha256,
            file_sha256=run.file_sha256,
            obtained_on=run.obtained_on,
            started_at=now,
        )
    )


def count(session: Session, run: Run, counts: Counts) -> None:
    """Add the counts of a batch to the run, in the unit that wrote the batch."""
    added = counts.as_mapping()
    added["row_count"] = added.pop("rows")
    session.connection().execute(
        update(RUNS).where(RUNS.c.id == run.import_id).values({name: RUNS.c[name] + n for name, n in added.items()})
    )


def finish(session: Session, run: Run, now: datetime) -> None:
    """Note that a run came to its end."""
    session.connection().execute(update(RUNS).where(RUNS.c.id == run.import_id).values(finished_at=now))
