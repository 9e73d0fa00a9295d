"""Receipts, their erased form, and the stand-alone verifier against everything that may be forged in them."""

from __future__ import annotations

import base64
import copy
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KeyDestroyed
from consentcore.crypto.signing import Signer
from consentcore.errors import BadInput, Conflict, LedgerTampered, NotFound
from consentcore.ledger import log, merkle, verify_receipt
from consentcore.ledger.certificates import Certificate, issue
from consentcore.ledger.checkpoint import open_checkpoint
from consentcore.ledger.note import sign_note
from consentcore.ledger.receipt import compose, tlog_proof
from consentcore.ledger.tables import LogContent, LogEvent
from consentcore.ledger.verify_receipt import Refused, verify

from .conftest import Ledger

NOTICE = "Vos données\nservent à la lettre d'information."


def receipt_of(ledger: Ledger, event_id: uuid.UUID, **extra: Any) -> dict[str, Any]:
    with ledger.factory() as session:
        return compose(session, ledger.keyring, event_id, extra)


def erase(ledger: Ledger, number: int = 0) -> Certificate:
    subject = ledger.subjects[number]
    with ledger.factory.begin() as session:
        made = issue(session, "key_destruction", {"subject": "x"}, ledger.now, erases=subject)
    ledger.keyring.destroy_key(subject, KeyClass.EVIDENCE, ledger.now)
    return made


def with_notice(ledger: Ledger) -> dict[str, Any]:
    with ledger.factory.begin() as session:
        event_id = log.queue(session, ledger.event(notice_sha256=sha256(NOTICE.encode()).hexdigest()))
    ledger.append(3)
    return receipt_of(ledger, event_id, notice=NOTICE)


def test_a_receipt_is_proved_before_and_after_an_erasure(ledger: Ledger) -> None:
    ids = ledger.append(2, 3)
    old = receipt_of(ledger, ids[0])
    assert old["content"]["payload"] == {"number": 0, "word": "sécret"}
    assert verify(old, ledger.vkey) == "proved"
    made = erase(ledger)
    assert verify(old, ledger.vkey) == "proved"
    later = receipt_of(ledger, ids[0])
    assert "content" not in later
    assert verify(later, ledger.vkey) == f"proved, content erased under certificate {made.number}"
    assert verify(receipt_of(ledger, ids[1]), ledger.vkey) == "proved"


def test_an_event_without_payload_is_proved(ledger: Ledger) -> None:
    with ledger.factory.begin() as session:
        bare = log.queue(session, ledger.event(payload=None))
        public = log.queue(session, ledger.event(payload=None, subject_ref=None))
    for event_id in (bare, public):
        receipt = receipt_of(ledger, event_id)
        assert set(receipt) == {"format", "event", "proof"}
        assert verify(receipt, ledger.vkey) == "proved"


def test_what_cannot_be_composed_says_why(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="empty"):
        receipt_of(ledger, uuid.uuid4())
    (event_id,) = ledger.append(1)
    with pytest.raises(NotFound):
        receipt_of(ledger, uuid.uuid4())
    with ledger.factory() as session:
        waiting = log.queue(session, ledger.event())
        with pytest.raises(NotFound, match="committed"):
            compose(session, ledger.keyring, waiting, {})
    ledger.keyring.destroy_key(ledger.subjects[0], KeyClass.EVIDENCE, ledger.now)
    with pytest.raises(KeyDestroyed):
        receipt_of(ledger, event_id)
    with ledger.factory.begin() as session:
        session.execute(update(LogContent).values(payload=None))
    with pytest.raises(Conflict, match="no certificate"):
        receipt_of(ledger, event_id)


def test_a_tampered_entry_is_not_handed_out(ledger: Ledger) -> None:
    ids = ledger.append(2)
    with ledger.factory.begin() as session:
        session.execute(
            update(LogEvent).where(LogEvent.id == ids[0]).values(header=session.get_one(LogEvent, ids[1]).header)
        )
    with pytest.raises(LedgerTampered):
        receipt_of(ledger, ids[0])


def test_only_the_notice_whose_hash_was_logged_may_stand_beside(ledger: Ledger) -> None:
    receipt = with_notice(ledger)
    assert receipt["about"] == {"notice": NOTICE}
    event_id = uuid.UUID(receipt["event"]["id"])
    for extra in ({"notice": NOTICE + " "}, {"notice": 5}, {"words": "x"}, {"notice": NOTICE, "words": "x"}):
        with pytest.raises(BadInput):
            receipt_of(ledger, event_id, **extra)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from places(item, (*path, at))


def changed(receipt: dict[str, Any], path: tuple[Any, ...], change: Any) -> dict[str, Any]:
    made = copy.deepcopy(receipt)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return made


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def every_forgery(receipt: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every value replaced, removed, every key added, every letter of every text changed."""
    for path in places(receipt):
        value = at(receipt, path)
        if isinstance(value, dict):
            yield f"{path} +", changed({"_": receipt}, ("_", *path, "extra"), lambda h, k: h.update({k: "x"}))["_"]
        if not path:
            continue
        others: list[Any] = [None, True, 1.5, "", "x", [], {}, -1, 2**60, 7]
        for other in others:
            if type(other) is not type(value) or other != value:
                yield f"{path} = {other}", changed(receipt, path, lambda h, k, v=other: h.__setitem__(k, v))
        yield f"{path} -", changed(receipt, path, lambda h, k: h.pop(k))
        if isinstance(value, str):
            for position in range(len(value)):
                letter = chr(ord(value[position]) ^ 1)
                text = value[:position] + letter + value[position + 1 :]
                yield f"{path}[{position}]", changed(receipt, path, lambda h, k, v=text: h.__setitem__(k, v))


@pytest.mark.parametrize("form", ["content", "erased"])
def test_every_change_is_refused(ledger: Ledger, form: str) -> None:
    receipt = with_notice(ledger)
    if form == "erased":
        erase(ledger)
        receipt = receipt_of(ledger, uuid.UUID(receipt["event"]["id"]), notice=NOTICE)
    vkey = ledger.vkey
    verify(receipt, vkey)
    count = 0
    for what, forged in every_forgery(receipt):
        if what == "('about',) -":  # nothing is left out that was signed: the notice is only shown beside
            assert verify(forged, vkey)
            continue
        with pytest.raises(Refused):
            print(what, verify(forged, vkey))
        count += 1
    assert count > 1_000


def test_parts_of_two_receipts_do_not_mix(ledger: Ledger) -> None:
    ids = ledger.append(4)
    first, second = receipt_of(ledger, ids[0]), receipt_of(ledger, ids[1])
    for key in ("event", "proof", "content"):
        with pytest.raises(Refused):
            verify(first | {key: second[key]}, ledger.vkey)
    erase(ledger, 0)
    erase(ledger, 1)
    gone, other = receipt_of(ledger, ids[0]), receipt_of(ledger, ids[1])
    for mixed in (
        gone | {"erased": other["erased"]},
        gone | {"content": first["content"]},
        gone | {"erased": gone["erased"] | {"statement": other["erased"]["statement"]}},
        gone | {"erased": gone["erased"] | {"certificate": other["erased"]["certificate"]}},
    ):
        with pytest.raises(Refused):
            verify(mixed, ledger.vkey)


def test_kinds_of_notes_do_not_pass_for_each_other(ledger: Ledger) -> None:
    (event_id,) = ledger.append(1)
    erase(ledger)
    receipt = receipt_of(ledger, event_id)
    erased, checkpoint = receipt["erased"], receipt["proof"]["checkpoint"]
    notes = {"certificate": erased["certificate"], "statement": erased["statement"], "checkpoint": checkpoint}
    for place, _ in notes.items():
        for kind, note in notes.items():
            if kind == place:
                continue
            if place == "checkpoint":
                forged = receipt | {"proof": receipt["proof"] | {"checkpoint": note}}
                with pytest.raises((BadInput, LedgerTampered)):
                    open_checkpoint(note, [ledger.vkey])
            else:
                forged = receipt | {"erased": erased | {place: note}}
            with pytest.raises(Refused):
                verify(forged, ledger.vkey)


def test_a_certificate_that_is_signed_but_not_in_the_log_is_refused(ledger: Ledger) -> None:
    (event_id,) = ledger.append(1)
    erase(ledger)
    receipt = receipt_of(ledger, event_id)
    signer = ledger.keyring.log_signer()
    note = sign_note('consentcore certificate v1\n{"number":"AAAA-AAAA"}\n', [signer])
    with pytest.raises(Refused, match="in the log"):
        verify(receipt | {"erased": receipt["erased"] | {"certificate": note}}, ledger.vkey)


def test_another_key_is_refused(ledger: Ledger) -> None:
    (event_id,) = ledger.append(1)
    receipt = receipt_of(ledger, event_id)
    same_name = Signer(ledger.keyring.log_signer().name, bytes(32))
    for vkey in (same_name.vkey, Signer("else/where", bytes(32)).vkey, "", "a+b+c", ledger.vkey[:-2], "\ud800+" * 3):
        with pytest.raises(Refused):
            verify(receipt, vkey)


def test_the_tlog_proof_text_carries_the_same_proof(ledger: Ledger) -> None:
    ids = ledger.append(5)
    with ledger.factory() as session:
        text = tlog_proof(session, ledger.keyring, ids[3])
        header = session.get_one(LogEvent, ids[3]).header
    head, _, note = text.partition("\n\n")
    first, index, *hashes = head.split("\n")
    assert (first, index) == ("c2sp.org/tlog-proof@v1", "index 3")
    checkpoint = open_checkpoint(note, [ledger.vkey])
    proof = [base64.b64decode(line) for line in hashes]
    merkle.verify_inclusion(merkle.leaf_hash(header), 3, checkpoint.size, proof, checkpoint.root)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_json_is_refused_with_a_reason(value: Any) -> None:
    vkey = Signer("a/log", bytes(32)).vkey
    with pytest.raises(Refused):
        verify(value, vkey)
    with pytest.raises(Refused):
        verify({"format": verify_receipt.FORMAT, "event": value, "proof": value}, vkey)


class Alone:
    """The verifier as one copied file, run by an isolated interpreter."""

    def __init__(self, folder: Path, vkey: str) -> None:
        self.folder = folder
        self.script = folder / "verify_receipt.py"
        shutil.copyfile(verify_receipt.__file__, self.script)
        (folder / "log.vkey").write_text(vkey + "\n")

    def run(self, data: bytes, *more: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "receipt.json").write_bytes(data)
        arguments = more or ("receipt.json", "--vkey", "log.vkey")
        command = [sys.executable, "-I", str(self.script), *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)


def test_the_file_runs_alone(ledger: Ledger, tmp_path: Path) -> None:
    ids = ledger.append(3)
    receipt = receipt_of(ledger, ids[0])
    alone = Alone(tmp_path, ledger.vkey)
    pretty = json.dumps(receipt, indent=2, ensure_ascii=False).encode()
    done = alone.run(pretty)
    assert (done.returncode, done.stdout, done.stderr) == (0, "proved\n", "")
    made = erase(ledger)
    done = alone.run(json.dumps(receipt_of(ledger, ids[0])).encode())
    assert (done.returncode, done.stdout) == (0, f"proved, content erased under certificate {made.number}\n")
    for data in (pretty.replace(b"newsletter", b"newsletters"), b"", b'{"a":1,"a":1}'):
        done = alone.run(data)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith("refused: ")
        assert "Traceback" not in done.stderr
    assert alone.run(pretty, "receipt.json").returncode == 2
    assert alone.run(pretty, "nothing.json", "--vkey", "log.vkey").returncode == 2


def hostile(pretty: bytes) -> list[bytes]:
    return [
        b"[]",
        b"null",
        b"\xff\xfe",
        b"\xef\xbb\xbf" + pretty,
        pretty + b"x",
        pretty[:-5],
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b"[NaN]",
        b'{"format": "\\ud800"}',
        pretty + b" " * (1 << 20),
        pretty.replace(b'"tenant": 0', b'"tenant": -0'),
        pretty.replace(b'"tenant": 0', b'"tenant": 0.0'),
        pretty.replace(b'"tenant": 0', b'"tenant": 0, "tenant": 0'),
        pretty.replace(b'"tenant": 0', b'"tenant": false'),
        pretty.replace(b'"tree_size": 3', b'"tree_size": 3e0'),
        pretty.replace(b'"payload": {', b'"payload": {"\\ud800": 1,'),
        pretty.replace(b'"payload": {', b'"payload": {"x": "\\udfff",'),
        pretty.replace(b"\\n\\n\xe2\x80\x94", b"\\n\\n\\ud800"),
    ]


def test_hostile_files_end_with_3_and_a_reason(
    ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt = receipt_of(ledger, ledger.append(3)[1])
    pretty = json.dumps(receipt, indent=2, ensure_ascii=False).encode()
    arguments = [str(tmp_path / "r.json"), "--vkey", str(tmp_path / "v")]
    (tmp_path / "v").write_text(ledger.vkey)
    (tmp_path / "r.json").write_bytes(pretty)
    assert verify_receipt.main(arguments) == 0
    for data in hostile(pretty):
        assert data != pretty
        (tmp_path / "r.json").write_bytes(data)
        capsys.readouterr()
        assert verify_receipt.main(arguments) == 3, data[:60]
        shown = capsys.readouterr()
        assert (shown.out, shown.err[:9]) == ("", "refused: ")
    (tmp_path / "r.json").write_bytes(pretty)
    for key in (b"", b"\xff", b"x" * 10_000, ledger.vkey.encode() + b"\nsecond line"):
        (tmp_path / "v").write_bytes(key)
        assert verify_receipt.main(arguments) == 3
