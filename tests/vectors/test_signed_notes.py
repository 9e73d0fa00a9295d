"""The published signed notes (C2SP, Go's sumdb), keys that must be refused, and a published checkpoint."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger.checkpoint import parse_body
from consentcore.ledger.note import open_note, parse_vkey, sign_note


@pytest.fixture(scope="module")
def published(data_dir: Path) -> dict[str, Any]:
    return json.loads((data_dir / "vectors" / "merkle" / "signed_note_vectors.json").read_text("utf-8"))


def test_published_notes_open(published: dict[str, Any]) -> None:
    assert len(published["notes"]) == 2
    for case in published["notes"]:
        note = open_note(case["note"], case["vkeys"])
        assert [key.text() for key in note.signed_by] == case["vkeys"], case["name"]
        assert note.unknown == 0
        assert case["note"].startswith(note.body)


def test_each_key_alone_opens_and_ignores_the_other(published: dict[str, Any]) -> None:
    case = published["notes"][1]
    for vkey in case["vkeys"]:
        assert open_note(case["note"], [vkey]).unknown == 1


def test_every_changed_character_is_refused(published: dict[str, Any]) -> None:
    case = published["notes"][0]
    text = case["note"]
    for at, letter in enumerate(text):
        changed = text[:at] + chr(ord(letter) ^ 1) + text[at + 1 :]
        with pytest.raises((BadInput, LedgerTampered)):
            open_note(changed, case["vkeys"])


def test_published_bad_keys_are_refused(published: dict[str, Any]) -> None:
    assert published["bad_vkeys"]
    for vkey in published["bad_vkeys"]:
        with pytest.raises(BadInput):
            parse_vkey(vkey)


def test_the_published_secret_key_signs_the_published_note(published: dict[str, Any]) -> None:
    case = published["notes"][1]
    _, _, name, key_id, encoded = case["skey"].split("+", 4)
    secret = Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded)[1:])

    class Peter:
        def __init__(self) -> None:
            self.name = name
            self.key_id = bytes.fromhex(key_id)

        def sign(self, message: bytes) -> bytes:
            return secret.sign(message)

    material = b"\x01" + secret.public_key().public_bytes_raw()
    assert hashlib.sha256(name.encode() + b"\n" + material).digest()[:4].hex() == key_id
    body = open_note(case["note"], case["vkeys"]).body
    assert case["note"].startswith(sign_note(body, [Peter()]))


def test_the_published_checkpoint_is_read(published: dict[str, Any]) -> None:
    body = published["checkpoints"][0]["text"].rpartition("\n\n")[0] + "\n"
    checkpoint = parse_body(body)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.body() == body
