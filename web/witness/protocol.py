"""The witness's side of C2SP tlog-witness: `add-checkpoint`, from the bytes of a request to the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger import merkle
from consentcore.ledger.cosigning import Cosigner
from consentcore.ledger.note import decode_base64, open_note, parse_line, parse_vkey, take_apart

MOST_BYTES = 96 * 1024
MOST_PROOF = 63
MOST_SIZE = 10**16 - 1
PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
_NUMBER = r"(0|[1-9][0-9]{0,18})"
_OLD = re.compile(rf"old {_NUMBER}")
_BODY = re.compile(rf"([^\n]+)\n{_NUMBER}\n([A-Za-z0-9+/]{{43}}=)\n(?:[^\n]+\n)*")


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, content type and text of an answer."""

    status: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The latest state of a log that this witness cosigned."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """A request taken apart: the size that the sender builds on, the proof, the checkpoint and what it says."""

    old: int
    proof: tuple[bytes, ...]
    note: str
    body: str
    origin: str
    size: int
    root: bytes


class Memory(Protocol):
    """What a witness remembers, used by one request at a time."""

    def latest(self, origin: str) -> Seen | None:
        """Return the latest state cosigned, None if there was none."""

    def keep(self, origin: str, note: str) -> None:
        """Keep a cosigned checkpoint as the latest; it is on disk when this returns."""

    def note_contradiction(self, note: str) -> None:
        """Keep a signed checkpoint that contradicts the latest: it proves that a log shows two histories."""


def trusted_logs(vkeys: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Sort the public keys of logs by their names: a log's origin is the name of its keys.

    Raises: BadInput for a line that is no public key, or when there is none.
    """
    logs: dict[str, tuple[str, ...]] = {}
    for line in vkeys:
        text = line.strip()
        if text and not text.startswith("#"):
            logs[parse_vkey(text).name] = (*logs.get(parse_vkey(text).name, ()), text)
    if not logs:
        raise BadInput("no public key of a log stands there; write one a line, as `ledger vkey` prints it")
    return logs


def parse_submission(data: bytes) -> Submission:
    """Read the body of a request: the old size, the proof, an empty line, the checkpoint.

    Raises: BadInput.
    """
    if len(data) > MOST_BYTES:
        raise BadInput(f"a request may have {MOST_BYTES} bytes")
    try:
        head, gap, note = data.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise BadInput("a request is UTF-8 text") from None
    first, *lines = head.split("\n")
    found = _OLD.fullmatch(first)
    if found is None or not gap or len(lines) > MOST_PROOF:
        raise BadInput("a request is `old SIZE`, at most 63 lines of proof, an empty line and a checkpoint")
    proof = tuple(decode_base64(line) for line in lines)
    if any(len(node) != merkle.HASH_BYTES for node in proof):
        raise BadInput("a line of a proof is a hash of 32 bytes in base64")
    body, _ = take_apart(note)
    said = _BODY.fullmatch(body)
    if said is None or int(said[2]) > MOST_SIZE or int(found[1]) > MOST_SIZE:
        raise BadInput("the note is no checkpoint: it needs an origin, a size and a root, one line each")
    return Submission(int(found[1]), proof, note, body, said[1], int(said[2]), decode_base64(said[3]))


def add_checkpoint(
    data: bytes, logs: Mapping[str, tuple[str, ...]], memory: Memory, cosigner: Cosigner, now: datetime
) -> Reply:
    """Answer one request; the caller lets no other in meanwhile.

    A fork is met with 409 or 422 and never cosigned, a state older than the latest with 409.
    """
    try:
        sent = parse_submission(data)
    except BadInput as refused:
        return _refused(400, str(refused))
    if sent.origin not in logs:
        return _refused(404, "this log is not known here")
    try:
        open_note(sent.note, logs[sent.origin])
    except BadInput as refused:
        return _refused(400, str(refused))
    except LedgerTampered as refused:
        return _refused(403, str(refused))
    if sent.old > sent.size:
        return _refused(400, "the old size is larger than that of the checkpoint")
    return _decide(sent, logs[sent.origin], memory, cosigner, now)


def _decide(sent: Submission, vkeys: Sequence[str], memory: Memory, cosigner: Cosigner, now: datetime) -> Reply:
    latest = memory.latest(sent.origin) or Seen(0, merkle.EMPTY_ROOT)
    if sent.size == latest.size and sent.root != latest.root:
        memory.note_contradiction(sent.note)
    if sent.old != latest.size or (sent.size == latest.size and sent.root != latest.root):
        return Reply(409, SIZE, f"{latest.size}\n")
    try:
        _check_proof(sent, latest)
    except LedgerTampered as refused:
        memory.note_contradiction(sent.note)
        return _refused(422, str(refused))
    line = cosigner.cosign(sent.body, now).line()
    memory.keep(sent.origin, _signed_by(sent.note, vkeys) + line)
    return Reply(200, PLAIN, line)


def _signed_by(note: str, vkeys: Sequence[str]) -> str:
    """Return a note without the lines of unknown keys: whoever passes it on may add any number of them."""
    body, lines = take_apart(note)
    known = {(key.name, key.key_id) for key in map(parse_vkey, vkeys)}
    named = [(line, *parse_line(line)) for line in lines]
    return f"{body}\n" + "".join(f"{line}\n" for line, name, blob in named if (name, blob[:4]) in known)


def _check_proof(sent: Submission, latest: Seen) -> None:
    if latest.size:
        merkle.verify_consistency(latest.size, sent.size, sent.proof, latest.root, sent.root)
    elif sent.proof:
        raise LedgerTampered("a proof from size 0 is empty")


def _refused(status: int, reason: str) -> Reply:
    return Reply(status, PLAIN, reason + "\n")
