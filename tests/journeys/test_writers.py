"""Eight writing processes, savepoints, rollbacks and kill -9: no gap, no fork, no record without its leaf."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from tests.builders.databases import Database
from tests.builders.people import open_people
from tests.builders.writers import check_everything, crew, crew_job, newest_note, told

WRITERS = 8
KILLS = 10
SECONDS = 3.0
LEAST_KILLS, LEAST_RECORDS = 5, 50
PATIENCE_S = 90.0
"""How long a busy machine is given for the least that makes the test worth anything; else `SECONDS` are enough."""


def test_no_gap_no_fork_no_record_without_its_leaf(
    database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, tmp_path: Path
) -> None:
    people = open_people(bound, keyring, now, *(f"personne{number}@courriel.example" for number in range(12)))
    folder = tmp_path / "writers"
    notes: list[str] = []
    with crew(crew_job(database, keyring, people, folder), WRITERS, seed=1) as writers:
        writers.let_write(0.5)
        began = time.monotonic()
        while time.monotonic() < began + SECONDS and writers.kills < KILLS:
            writers.kill_one()
            notes += newest_note(bound)
            writers.let_write(writers.pause())
        while time.monotonic() < began + PATIENCE_S and (writers.kills < LEAST_KILLS or not enough(folder)):
            if writers.kills < LEAST_KILLS:
                writers.kill_one()
            writers.let_write(0.5)
        writers.finish()
        kills = writers.kills
    stored = check_everything(bound, keyring, folder, notes[:: max(1, len(notes) // 3)])
    assert kills >= LEAST_KILLS and stored >= LEAST_RECORDS


def enough(folder: Path) -> bool:
    """Tell whether records were both kept and undone in sufficient number."""
    kept, undone = told(folder)
    return len(kept) >= LEAST_RECORDS and bool(undone)
