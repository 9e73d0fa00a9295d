"""Eight writing processes, savepoints, rollbacks and kill -9: no gap, no fork, no record without its leaf."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from tests.builders.databases import Database
from tests.builders.people import open_people
from tests.builders.writers import check_everything, crew, crew_job, newest_note

WRITERS = 8
KILLS = 10
SECONDS = 3.0


def test_no_gap_no_fork_no_record_without_its_leaf(
    database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, tmp_path: Path
) -> None:
    people = open_people(bound, keyring, now, *(f"personne{number}@courriel.example" for number in range(12)))
    folder = tmp_path / "writers"
    notes: list[str] = []
    with crew(crew_job(database, keyring, people, folder), WRITERS, seed=1) as writers:
        writers.let_write(0.5)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and writers.kills < KILLS:
            writers.kill_one()
            notes += newest_note(bound)
            writers.let_write(writers.pause())
        writers.finish()
        kills = writers.kills
    stored = check_everything(bound, keyring, folder, notes[:: max(1, len(notes) // 3)])
    assert kills >= 5 and stored >= 50
