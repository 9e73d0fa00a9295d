from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, event, func, select, update

from consentcore.crypto.envelope import open_sealed, seal
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KeyDestroyed, Keyring, initialised
from consentcore.crypto.tables import EPOCHS, KEYS, ROOTS, STATE
from consentcore.errors import BadInput, ConfigurationError, Conflict, DecryptionFailed, NotFound
from tests.builders.databases import Database

ROW = os.urandom(16)


def opens(one: Keyring, other: Keyring, subject: UUID, key_class: KeyClass) -> bool:
    """Tell whether what one keyring sealed opens by the other."""
    blob = seal(one.field_cipher(subject, key_class), 1, ROW, subject.bytes, b"text")
    return open_sealed(other.field_cipher(subject, key_class), 1, ROW, subject.bytes, blob) == b"text"


# -- the installation


def test_initialising_again_changes_nothing(keyring: Keyring, second_keyring: Keyring, now: datetime) -> None:
    before = keyring.status()
    keyring.initialise(now)
    second_keyring.initialise(now)
    assert keyring.status() == second_keyring.status() == before
    assert before.epoch == 1
    assert before.epochs == before.held == (1,)
    assert keyring.log_signer().vkey == second_keyring.log_signer().vkey
    assert str(keyring.installation_id) in keyring.log_signer().name


def test_before_initialisation_it_says_what_to_do(database: Database, tmp_path: Path, now: datetime) -> None:
    fresh = Keyring(database.keyring_engine, FileKek.create(tmp_path / "other.json"))
    assert not initialised(database.keyring_engine)
    calls = (
        fresh.check,
        fresh.log_signer,
        lambda: fresh.ensure([uuid4()], now),
        lambda: fresh.warm([uuid4()], KeyClass.PROFILE),
        fresh.status,
    )
    for call in calls:
        with pytest.raises(ConfigurationError, match="consentcore init"):
            call()


def test_many_initialise_at_once(database: Database, tmp_path: Path, now: datetime) -> None:
    FileKek.create(tmp_path / "one.json")

    def run(_: int) -> UUID:
        keyring = Keyring(database.keyring_engine, FileKek(tmp_path / "one.json"))
        keyring.initialise(now)
        return keyring.installation_id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(run, range(4)))) == 1
    assert initialised(database.keyring_engine)


def test_a_wrong_kek_is_told_apart_from_a_tampered_key(
    database: Database, keyring: Keyring, subject: UUID, now: datetime, tmp_path: Path
) -> None:
    wrong = Keyring(database.keyring_engine, FileKek.create(tmp_path / "wrong.json"))
    for call in (wrong.check, lambda: wrong.initialise(now), lambda: wrong.ensure([uuid4()], now)):
        with pytest.raises(ConfigurationError, match="not the one this keyring was made"):
            call()
    with pytest.raises(DecryptionFailed):
        wrong.field_cipher(subject, KeyClass.PROFILE)
    assert keyring.status().subjects == 1
    with database.keyring_engine.begin() as connection:
        connection.execute(update(ROOTS).where(ROOTS.c.name == "index").values(wrapped=bytes(60)))
    with pytest.raises(DecryptionFailed, match="index key"):
        keyring.check()


def test_a_kek_that_lacks_the_epoch_is_told(database: Database, keyring: Keyring, tmp_path: Path) -> None:
    with database.keyring_engine.begin() as connection:
        connection.execute(update(EPOCHS).values(epoch=7))
    with pytest.raises(ConfigurationError, match="epoch 7"):
        keyring.check()


# -- keys of subjects


def test_three_different_keys_that_every_process_opens(
    keyring: Keyring, second_keyring: Keyring, subject: UUID
) -> None:
    for key_class in KeyClass:
        assert opens(keyring, second_keyring, subject, key_class)
    blob = seal(keyring.field_cipher(subject, KeyClass.PROFILE), 1, ROW, subject.bytes, b"text")
    for other in (KeyClass.EVIDENCE, KeyClass.ARCHIVE):
        with pytest.raises(DecryptionFailed):
            open_sealed(keyring.field_cipher(subject, other), 1, ROW, subject.bytes, blob)
    assert keyring.commitment_root(subject) == second_keyring.commitment_root(subject)
    assert len(keyring.commitment_root(subject)) == 32


def test_ensure_keeps_existing_keys(keyring: Keyring, subject: UUID, now: datetime) -> None:
    root = keyring.commitment_root(subject)
    keyring.ensure([subject, subject, uuid4()], now)
    keyring.forget()
    assert keyring.commitment_root(subject) == root
    assert keyring.status().subjects == 2


def test_ensure_completes_a_part(database: Database, keyring: Keyring, subject: UUID, now: datetime) -> None:
    with database.keyring_engine.begin() as connection:
        connection.execute(delete(KEYS).where(KEYS.c.key_class == "archive"))
    keyring.ensure([subject], now)
    assert keyring.field_cipher(subject, KeyClass.ARCHIVE).gen == 1


def test_more_subjects_than_one_list_takes(keyring: Keyring, second_keyring: Keyring, now: datetime) -> None:
    subjects = [uuid4() for _ in range(1_203)]
    keyring.ensure(subjects, now)
    assert not keyring.missing(subjects)
    opened = second_keyring.ciphers([subject.bytes for subject in subjects], KeyClass.EVIDENCE)
    assert len(opened) == len({cipher.commit for cipher in opened.values()}) == len(subjects)


def test_missing_names_those_without_any_trace(keyring: Keyring, subject: UUID, now: datetime) -> None:
    stranger = uuid4()
    for key_class in KeyClass:
        keyring.destroy_key(subject, key_class, now)
    assert keyring.missing([stranger, subject]) == [stranger]


def test_warm_asks_once(keyring: Keyring, now: datetime) -> None:
    subjects = [uuid4() for _ in range(50)]
    keyring.ensure(subjects, now)
    keyring.forget()
    statements: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM cc_keyring" in statement and "FROM cc_keyring_state" not in statement:
            statements.append(statement)

    event.listen(keyring.engine, "before_cursor_execute", count)
    try:
        keyring.warm(subjects, KeyClass.PROFILE)
        assert len(statements) == 1
        keyring.warm(subjects, KeyClass.PROFILE)
        for each in subjects:
            keyring.field_cipher(each, KeyClass.PROFILE)
        assert len(statements) == 1
    finally:
        event.remove(keyring.engine, "before_cursor_execute", count)


def test_an_unknown_subject_is_named(keyring: Keyring) -> None:
    stranger = uuid4()
    with pytest.raises(NotFound, match=str(stranger)) as caught:
        keyring.field_cipher(stranger, KeyClass.PROFILE)
    assert not isinstance(caught.value, KeyDestroyed)


def test_an_unknown_generation_is_refused(keyring: Keyring, subject: UUID) -> None:
    assert keyring.field_cipher(subject, KeyClass.PROFILE, 1).gen == 1
    with pytest.raises(NotFound, match="generation 2"):
        keyring.field_cipher(subject, KeyClass.PROFILE, 2)


def test_every_generation_stays_open_and_the_newest_leads(
    database: Database, keyring: Keyring, subject: UUID, now: datetime
) -> None:
    first = seal(keyring.field_cipher(subject, KeyClass.PROFILE), 1, ROW, subject.bytes, b"first")
    aad = subject.bytes + b"\x01" + b"\x00\x02"
    epoch, blob = keyring.provider.wrap(os.urandom(32), aad)
    with database.keyring_engine.begin() as connection:
        connection.execute(
            KEYS.insert().values(
                subject_ref=subject, key_class="profile", gen=2, kek_epoch=epoch, wrapped=blob, created_at=now
            )
        )
    assert keyring.field_cipher(subject, KeyClass.PROFILE, 2).gen == 2
    assert keyring.field_cipher(subject, KeyClass.PROFILE).gen == 2
    old = keyring.field_cipher(subject, KeyClass.PROFILE, 1)
    assert open_sealed(old, 1, ROW, subject.bytes, first) == b"first"
    stone = keyring.destroy_key(subject, KeyClass.PROFILE, now)
    assert (stone.gen, [each.gen for each in keyring.tombstones(subject)]) == (2, [1, 2])


@pytest.mark.parametrize("part", ["subject_ref", "key_class"])
def test_a_wrapped_key_moved_to_another_place_does_not_open(
    database: Database, keyring: Keyring, subject: UUID, now: datetime, part: str
) -> None:
    victim = uuid4()
    keyring.ensure([victim], now)
    target = {"subject_ref": victim.bytes, "key_class": "profile"}
    source = dict(target, subject_ref=subject.bytes) if part == "subject_ref" else dict(target, key_class="archive")
    with database.keyring_engine.begin() as connection:
        found = connection.execute(select(KEYS.c.wrapped).filter_by(**source)).scalar_one()
        connection.execute(update(KEYS).filter_by(**target).values(wrapped=found))
    with pytest.raises(DecryptionFailed, match=f"profile key of subject {victim}"):
        keyring.field_cipher(victim, KeyClass.PROFILE)


# -- destruction


def test_a_destroyed_key_is_gone_in_every_process(
    keyring: Keyring, second_keyring: Keyring, subject: UUID, now: datetime
) -> None:
    for each in (keyring, second_keyring):
        each.warm([subject], KeyClass.PROFILE)
    stone = keyring.destroy_key(subject, KeyClass.PROFILE, now)
    assert (stone.subject, stone.key_class, stone.destroyed_at) == (subject, KeyClass.PROFILE, now)
    assert len(stone.key_check_value) == 64
    with pytest.raises(KeyDestroyed, match="profile key"):
        keyring.field_cipher(subject, KeyClass.PROFILE)
    second_keyring.warm([], KeyClass.PROFILE)
    with pytest.raises(KeyDestroyed):
        second_keyring.field_cipher(subject, KeyClass.PROFILE)
    assert opens(keyring, second_keyring, subject, KeyClass.EVIDENCE)
    assert opens(keyring, second_keyring, subject, KeyClass.ARCHIVE)


def test_destroying_twice_gives_the_same_tombstone(keyring: Keyring, subject: UUID, now: datetime) -> None:
    first = keyring.destroy_key(subject, KeyClass.EVIDENCE, now)
    assert keyring.destroy_key(subject, KeyClass.EVIDENCE, now.replace(hour=23)) == first
    assert keyring.tombstones(subject) == [first]


def test_destroying_nothing_is_an_error(keyring: Keyring, now: datetime) -> None:
    with pytest.raises(NotFound):
        keyring.destroy_key(uuid4(), KeyClass.PROFILE, now)


def test_keys_never_rise_again(keyring: Keyring, subject: UUID, now: datetime) -> None:
    keyring.destroy_key(subject, KeyClass.PROFILE, now)
    with pytest.raises(Conflict, match=str(subject)):
        keyring.ensure([uuid4(), subject], now)
    assert keyring.status().subjects == 1  # the other one of the batch was not half made


def test_no_byte_of_a_destroyed_key_stays_in_the_rows(
    database: Database, keyring: Keyring, subject: UUID, now: datetime
) -> None:
    keyring.destroy_key(subject, KeyClass.PROFILE, now)
    with database.keyring_engine.connect() as connection:
        query = select(func.count()).select_from(KEYS).where(KEYS.c.key_class == "profile")
        assert connection.execute(query).scalar_one() == 0
        assert connection.execute(select(STATE.c.version)).scalar_one() == 1


# -- keys of the installation


def test_shared_keys_differ_by_table(keyring: Keyring, second_keyring: Keyring) -> None:
    blob = seal(keyring.shared_cipher(1), 1, ROW, bytes(16), b"text")
    assert open_sealed(second_keyring.shared_cipher(1), 1, ROW, bytes(16), blob) == b"text"
    with pytest.raises(DecryptionFailed):
        open_sealed(keyring.shared_cipher(2), 1, ROW, bytes(16), blob)
    with pytest.raises(BadInput):
        keyring.shared_cipher(0)


def test_an_index_key_is_handed_out_fresh_each_time(keyring: Keyring) -> None:
    gen, used = keyring.index_key(1)
    used.update(b"a")
    first = used.finalize()
    _, again = keyring.index_key(1, gen)
    again.update(b"a")
    assert again.finalize() == first
    assert keyring.index_generations() == (gen,) == (1,)
    with pytest.raises(NotFound):
        keyring.index_key(1, 2)


def test_times_need_a_zone(keyring: Keyring, subject: UUID) -> None:
    naive = datetime(2026, 11, 9)  # noqa: DTZ001 - that is the point
    with pytest.raises(BadInput):
        keyring.ensure([uuid4()], naive)
    with pytest.raises(BadInput):
        keyring.destroy_key(subject, KeyClass.PROFILE, naive)
