"""Writing one batch in the caller's unit: its entity's rows, external ids, provenance, quarantine, one leaf."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from consentcore.bulk import insert_rows
from consentcore.crypto.fields import seal_rows
from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.db import is_deadlock
from consentcore.errors import Conflict
from consentcore.identifiers import row_id
from consentcore.importing import quarantine, runs
from consentcore.importing.counts import Counts
from consentcore.importing.entities import ENTITIES
from consentcore.importing.entity import Written
from consentcore.importing.externals import name_rows
from consentcore.importing.plan import BatchPlan, plan_batch
from consentcore.importing.rows import ReadRow
from consentcore.importing.runs import Run
from consentcore.importing.tables import Provenance
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue

BATCH = 500
"""Rows of one unit: enough that the log's fsync costs little, few enough that a lock is never long."""
IMPORT_BATCH = register("import.batch", "a batch of rows was imported (counts only)")
_PROVENANCE = cast(Table, Provenance.__table__)


class ImportedMeanwhile(Conflict):
    """Another unit wrote or erased rows of this batch first: it is undone as a whole, and may be tried again."""

    default_code = "imported_meanwhile"


def load_batch(
    session: Session,
    keyring: Keyring,
    run: Run,
    rows: Sequence[ReadRow],
    now: datetime,
    meet: Callable[[str], bool] | None = None,
) -> Counts:
    """Write one batch in the caller's unit and count what became of its rows. Idempotent by external id.

    Effects: rows opened or replaced, provenance for each of them, faulty rows set aside, those handed
    back resolved, the run's counts, one leaf `import.batch`; keys are born in the keyring's own commit.
    Raises: ImportedMeanwhile (roll back, try once more); DecryptionFailed.
    """
    seen: set[str] = set()
    plan = plan_batch(session, keyring, run, rows, meet or _meet_in(seen))
    try:
        _write(session, keyring, run, plan, now)
    except (DBAPIError, KeyDestroyed) as error:
        if isinstance(error, (IntegrityError, KeyDestroyed)) or is_deadlock(error):
            raise ImportedMeanwhile(
                "somebody wrote or erased some of these rows at the same moment; this batch was undone, import again"
            ) from error
        raise
    counts = plan.counts
    runs.count(session, run, counts)
    queue(session, Event(type=IMPORT_BATCH, at=now, data=_public(run, counts)))
    return counts


def examine_batch(
    session: Session, keyring: Keyring, run: Run, rows: Sequence[ReadRow], meet: Callable[[str], bool]
) -> Counts:
    """Count what `load_batch` would do, writing nothing; `meet` must remember over all batches of the file."""
    return plan_batch(session, keyring, run, rows, meet).counts


def _write(session: Session, keyring: Keyring, run: Run, plan: BatchPlan, now: datetime) -> None:
    entity = ENTITIES[run.mapping.entity]
    touched: list[tuple[ReadRow, Written]] = []
    if plan.new:
        opened = entity.open(session, keyring, [one.draft for one in plan.new], now)
        touched = [(one.row, written) for one, written in zip(plan.new, opened, strict=True)]
        name_rows(session, keyring, run.mapping, [(row.external_id, written) for row, written in touched])
    entity.replace(session, keyring, [(one.written, one.draft) for one in plan.changed], now)
    touched += [(one.row, one.written) for one in plan.changed]
    if touched:
        _note_provenance(session, keyring, run, touched, now)
    if plan.faulty:
        quarantine.set_aside(session, keyring, run, plan.faulty, plan.known_back, now)
    taken = [row for row, _ in touched] + list(plan.unchanged)
    back = [row.quarantine_id for row in taken if row.quarantine_id is not None]
    quarantine.resolve(session, back, now)


def _note_provenance(
    session: Session, keyring: Keyring, run: Run, touched: Sequence[tuple[ReadRow, Written]], now: datetime
) -> None:
    rows = [
        {
            "id": row_id(),
            "subject_ref": written.subject_ref,
            "row_id": written.row_id,
            "import_id": run.import_id,
            "row_number": row.number,
            "source": run.source,
            "source_text": row.source,
            "obtained_on": run.obtained_on,
            "recorded_at": now,
        }
        for row, written in touched
    ]
    insert_rows(session.connection(), _PROVENANCE, seal_rows(keyring, Provenance, rows))


def _public(run: Run, counts: Counts) -> dict[str, str | int]:
    return {"import": str(run.import_id), "entity": run.mapping.entity, **counts.as_mapping()}


def _meet_in(seen: set[str]) -> Callable[[str], bool]:
    def meet(text: str) -> bool:
        known = text in seen
        seen.add(text)
        return not known

    return meet
