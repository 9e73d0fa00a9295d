"""The 98 + 98 published cases of inclusion and consistency, and RFC 6962's own tree; also against the verifier file."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from consentcore.errors import LedgerTampered
from consentcore.ledger import merkle, verify_receipt


def cases(data_dir: Path, name: str) -> dict[str, dict[str, Any]]:
    loaded = json.loads((data_dir / "vectors" / "merkle" / name).read_text())
    assert len(loaded) == 98
    return loaded


def raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def proof_of(case: dict[str, Any]) -> list[bytes]:
    return [raw(step) for step in case["proof"] or []]


def test_every_inclusion_case(data_dir: Path) -> None:
    for name, case in cases(data_dir, "inclusion.json").items():
        arguments = raw(case["leafHash"]), case["leafIdx"], case["treeSize"], proof_of(case)
        try:
            merkle.verify_inclusion(*arguments, raw(case["root"]))
            accepted = True
        except LedgerTampered:
            accepted = False
        assert accepted != case["wantErr"], name


def test_every_inclusion_case_with_the_stand_alone_verifier(data_dir: Path) -> None:
    for name, case in cases(data_dir, "inclusion.json").items():
        arguments = raw(case["leafHash"]), case["leafIdx"], case["treeSize"], proof_of(case)
        try:
            accepted = verify_receipt.inclusion_root(*arguments) == raw(case["root"])
        except verify_receipt.Refused:
            accepted = False
        assert accepted != case["wantErr"], name


def test_every_consistency_case(data_dir: Path) -> None:
    for name, case in cases(data_dir, "consistency.json").items():
        try:
            merkle.verify_consistency(
                case["size1"], case["size2"], proof_of(case), raw(case["root1"]), raw(case["root2"])
            )
            accepted = True
        except LedgerTampered:
            accepted = False
        assert accepted != case["wantErr"], name


def test_the_tree_of_rfc_6962(data_dir: Path) -> None:
    constants = json.loads((data_dir / "vectors" / "merkle" / "rfc6962_constants.json").read_text())
    leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in constants["leaf_inputs_hex"]]
    assert [leaf.hex() for leaf in leaves] == constants["node_hashes_by_level"][0]
    assert [merkle.root_of(leaves[:size]).hex() for size in range(9)] == constants["root_hash_by_size_0_to_8"]


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_leaf_hash_of_another_length_is_refused(length: int) -> None:
    leaf = bytes(length)
    with pytest.raises(LedgerTampered):
        merkle.verify_inclusion(leaf, 0, 1, [], leaf)
    with pytest.raises(verify_receipt.Refused):
        verify_receipt.inclusion_root(leaf, 0, 1, [])


def test_consistency_from_size_zero_is_refused() -> None:
    with pytest.raises(LedgerTampered):
        merkle.verify_consistency(0, 5, [], merkle.EMPTY_ROOT, bytes(32))
