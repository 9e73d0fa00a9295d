from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from consentcore.crypto.env_kek import EnvKek
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.providers import provider_from
from consentcore.errors import ConfigurationError, NotPermitted

ONE, TWO = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))


def test_the_lowest_epoch_is_first_and_the_keyring_tells_which_is_in_use() -> None:
    kek = EnvKek("KEK", f"2:{TWO},1:{ONE}")
    assert (kek.epochs(), kek.current()) == ((1, 2), 1)
    kek.adopt(2)
    assert kek.current() == 2
    with pytest.raises(ConfigurationError):
        kek.adopt(3)


def test_rotation_takes_the_next_epoch_of_the_variable() -> None:
    kek = EnvKek("KEK", f"1:{ONE},2:{TWO}")
    epoch, blob = kek.wrap(bytes(32), b"")
    assert kek.rotate() == 2
    assert kek.unwrap(epoch, blob, b"") == bytes(32)
    with pytest.raises(ConfigurationError, match="add the next one"):
        kek.rotate()


def test_it_refuses_to_destroy_and_says_what_to_do() -> None:
    with pytest.raises(NotPermitted, match="remove it from the variable"):
        EnvKek("KEK", f"1:{ONE},2:{TWO}").destroy(1)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        f"0:{ONE}",
        f"01:{ONE}",
        f"-1:{ONE}",
        f"1:{ONE},1:{TWO}",
        f"1:{ONE},2:{ONE}",
        "1:",
        "1:c2VjcmV0",
        f"{ONE}",
        f"1:{ONE},",
        f"4294967296:{ONE}",
        f"²:{ONE}",
        ",".join(f"{n}:{ONE}" for n in range(1, 70)),
    ],
)
def test_a_value_of_another_form_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        EnvKek("KEK", value)
    assert ONE not in str(caught.value)


def test_the_setting_chooses(tmp_path: Path) -> None:
    FileKek.create(tmp_path / "kek.json")
    assert provider_from(f"file:{tmp_path}/kek.json", {}).name == "file:kek.json"
    assert provider_from("env:KEK", {"KEK": f"1:{ONE}"}).name == "env:KEK"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("env:KEK", "not set"),
        ("pkcs11:x", "not in this version"),
        ("vault:x", "not in this version"),
        ("s3:x", "file:"),
        ("file:", "file:PATH"),
        ("", "file:PATH"),
        ("file:/nowhere/kek.json", "consentcore init"),
    ],
)
def test_a_setting_that_cannot_be_used_is_explained(setting: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        provider_from(setting, {})
