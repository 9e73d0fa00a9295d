"""Cosignatures (C2SP tlog-cosignature, `cosignature/v1`): a witness's timestamped Ed25519 signature on a checkpoint.

A cosignature says: at that time this was the largest state of the log that the witness had seen, and it continued
every state that the witness saw before. A log that shows two histories cannot get both cosigned by one honest witness.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger.note import COSIGNATURE, VerifierKey, parse_line, parse_vkey, signature_holds, take_apart

_TIMESTAMP_BYTES = 8
_SIGNATURE_BYTES = 64
_LATEST = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
"""Latest second that an instant here can hold; the format itself ends at 2**63 - 1."""


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosignature that was verified, or that its own key just made: whose, of when, and its 64 bytes."""

    name: str
    key_id: bytes
    at: datetime
    signature: bytes

    def line(self) -> str:
        """Write the signature line of a note, with its newline."""
        stamp = int(self.at.timestamp()).to_bytes(_TIMESTAMP_BYTES, "big")
        return f"— {self.name} {base64.b64encode(self.key_id + stamp + self.signature).decode()}\n"


class Cosigner:
    """A witness's key under its name.

    Raises: BadInput for a name that no note can carry, or a seed that is not 32 bytes.
    """

    __slots__ = ("_key", "key")

    def __init__(self, name: str, seed: bytes) -> None:
        if len(seed) != 32:
            raise BadInput("the seed of a witness's key has 32 bytes")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes_raw()
        key_id = sha256(name.encode() + b"\n" + bytes([COSIGNATURE]) + public).digest()[:4]
        self.key = parse_vkey(VerifierKey(name, key_id, public, COSIGNATURE).text(), COSIGNATURE)

    @property
    def vkey(self) -> str:
        """The public key in one line: `name+id+key`, of the kind that cosigns."""
        return self.key.text()

    def cosign(self, body: str, at: datetime) -> Cosignature:
        """Sign a checkpoint's text as the largest that was seen at `at` (kept to the second)."""
        second = int(at.timestamp())
        signature = self._key.sign(cosigned_message(body, second))
        return Cosignature(self.key.name, self.key.key_id, datetime.fromtimestamp(second, UTC), signature)

    def __repr__(self) -> str:
        return f"<Cosigner {self.key.name}>"


def cosigned_message(body: str, second: int) -> bytes:
    """Return the bytes that are signed: two lines of heading, then the checkpoint's text."""
    return f"cosignature/v1\ntime {second}\n{body}".encode()


def parse_witness_key(text: str) -> VerifierKey:
    """Read the public key of a witness (C2SP vkey of kind 0x04).

    Raises: BadInput.
    """
    return parse_vkey(text, COSIGNATURE)


def read_witness_keys(text: str) -> tuple[VerifierKey, ...]:
    """Read public keys of witnesses, one a line; empty lines and lines that begin with # are passed over.

    Raises: BadInput when a line is no such key, a key stands twice, or there is none.
    """
    lines = [line.strip() for line in text.splitlines()]
    keys = tuple(parse_witness_key(line) for line in lines if line and not line.startswith("#"))
    if not keys:
        raise BadInput("no public key of a witness stands there; write one a line, as `witness vkey` prints it")
    if len({key.public for key in keys}) != len(keys):
        raise BadInput("a public key of a witness stands there twice: it would count as two witnesses")
    return keys


def verify_cosignatures(note: str, keys: Sequence[VerifierKey]) -> tuple[Cosignature, ...]:
    """Return the cosignatures on a note by known witnesses; lines by other keys are ignored, as the format says.

    The log's own signature is not looked at: `open_checkpoint` does that.
    Raises: BadInput when it is no note; LedgerTampered when a known witness's line is wrong or stands twice.
    """
    body, lines = take_apart(note)
    found: dict[VerifierKey, Cosignature] = {}
    for line in lines:
        name, blob = parse_line(line)
        key = next((one for one in keys if one.name == name and one.key_id == blob[:4]), None)
        if key is None:
            continue
        if key in found:
            raise LedgerTampered(f"the cosignature of {key.name} stands twice")
        found[key] = _verified(key, blob[4:], body)
    return tuple(found.values())


def check_cosignature(cosignature: Cosignature, key: VerifierKey, body: str) -> None:
    """Check a cosignature that was stored apart from its note.

    Raises: LedgerTampered.
    """
    stamp = int(cosignature.at.timestamp()).to_bytes(_TIMESTAMP_BYTES, "big")
    _verified(key, stamp + cosignature.signature, body)


def _verified(key: VerifierKey, blob: bytes, body: str) -> Cosignature:
    if len(blob) != _TIMESTAMP_BYTES + _SIGNATURE_BYTES:
        raise LedgerTampered(f"the cosignature of {key.name} has a wrong length")
    second, signature = int.from_bytes(blob[:_TIMESTAMP_BYTES], "big"), blob[_TIMESTAMP_BYTES:]
    if second > _LATEST or not signature_holds(key.public, signature, cosigned_message(body, second)):
        raise LedgerTampered(f"the cosignature of {key.name} does not hold")
    return Cosignature(key.name, key.key_id, datetime.fromtimestamp(second, UTC), signature)
