"""Vectors that nobody here wrote (C2SP Wycheproof), through the very functions that the product uses."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentcore.crypto.derivation import expand
from consentcore.crypto.envelope import FieldCipher
from consentcore.errors import BadInput


def cases(folder: Path, name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    document = json.loads((folder / "vectors" / "wycheproof" / name).read_text("utf-8"))
    found = [(group, case) for group in document["testGroups"] for case in group["tests"]]
    assert len(found) == document["numberOfTests"]
    yield from found


def raw(case: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(case[name]) for name in names]


def test_aes_gcm_with_96_bit_nonces(data_dir: Path) -> None:
    tried = {"valid": 0, "invalid": 0}
    for group, case in cases(data_dir, "aes_gcm_test.json"):
        if group["ivSize"] != 96 or group["tagSize"] != 128:
            continue
        key, iv, aad, message, text, tag = raw(case, "key", "iv", "aad", "msg", "ct", "tag")
        cipher = FieldCipher(1, AESGCM(key))
        if case["result"] == "valid":
            assert cipher.encrypt(iv, message, aad) == text + tag, case["tcId"]
            assert cipher.decrypt(iv, text + tag, aad) == message, case["tcId"]
        else:
            with pytest.raises(InvalidTag):
                cipher.decrypt(iv, text + tag, aad)
        tried[case["result"]] += 1
    assert tried["valid"] > 80
    assert tried["invalid"] > 50


def test_hkdf_sha256(data_dir: Path) -> None:
    tried = {"valid": 0, "invalid": 0}
    for _, case in cases(data_dir, "hkdf_sha256_test.json"):
        ikm, salt, info, okm = raw(case, "ikm", "salt", "info", "okm")
        extracted = hmac.digest(salt, ikm, "sha256")
        if case["result"] == "valid":
            assert expand(extracted, info, case["size"]) == okm, case["tcId"]
        else:
            with pytest.raises(BadInput):
                expand(extracted, info, case["size"])
        tried[case["result"]] += 1
    assert tried["valid"] > 70
    assert tried["invalid"]


def test_ed25519(data_dir: Path) -> None:
    tried = {"valid": 0, "invalid": 0}
    for group, case in cases(data_dir, "ed25519_test.json"):
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(group["publicKey"]["pk"]))
        message, signature = raw(case, "msg", "sig")
        if case["result"] == "valid":
            key.verify(signature, message)
        else:
            with pytest.raises(InvalidSignature):
                key.verify(signature, message)
        tried[case["result"]] += 1
    assert tried["valid"] > 60
    assert tried["invalid"] > 50
