"""The writers of the short journey for a minute on each database, with a hundred of them killed."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from tests.builders.databases import Database
from tests.builders.people import open_people
from tests.builders.writers import check_everything, crew, crew_job, newest_note

WRITERS = 8
KILLS = 100
SECONDS = 60.0
CHECKPOINTS = 5


@pytest.mark.faults
def test_a_hundred_kills_lose_nothing(
    database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, tmp_path: Path
) -> None:
    people = open_people(bound, keyring, now, *(f"personne{number}@courriel.example" for number in range(40)))
    folder = tmp_path / "writers"
    notes: list[str] = []
    with crew(crew_job(database, keyring, people, folder), WRITERS, seed=1_000) as writers:
        began = time.monotonic()
        while writers.kills < KILLS:
            writers.let_write(writers.pause())
            writers.kill_one()
            notes += newest_note(bound)
        writers.let_write(max(0.5, SECONDS - (time.monotonic() - began)))
        writers.finish()
    stored = check_everything(bound, keyring, folder, notes[:: max(1, len(notes) // CHECKPOINTS)])
    assert stored > 2_000
