"""Checkpoints (C2SP tlog-checkpoint): what a log commits to, as the three lines of a signed note."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger.note import NoteSigner, decode_base64, open_note, sign_note

_BODY = re.compile(r"([^\n]{1,255})\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The size of the log named `origin` and its root (32 bytes) at that size."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Write the note text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_body(body: str) -> Checkpoint:
    """Read a note text as a checkpoint; extension lines are refused, this log writes none.

    Raises: BadInput.
    """
    found = _BODY.fullmatch(body)
    if found is None:
        raise BadInput("this note is no checkpoint: it needs an origin, a size and a root, one line each")
    return Checkpoint(found[1], int(found[2]), decode_base64(found[3]))


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[NoteSigner]) -> str:
    """Return the signed note of a checkpoint."""
    return sign_note(checkpoint.body(), signers)


def open_checkpoint(text: str, vkeys: Sequence[str]) -> Checkpoint:
    """Check a checkpoint's signatures and return what it says; its origin must be the name of a key that signed.

    Raises: BadInput, LedgerTampered.
    """
    note = open_note(text, vkeys)
    checkpoint = parse_body(note.body)
    if checkpoint.origin not in {key.name for key in note.signed_by}:
        raise LedgerTampered("this checkpoint is signed under another name than its origin")
    return checkpoint
