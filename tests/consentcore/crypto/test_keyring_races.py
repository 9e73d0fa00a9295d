from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.rotation import destroy_epoch, rotate_kek
from consentcore.db import make_engine
from tests.builders.databases import Database

NOW = datetime(2026, 11, 9, 9, tzinfo=UTC)


def _born(url: str, kek: Path, names: list[str]) -> list[bytes]:
    """In a process of its own: make keys of the same subjects as all others, and return what they are."""
    engine = make_engine(url)
    keyring = Keyring(engine, FileKek(kek))
    subjects = [UUID(name) for name in names]
    for start in range(0, len(subjects), 10):
        keyring.ensure(reversed(subjects[start : start + 10]), NOW)
    roots = [keyring.commitment_root(subject) for subject in subjects]
    engine.dispose()
    return roots


def test_processes_that_make_the_same_keys_end_with_one(database: Database, keyring: Keyring, tmp_path: Path) -> None:
    names = [str(uuid4()) for _ in range(40)]
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(_born, database.keyring_url, tmp_path / "kek.json", names) for _ in range(3)]
        results = [job.result() for job in jobs]
    assert all(result == results[0] for result in results)
    assert len(set(results[0])) == 40
    status = keyring.status()
    assert (status.subjects, status.tombstones) == (40, 0)


def test_keys_are_made_read_and_destroyed_while_the_kek_rotates(
    keyring: Keyring, second_keyring: Keyring, subject: UUID
) -> None:
    root = keyring.commitment_root(subject)
    victims = [uuid4() for _ in range(10)]
    keyring.ensure(victims, NOW)

    def make(_: int) -> list[UUID]:
        made = [uuid4() for _ in range(5)]
        second_keyring.ensure(made, NOW)
        second_keyring.forget()
        assert second_keyring.commitment_root(subject) == root
        return made

    def destroy(victim: UUID) -> None:
        second_keyring.destroy_key(victim, KeyClass.PROFILE, NOW)

    with ThreadPoolExecutor(3) as pool:
        made = [pool.submit(make, number) for number in range(15)]
        gone = [pool.submit(destroy, victim) for victim in victims]
        reports = [rotate_kek(keyring, NOW, batch=20) for _ in range(3)]
        born = [each for job in made for each in job.result()]
        assert all(job.result() is None for job in gone)
    final = rotate_kek(keyring, NOW)
    assert final.epoch >= reports[-1].epoch == 4
    for epoch in range(1, final.epoch):
        destroy_epoch(keyring, epoch, NOW)
    for each in (keyring, second_keyring):
        each.forget()
        each.check()
        assert len(each.ciphers([one.bytes for one in born], KeyClass.PROFILE)) == 75
        assert not each.ciphers([one.bytes for one in victims], KeyClass.PROFILE)
        assert each.commitment_root(subject) == root
