"""Receipts carry the cosignatures of their checkpoint, and the stand-alone verifier counts them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from consentcore.crypto.keyclasses import KeyClass
from consentcore.errors import LedgerTampered
from consentcore.ledger import verify_receipt
from consentcore.ledger.certificates import issue
from consentcore.ledger.checkpoint import Checkpoint
from consentcore.ledger.cosigning import Cosigner, verify_cosignatures
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.receipt import compose
from consentcore.ledger.verify_receipt import Refused, verify
from consentcore.ledger.witnessed import add_cosignature

from .conftest import Ledger

ONE = Cosigner("witness.example/one", bytes(range(32)))
TWO = Cosigner("witness.example/two", bytes(range(1, 33)))
THREE = Cosigner("witness.example/three", bytes(range(2, 34)))


def cosign(ledger: Ledger, *witnesses: Cosigner) -> int:
    with ledger.factory.begin() as session:
        newest = latest_checkpoint(session)
        assert newest is not None
        body = Checkpoint(ledger.keyring.log_signer().name, newest.size, newest.root).body()
        for one in witnesses:
            add_cosignature(session, newest.size, newest.root, one.cosign(body, ledger.now))
    return newest.size


def receipt_of(ledger: Ledger, event_id: UUID) -> dict[str, Any]:
    with ledger.factory() as session:
        return compose(session, ledger.keyring, event_id, {})


def test_a_quorum_is_counted(ledger: Ledger) -> None:
    (event_id,) = ledger.append(1)
    bare = receipt_of(ledger, event_id)
    assert verify(bare, ledger.vkey) == "proved"
    with pytest.raises(Refused, match="0 of the witnesses"):
        verify(bare, ledger.vkey, [ONE.vkey])
    cosign(ledger, ONE, TWO)
    receipt = receipt_of(ledger, event_id)
    assert verify(receipt, ledger.vkey) == "proved"
    assert verify(receipt, ledger.vkey, [ONE.vkey, THREE.vkey]) == "proved"
    assert verify(receipt, ledger.vkey, [ONE.vkey, TWO.vkey, THREE.vkey], 2) == "proved"
    for keys, quorum in (([THREE.vkey], 1), ([ONE.vkey, THREE.vkey], 2), ([ONE.vkey, ONE.vkey], 2)):
        with pytest.raises(Refused, match="are wanted"):
            verify(receipt, ledger.vkey, keys, quorum)


def test_the_newest_cosigned_checkpoint_that_covers_the_event_is_taken(ledger: Ledger) -> None:
    first, second = ledger.append(1, 1)
    cosign(ledger, ONE)
    (third,) = ledger.append(1)
    sizes = [receipt_of(ledger, one)["proof"]["tree_size"] for one in (first, second, third)]
    assert sizes == [2, 2, 3]
    assert verify(receipt_of(ledger, first), ledger.vkey, [ONE.vkey]) == "proved"
    cosign(ledger, TWO)
    assert [receipt_of(ledger, one)["proof"]["tree_size"] for one in (first, third)] == [3, 3]


def test_an_erasures_certificate_lies_under_the_same_checkpoint(ledger: Ledger) -> None:
    (event_id,) = ledger.append(1)
    cosign(ledger, ONE)
    subject = ledger.subjects[0]
    with ledger.factory.begin() as session:
        made = issue(session, "key_destruction", {"subject": "x"}, ledger.now, erases=subject)
    ledger.keyring.destroy_key(subject, KeyClass.EVIDENCE, ledger.now)
    assert receipt_of(ledger, event_id)["proof"]["tree_size"] == 2
    cosign(ledger, TWO)
    answer = verify(receipt_of(ledger, event_id), ledger.vkey, [TWO.vkey])
    assert answer == f"proved, content erased under certificate {made.number}"


def test_every_changed_character_of_a_counted_cosignature_is_refused(ledger: Ledger) -> None:
    (event_id,) = ledger.append(1)
    cosign(ledger, ONE)
    receipt = receipt_of(ledger, event_id)
    note = receipt["proof"]["checkpoint"]
    assert len(verify_cosignatures(note, [ONE.key])) == 1
    for at, letter in enumerate(note):
        changed = note[:at] + chr(ord(letter) ^ 1) + note[at + 1 :]
        with pytest.raises(Refused):
            verify(receipt | {"proof": receipt["proof"] | {"checkpoint": changed}}, ledger.vkey, [ONE.vkey])
    line = note.rpartition("\n\n")[2].splitlines()[-1]
    twice = receipt | {"proof": receipt["proof"] | {"checkpoint": f"{note}{line}\n"}}
    with pytest.raises(Refused, match="twice"):
        verify(twice, ledger.vkey, [ONE.vkey])


def test_keys_of_another_kind_are_refused(ledger: Ledger) -> None:
    (event_id,) = ledger.append(1)
    cosign(ledger, ONE)
    receipt = receipt_of(ledger, event_id)
    for key in (ledger.vkey, "", "x", ONE.vkey[:-1]):
        with pytest.raises(Refused):
            verify(receipt, ledger.vkey, [key])
    with pytest.raises(Refused, match="kind"):
        verify(receipt, ONE.vkey)


def test_a_cosignature_of_another_state_than_the_logs_own_is_told(ledger: Ledger) -> None:
    (event_id,) = ledger.append(1)
    with ledger.factory.begin() as session:
        add_cosignature(session, 1, bytes(32), ONE.cosign("x\n", ledger.now))
    with pytest.raises(LedgerTampered, match="not the one that was cosigned"):
        receipt_of(ledger, event_id)


def test_on_the_command_line(ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (event_id,) = ledger.append(1)
    cosign(ledger, ONE)
    (tmp_path / "r.json").write_text(json.dumps(receipt_of(ledger, event_id)))
    (tmp_path / "log.vkey").write_text(ledger.vkey)
    (tmp_path / "witnesses").write_text(f"# ours\n{ONE.vkey}\n{TWO.vkey}\n")
    (tmp_path / "none").write_text("# nobody\n")
    plain = [str(tmp_path / "r.json"), "--vkey", str(tmp_path / "log.vkey")]
    asked = [*plain, "--witness", str(tmp_path / "witnesses")]
    assert verify_receipt.main(asked) == 0
    assert verify_receipt.main([*asked, "--quorum", "1"]) == 0
    capsys.readouterr()
    assert verify_receipt.main([*asked, "--quorum", "2"]) == 3
    assert capsys.readouterr().err == "refused: 1 of the witnesses given cosigned the checkpoint, 2 are wanted\n"
    assert verify_receipt.main([*plain, "--witness", str(tmp_path / "none")]) == 3
    for wrong in ([*plain, "--quorum", "1"], [*asked, "--quorum", "0"], [*plain, "--witness", str(tmp_path / "no")]):
        with pytest.raises(SystemExit) as ended:
            verify_receipt.main(wrong)
        assert ended.value.code == 2
