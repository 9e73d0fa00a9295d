"""An import from its first batch to its last, each in a unit of the caller's, so that it can be cut off anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.importing import runs
from consentcore.importing.counts import Counts
from consentcore.importing.load import BATCH, ImportedMeanwhile, examine_batch, load_batch
from consentcore.importing.reader import SourceFile
from consentcore.importing.rows import ReadRow, RowReader
from consentcore.importing.runs import Run
from consentcore.importing.seen import SeenInFile

Unit = Callable[[], AbstractContextManager[Session]]
"""Opens a unit of work that commits at its end and rolls back on an error, such as `sessionmaker.begin`."""
_BATCH_CHARACTERS = 4_000_000


def load_file(
    unit: Unit, keyring: Keyring, run: Run, file: SourceFile, clock: Callable[[], datetime], *, size: int = BATCH
) -> Iterator[Counts]:
    """Import a file; yields the counts so far after each committed batch, so that a face can show its progress.

    Cut off between two batches and run again, it finishes without doubling anything. A batch that another import
    was quicker with is tried once more. Effects: see `load_batch`; a row for the run before, its end after.
    Raises: FileFault when the file changes meanwhile; ImportedMeanwhile; MappingRefused for an unfit constant.
    """
    with SeenInFile() as seen:
        reader = RowReader(run.mapping, run.header, run.region, seen)
        with unit() as session:
            runs.begin(session, run, clock())
        total = Counts()
        for rows in batches(reader.read_all(file.read()), size):
            total += _load_twice_at_most(unit, keyring, run, rows, clock)
            yield total
        with unit() as session:
            runs.finish(session, run, clock())


def examine_file(unit: Unit, keyring: Keyring, run: Run, file: SourceFile, *, size: int = BATCH) -> Iterator[Counts]:
    """Do a dry run: the same checks and counts as `load_file`, nothing written anywhere and no key made.

    `matches` may differ where an earlier row of the same file takes an address away from somebody.
    """
    with SeenInFile() as seen, SeenInFile() as points:
        reader = RowReader(run.mapping, run.header, run.region, seen)
        total = Counts()
        for rows in batches(reader.read_all(file.read()), size):
            with unit() as session:
                total += examine_batch(session, keyring, run, rows, points.take)
            yield total


def batches(rows: Iterable[ReadRow], size: int = BATCH) -> Iterator[list[ReadRow]]:
    """Cut rows into batches of `size`, sooner where they are long, so that memory stays flat."""
    held: list[ReadRow] = []
    characters = 0
    for row in rows:
        held.append(row)
        characters += sum(map(len, row.values))
        if len(held) >= size or characters >= _BATCH_CHARACTERS:
            yield held
            held, characters = [], 0
    if held:
        yield held


def _load_twice_at_most(
    unit: Unit, keyring: Keyring, run: Run, rows: list[ReadRow], clock: Callable[[], datetime]
) -> Counts:
    try:
        with unit() as session:
            return load_batch(session, keyring, run, rows, clock())
    except ImportedMeanwhile:
        with unit() as session:
            return load_batch(session, keyring, run, rows, clock())
