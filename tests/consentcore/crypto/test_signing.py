from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consentcore.crypto.signing import Signer
from consentcore.errors import BadInput

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def test_the_first_vector_of_rfc_8032() -> None:
    signer = Signer("log", SEED)
    assert signer.public_bytes == PUBLIC
    assert signer.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")


def test_a_signature_verifies_for_its_message_only() -> None:
    signer = Signer("log", SEED)
    key = Ed25519PublicKey.from_public_bytes(signer.public_bytes)
    key.verify(signer.sign(b"message"), b"message")
    with pytest.raises(InvalidSignature):
        key.verify(signer.sign(b"message"), b"other")


def test_names_are_those_of_signed_notes() -> None:
    signer = Signer("log", SEED)
    key_id = hashlib.sha256(b"log\n\x01" + PUBLIC).digest()[:4]
    assert signer.key_id == key_id
    assert signer.vkey == f"log+{key_id.hex()}+{base64.b64encode(bytes([1]) + PUBLIC).decode()}"


@pytest.mark.parametrize(("name", "seed"), [("", SEED), ("a b", SEED), ("a+b", SEED), ("a\n", SEED), ("a", SEED[:31])])
def test_other_names_and_seeds_are_refused(name: str, seed: bytes) -> None:
    with pytest.raises(BadInput):
        Signer(name, seed)


def test_it_shows_no_seed() -> None:
    assert repr(Signer("log", SEED)) == "<Signer log>"
