from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.local_kek import UnwrapFailed
from consentcore.errors import ConfigurationError, Conflict, DecryptionFailed, InvalidTransition

DEK, AAD = bytes(range(32)), b"subject and class"
ZEROS = "A" * 43 + "="


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "kek.json"


def test_a_missing_file_is_never_made_by_loading(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="consentcore init"):
        FileKek(path)
    assert not path.exists()


def test_creation_leaves_one_private_file(path: Path) -> None:
    kek = FileKek.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["kek.json"]
    assert (kek.epochs(), kek.current()) == ((1,), 1)
    document = json.loads(path.read_text())
    assert (document["format"], document["current"], list(document["epochs"])) == ("consentcore.kek/1", 1, ["1"])


def test_creation_never_replaces_a_file(path: Path) -> None:
    FileKek.create(path)
    before = path.read_bytes()
    with pytest.raises(Conflict):
        FileKek.create(path)
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 1


def test_a_file_that_others_can_read_is_refused(path: Path) -> None:
    FileKek.create(path)
    for mode in (0o640, 0o604, 0o660):
        path.chmod(mode)
        with pytest.raises(ConfigurationError, match="0600"):
            FileKek(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 5_000,
        "[]",
        '{"format":"other","current":1,"epochs":{}}',
        f'{{"format":"consentcore.kek/1","current":2,"epochs":{{"1":"{ZEROS}"}}}}',
        f'{{"format":"consentcore.kek/1","current":true,"epochs":{{"1":"{ZEROS}"}}}}',
        f'{{"format":"consentcore.kek/1","current":1,"epochs":{{"01":"{ZEROS}"}}}}',
        f'{{"format":"consentcore.kek/1","current":1,"epochs":{{"1":"{ZEROS}","1":"{ZEROS}"}}}}',
        f'{{"format":"consentcore.kek/1","current":1,"epochs":{{"1":"{ZEROS}"}},"more":1}}',
        '{"format":"consentcore.kek/1","current":1,"epochs":{"1":"c2hvcnQ="}}',
        '{"format":"consentcore.kek/1","current":1,"epochs":{"1":"secret not base64"}}',
        '{"format":"consentcore.kek/1","current":1,"epochs":{"1":7}}',
        " " * ((1 << 20) + 1),
    ],
)
def test_a_file_that_is_no_key_file_is_refused(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError) as caught:
        FileKek(path)
    assert "secret" not in str(caught.value)


def test_wrapping_binds_key_and_epoch(path: Path) -> None:
    kek = FileKek.create(path)
    epoch, blob = kek.wrap(DEK, AAD)
    assert kek.unwrap(epoch, blob, AAD) == DEK
    second = kek.rotate()
    for bad in ((epoch, blob, b"other"), (second, blob, AAD), (epoch, blob[:-1], AAD), (99, blob, AAD)):
        with pytest.raises(DecryptionFailed):
            kek.unwrap(*bad)


def test_a_batch_tells_which_key_failed(path: Path) -> None:
    kek = FileKek.create(path)
    blobs = kek.wrap_many([(DEK, AAD)] * 3, 1)
    with pytest.raises(UnwrapFailed) as caught:
        kek.unwrap_many([(1, blobs[0], AAD), (1, blobs[1], b"other"), (1, blobs[2], AAD)])
    assert caught.value.position == 1


def test_rotation_keeps_old_epochs_and_other_processes_see_it(path: Path) -> None:
    kek, other = FileKek.create(path), FileKek(path)
    epoch, blob = other.wrap(DEK, AAD)
    assert kek.rotate() == 2
    assert (other.current(), other.epochs()) == (2, (1, 2))
    assert other.unwrap(epoch, blob, AAD) == DEK
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_destroyed_epoch_is_gone_from_file_and_disk(path: Path) -> None:
    kek, other = FileKek.create(path), FileKek(path)
    _, blob = kek.wrap(DEK, AAD)
    kek.rotate()
    former = path.with_name("hard link")
    os.link(path, former)
    assert "epoch 1" in kek.destroy(1)
    assert kek.epochs() == other.epochs() == FileKek(path).epochs() == (2,)
    assert not former.read_bytes().strip(b"\0")
    with pytest.raises(DecryptionFailed):
        other.unwrap(1, blob, AAD)
    assert "no longer" in kek.destroy(1)


def test_the_current_epoch_is_not_destroyed(path: Path) -> None:
    kek = FileKek.create(path)
    with pytest.raises(InvalidTransition):
        kek.destroy(1)
    assert kek.epochs() == (1,)


def test_a_number_is_never_used_twice(path: Path) -> None:
    kek = FileKek.create(path)
    kek.rotate()
    kek.destroy(1)
    assert kek.rotate() == 3


def test_a_file_taken_away_stops_the_process(path: Path) -> None:
    kek = FileKek.create(path)
    path.unlink()
    with pytest.raises(ConfigurationError):
        kek.wrap(DEK, AAD)


def test_nothing_shows_a_key(path: Path) -> None:
    kek = FileKek.create(path)
    key = json.loads(path.read_text())["epochs"]["1"]
    assert key not in repr(kek) + kek.name
