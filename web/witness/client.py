"""The log's side of C2SP tlog-witness: asking one witness to cosign a checkpoint."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger.cosigning import Cosignature, verify_cosignatures
from consentcore.ledger.note import VerifierKey
from consentcore.ledger.proofs import SignedCheckpoint
from web.witness.post import NoAnswer, post
from web.witness.protocol import SIZE

MOST_SKEW = timedelta(minutes=10)
_KIND = "text/plain; charset=utf-8"
_MOST_BYTES = 16 * 1024

Proofs = Callable[[int], Sequence[bytes]]
"""Gives the consistency proof from an older size to that of the checkpoint."""


class Refused(NoAnswer):
    """The witness holds a history that this log does not continue: whoever reads this looks into it."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A configured witness: its public key, and the address that `add-checkpoint` stands under."""

    key: VerifierKey
    url: str


def ask(witness: Witness, checkpoint: SignedCheckpoint, known: int, proofs: Proofs, now: datetime) -> Cosignature:
    """Have a witness cosign a checkpoint; `known` is the size it is thought to hold.

    It may hold another one: it says so, and is asked once more from there.
    Raises: NoAnswer; Refused when it holds more than this log has, or another history.
    """
    for _ in range(2):
        if known > checkpoint.size:
            raise Refused(f"holds {known} leaves where this log has {checkpoint.size}: was the log rolled back?")
        answer = post(
            witness.url.rstrip("/") + "/add-checkpoint",
            _request(known, proofs(known) if 0 < known < checkpoint.size else (), checkpoint.note),
            _KIND,
            most=_MOST_BYTES,
        )
        if answer.status == 200:
            return _cosignature(witness, checkpoint, answer.body, now)
        if answer.status == 422:
            raise Refused("holds a history that this log does not continue")
        if answer.status != 409 or answer.kind != SIZE:
            raise NoAnswer(f"answered with status {answer.status}")
        held = _size(answer.body)
        if held == known == checkpoint.size:
            raise Refused(f"holds another history of {held} leaves")
        known = held
    raise NoAnswer("changes its mind about the size it holds")


def _request(old: int, proof: Sequence[bytes], note: str) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(node).decode() for node in proof)]
    return ("\n".join(lines) + "\n\n" + note).encode()


def _cosignature(witness: Witness, checkpoint: SignedCheckpoint, body: bytes, now: datetime) -> Cosignature:
    try:
        given = verify_cosignatures(checkpoint.note + body.decode(), [witness.key])
    except (BadInput, LedgerTampered, UnicodeDecodeError):
        raise NoAnswer("gave a cosignature that does not hold") from None
    if not given:
        raise NoAnswer("gave no cosignature of its key")
    if given[0].at > now + MOST_SKEW:
        raise NoAnswer("its clock is more than ten minutes ahead of ours")
    return given[0]


def _size(body: bytes) -> int:
    if re.fullmatch(rb"(0|[1-9][0-9]{0,15})\n", body) is None:
        raise NoAnswer("does not say which size it holds")
    return int(body)
