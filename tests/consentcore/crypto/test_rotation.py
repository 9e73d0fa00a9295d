from __future__ import annotations

import base64
import os
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, update

from consentcore.crypto.env_kek import EnvKek
from consentcore.crypto.envelope import open_sealed, seal
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.rotation import destroy_epoch, rotate_kek
from consentcore.crypto.tables import KEYS
from consentcore.db import KeyringBase, make_engine
from consentcore.errors import ConfigurationError, DecryptionFailed, InvalidTransition, NotFound, NotPermitted
from tests.builders.databases import Database

ROW = os.urandom(16)


class Stopped(Exception):
    pass


def test_everything_opens_under_the_new_epoch_alone(
    keyring: Keyring, second_keyring: Keyring, subject: UUID, now: datetime
) -> None:
    subjects = [subject, *(uuid4() for _ in range(40))]
    keyring.ensure(subjects, now)
    blob = seal(keyring.field_cipher(subject, KeyClass.PROFILE), 1, ROW, subject.bytes, b"text")
    vkey = keyring.log_signer().vkey
    seen: list[tuple[int, int]] = []
    report = rotate_kek(keyring, now, batch=50, progress=lambda done, of: seen.append((done, of)))
    assert (report.epoch, report.rewrapped, report.roots, report.resumed) == (2, 123, 3, False)
    assert seen[-1] == (123, 123)
    assert len(seen) == 3
    assert "epoch 1" in destroy_epoch(keyring, 1, now)
    second_keyring.check()
    cipher = second_keyring.field_cipher(subject, KeyClass.PROFILE)
    assert open_sealed(cipher, 1, ROW, subject.bytes, blob) == b"text"
    assert second_keyring.log_signer().vkey == vkey
    assert second_keyring.status().epochs == second_keyring.status().held == (2,)


def test_a_broken_off_rotation_goes_on(keyring: Keyring, now: datetime) -> None:
    keyring.ensure([uuid4() for _ in range(20)], now)

    def stop(_done: int, _of: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        rotate_kek(keyring, now, batch=25, progress=stop)
    with pytest.raises(InvalidTransition, match="35 keys still hang"):
        destroy_epoch(keyring, 1, now)
    report = rotate_kek(keyring, now)
    assert (report.epoch, report.rewrapped, report.resumed) == (2, 35, True)
    assert rotate_kek(keyring, now).epoch == 3


def test_an_epoch_that_the_provider_opened_before_a_crash_is_used(
    keyring: Keyring, subject: UUID, now: datetime
) -> None:
    keyring.provider.rotate()  # then the process died, before the keyring wrote it down
    keyring.ensure([uuid4()], now)
    keyring.check()
    assert rotate_kek(keyring, now).epoch == 2


def test_a_small_batch_takes_every_key_of_a_subject(keyring: Keyring, now: datetime) -> None:
    keyring.ensure([uuid4() for _ in range(5)], now)
    assert rotate_kek(keyring, now, batch=1).rewrapped == 15


def test_an_epoch_in_use_or_unknown_is_not_destroyed(keyring: Keyring, subject: UUID, now: datetime) -> None:
    with pytest.raises(InvalidTransition, match="in use"):
        destroy_epoch(keyring, 1, now)
    with pytest.raises(NotFound):
        destroy_epoch(keyring, 9, now)
    keyring.check()


def test_destroying_again_returns_the_same_evidence(keyring: Keyring, now: datetime) -> None:
    rotate_kek(keyring, now)
    assert destroy_epoch(keyring, 1, now) == destroy_epoch(keyring, 1, now)


def test_a_tampered_key_stops_the_rotation_by_name(
    database: Database, keyring: Keyring, subject: UUID, now: datetime
) -> None:
    with database.keyring_engine.begin() as connection:
        connection.execute(update(KEYS).where(KEYS.c.key_class == "archive").values(wrapped=bytes(60)))
    with pytest.raises(DecryptionFailed, match=f"archive key of subject {subject}"):
        rotate_kek(keyring, now)


def test_a_destroyed_key_stays_destroyed(keyring: Keyring, subject: UUID, now: datetime) -> None:
    keyring.destroy_key(subject, KeyClass.PROFILE, now)
    assert rotate_kek(keyring, now).rewrapped == 2
    assert len(keyring.tombstones(subject)) == 1


def test_an_environment_rotates_but_never_destroys(database: Database, now: datetime) -> None:
    one, two = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    keyring = Keyring(database.keyring_engine, EnvKek("KEK", f"1:{one}"))
    keyring.initialise(now)
    subject = uuid4()
    keyring.ensure([subject], now)
    with pytest.raises(ConfigurationError, match="add the next one"):
        rotate_kek(keyring, now)
    keyring.check()  # the refused rotation left the old epoch in use
    assert keyring.status().epoch == 1
    both = Keyring(database.keyring_engine, EnvKek("KEK", f"1:{one},2:{two}"))
    assert rotate_kek(both, now).epoch == 2
    with pytest.raises(NotPermitted):
        destroy_epoch(both, 1, now)
    assert both.status().epochs == (1, 2)
    restarted = Keyring(database.keyring_engine, EnvKek("KEK", f"1:{one},2:{two}"))
    restarted.ensure([uuid4()], now)
    assert restarted.commitment_root(subject) == both.commitment_root(subject)
    with pytest.raises(ConfigurationError, match="epoch 2"):
        Keyring(database.keyring_engine, EnvKek("KEK", f"1:{one}")).check()


def test_an_old_copy_of_the_keyring_opens_nothing_after_its_epoch_was_destroyed(
    database: Database, keyring: Keyring, subject: UUID, now: datetime, tmp_path: Path
) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'backup.db'}")
    KeyringBase.metadata.create_all(engine)
    with database.keyring_engine.connect() as source, engine.begin() as backup:
        for table in KeyringBase.metadata.sorted_tables:
            rows = [dict(row) for row in source.execute(select(table)).mappings()]
            if rows:
                backup.execute(insert(table), rows)
    copy = Keyring(engine, FileKek(tmp_path / "kek.json"))
    assert copy.commitment_root(subject) == keyring.commitment_root(subject)
    rotate_kek(keyring, now)
    keyring.destroy_key(subject, KeyClass.PROFILE, now)
    destroy_epoch(keyring, 1, now)
    copy.forget()
    for key_class in KeyClass:
        with pytest.raises(DecryptionFailed, match="epoch 1"):
            copy.field_cipher(subject, key_class)
    reopened = Keyring(engine, FileKek(tmp_path / "kek.json"))
    for call in (reopened.check, reopened.log_signer, lambda: reopened.index_key(1)):
        with pytest.raises(ConfigurationError, match="old copy"):
            call()
    engine.dispose()
    assert keyring.commitment_root(subject)
