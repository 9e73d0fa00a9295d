"""Signed notes, checkpoints and their kinds, which must not pass for each other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentcore.crypto.signing import Signer
from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger.checkpoint import Checkpoint, open_checkpoint, parse_body, sign_checkpoint
from consentcore.ledger.note import open_note, parse_vkey, sign_note

OLD = Signer("example.org/log", bytes(32))
NEW = Signer("example.org/log", bytes([1] * 32))
ROOT = "A" * 43 + "="
CHECKPOINT = Checkpoint("example.org/log", 5, bytes(range(32)))


def test_signers_and_verifiers_agree_on_the_key() -> None:
    assert parse_vkey(OLD.vkey).text() == OLD.vkey
    assert parse_vkey(OLD.vkey + "\n").public == OLD.public_bytes


def test_a_note_signed_by_old_and_new_key_opens_with_either() -> None:
    note = sign_checkpoint(CHECKPOINT, [OLD, NEW])
    assert open_checkpoint(note, [OLD.vkey]) == open_checkpoint(note, [NEW.vkey]) == CHECKPOINT
    assert open_note(note, [OLD.vkey]).unknown == 1
    assert len(open_note(note, [OLD.vkey, NEW.vkey]).signed_by) == 2


def test_a_known_key_whose_signature_is_wrong_spoils_the_note() -> None:
    good = sign_checkpoint(CHECKPOINT, [OLD, NEW])
    other = sign_note("another text\n", [NEW]).splitlines()[-1]
    lines = good.splitlines()
    forged = "\n".join([*lines[:-1], other]) + "\n"
    assert open_note(forged, [OLD.vkey]).unknown == 1
    with pytest.raises(LedgerTampered):
        open_note(forged, [OLD.vkey, NEW.vkey])


def test_unknown_or_repeated_signatures() -> None:
    note = sign_note("text\n", [OLD])
    with pytest.raises(LedgerTampered):
        open_note(note, [NEW.vkey])
    with pytest.raises(LedgerTampered):
        open_note(note, [])
    with pytest.raises(LedgerTampered):
        open_note(note + note.splitlines()[-1] + "\n", [OLD.vkey])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_refused_with_an_error_of_ours(text: str) -> None:
    for read in (lambda: open_note(text, [OLD.vkey]), lambda: parse_vkey(text), lambda: parse_body(text)):
        with pytest.raises((BadInput, LedgerTampered)):
            read()


def test_notes_are_bounded() -> None:
    with pytest.raises(BadInput):
        open_note("x" * 70_000 + "\n\n— a b\n", [OLD.vkey])
    with pytest.raises(BadInput):
        open_note("text\n\n" + sign_note("text\n", [NEW]).splitlines()[-1].join([""] + ["\n"] * 17), [OLD.vkey])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "a\n",
        "a\n1\n",
        f"a\n01\n{ROOT}\n",
        f"a\n-1\n{ROOT}\n",
        f"a\n1\n{'A' * 42}B=\n",
        f"a\n1\n{ROOT}\nextension\n",
        f"a\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
    ],
)
def test_bodies_that_are_no_checkpoint(body: str) -> None:
    with pytest.raises(BadInput):
        parse_body(body)


def test_a_checkpoint_of_another_origin_is_refused() -> None:
    note = sign_checkpoint(Checkpoint("example.org/other", 5, bytes(32)), [OLD])
    with pytest.raises(LedgerTampered):
        open_checkpoint(note, [OLD.vkey])


@pytest.mark.parametrize("title", ["consentcore certificate v1", "consentcore erased content v1"])
def test_no_signer_can_be_named_like_another_kind_of_note(title: str) -> None:
    with pytest.raises(BadInput):
        Signer(title, bytes(32))
    body = f"{title}\n5\n{'A' * 43}=\n"  # such a body even has the form of a checkpoint; its origin is nobody's name
    with pytest.raises(LedgerTampered):
        open_checkpoint(sign_note(body, [OLD]), [OLD.vkey])
