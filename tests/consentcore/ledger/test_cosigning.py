"""Cosignatures: the published form, bound to checkpoint, second and key; every change is refused or ignored."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentcore.crypto.signing import Signer
from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from consentcore.ledger.cosigning import (
    Cosignature,
    Cosigner,
    check_cosignature,
    cosigned_message,
    parse_witness_key,
    read_witness_keys,
    verify_cosignatures,
)
from consentcore.ledger.note import ED25519, parse_line, parse_vkey

LOG = Signer("example.org/log", bytes(32))
ONE = Cosigner("witness.example/one", bytes(range(32)))
TWO = Cosigner("witness.example/two", bytes(range(1, 33)))
AT = datetime(2026, 11, 9, 9, 0, 5, 123456, tzinfo=UTC)
CHECKPOINT = Checkpoint(LOG.name, 7, bytes(range(32)))
NOTE = sign_checkpoint(CHECKPOINT, [LOG])
COSIGNED = NOTE + ONE.cosign(CHECKPOINT.body(), AT).line() + TWO.cosign(CHECKPOINT.body(), AT).line()
KEYS = (ONE.key, TWO.key)


def test_the_signed_message_is_the_published_one() -> None:
    body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert cosigned_message(body, 1679315147) == f"cosignature/v1\ntime 1679315147\n{body}".encode()


def test_the_published_line_is_read_as_its_authors_say() -> None:
    """The example of C2SP tlog-cosignature: its key is not published, its time is."""
    line = (
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
        "qhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    name, blob = parse_line(line)
    second = int.from_bytes(blob[4:12], "big")
    assert (name, len(blob), second) == ("witness.example.com/w1", 76, 1679315147)
    made = Cosignature(name, blob[:4], datetime.fromtimestamp(second, UTC), blob[12:])
    assert made.line() == line + "\n"


def test_a_note_with_cosignatures_is_still_the_logs_checkpoint() -> None:
    assert open_checkpoint(COSIGNED, [LOG.vkey]) == CHECKPOINT
    found = verify_cosignatures(COSIGNED, KEYS)
    assert [one.name for one in found] == [ONE.key.name, TWO.key.name]
    assert {one.at for one in found} == {AT.replace(microsecond=0)}
    assert verify_cosignatures(COSIGNED, [TWO.key]) == found[1:]
    assert verify_cosignatures(NOTE, KEYS) == ()


def test_a_stored_cosignature_is_checked_against_its_checkpoint() -> None:
    given_one = ONE.cosign(CHECKPOINT.body(), AT)
    check_cosignature(given_one, ONE.key, CHECKPOINT.body())
    other = Checkpoint(LOG.name, 8, bytes(range(32))).body()
    with pytest.raises(LedgerTampered):
        check_cosignature(given_one, ONE.key, other)
    with pytest.raises(LedgerTampered):
        check_cosignature(given_one, TWO.key, CHECKPOINT.body())
    later = Cosignature(given_one.name, given_one.key_id, AT.replace(minute=1), given_one.signature)
    with pytest.raises(LedgerTampered):
        check_cosignature(later, ONE.key, CHECKPOINT.body())


def test_every_changed_character_is_refused_or_makes_an_unknown_line() -> None:
    note = NOTE + ONE.cosign(CHECKPOINT.body(), AT).line()
    whole = verify_cosignatures(note, [ONE.key])
    assert len(whole) == 1
    start = note.index(ONE.key.name)
    for at, letter in enumerate(note):
        changed = note[:at] + chr(ord(letter) ^ 1) + note[at + 1 :]
        try:
            found = verify_cosignatures(changed, [ONE.key])
        except (BadInput, LedgerTampered):
            continue
        # what is left: the log's own line, which is checked elsewhere, and lines that name another key
        assert found == whole or (found == () and start <= at < start + len(ONE.key.name) + 8)


def test_a_line_that_stands_twice_or_has_another_length_is_refused() -> None:
    line = ONE.cosign(CHECKPOINT.body(), AT).line()
    with pytest.raises(LedgerTampered, match="twice"):
        verify_cosignatures(NOTE + line + line, [ONE.key])
    short = f"— {ONE.key.name} {base64.b64encode(ONE.key.key_id + bytes(8 + 63)).decode()}\n"
    far = f"— {ONE.key.name} {base64.b64encode(ONE.key.key_id + bytes([255]) * 72).decode()}\n"
    for bad in (short, far):
        with pytest.raises(LedgerTampered):
            verify_cosignatures(NOTE + bad, [ONE.key])


def test_kinds_of_keys_do_not_pass_for_each_other() -> None:
    with pytest.raises(BadInput, match="witness"):
        parse_witness_key(LOG.vkey)
    with pytest.raises(BadInput, match="Ed25519"):
        parse_vkey(ONE.vkey, ED25519)
    with pytest.raises(LedgerTampered):
        open_checkpoint(COSIGNED, [Signer(ONE.key.name, bytes(range(32))).vkey])


@pytest.mark.parametrize("text", ["", "# nothing\n", "x", LOG.vkey, f"{ONE.vkey}\n{ONE.vkey}", ONE.vkey[:-1]])
def test_files_of_keys_are_read_strictly(text: str) -> None:
    with pytest.raises(BadInput):
        read_witness_keys(text)


def test_files_of_keys_take_comments() -> None:
    assert read_witness_keys(f"# ours\n\n{ONE.vkey}\n  {TWO.vkey}\r\n") == KEYS


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "x" * 256])
def test_names_that_no_note_can_carry_are_refused(name: str) -> None:
    with pytest.raises(BadInput):
        Cosigner(name, bytes(32))


def test_a_seed_has_32_bytes_and_is_not_shown() -> None:
    with pytest.raises(BadInput):
        Cosigner("a", bytes(31))
    assert "a/b" in repr(Cosigner("a/b", bytes(32))) and len(repr(Cosigner("a/b", bytes(32)))) < 30


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 10**15),
    st.binary(min_size=32, max_size=32),
    st.datetimes(timezones=st.just(UTC)),
)
def test_what_is_cosigned_verifies(size: int, root: bytes, at: datetime) -> None:
    at = max(at, datetime(1970, 1, 1, tzinfo=UTC))
    checkpoint = Checkpoint(LOG.name, size, root)
    made = ONE.cosign(checkpoint.body(), at)
    assert verify_cosignatures(sign_checkpoint(checkpoint, [LOG]) + made.line(), [ONE.key]) == (made,)
