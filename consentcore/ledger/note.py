"""Signed notes (C2SP signed-note): a text with one or more named Ed25519 signatures under it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consentcore.errors import BadInput, LedgerTampered

ED25519 = 0x01
COSIGNATURE = 0x04
"""Kinds of keys: a log's own Ed25519 signature, and a witness's timestamped one (C2SP tlog-cosignature)."""
MAX_NOTE_CHARS = 64 * 1024
MAX_SIGNATURES = 16
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")
_SIGNATURE_LINE = re.compile(r"— ([^\s+\x00-\x1f\x7f]{1,255}) ([A-Za-z0-9+/]+={0,2})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteSigner(Protocol):
    """Whatever signs under a name; `crypto.signing.Signer` is one."""

    @property
    def name(self) -> str:
        """The key's name, for a log its origin."""

    @property
    def key_id(self) -> bytes:
        """Four bytes: SHA-256(name, newline, 0x01, public key)."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under."""

    name: str
    key_id: bytes
    public: bytes
    kind: int = ED25519

    def text(self) -> str:
        """Write the key as `name+id+base64` (C2SP vkey)."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """An opened note: its text and the names whose signatures held; `unknown` counts lines by other keys."""

    body: str
    signed_by: tuple[VerifierKey, ...]
    unknown: int


def decode_base64(text: str) -> bytes:
    """Read standard base64 in its one spelling: padding present, spare bits zero.

    Raises: BadInput.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise BadInput("this is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise BadInput("this base64 is not in its one spelling")
    return data


@lru_cache(maxsize=64)
def parse_vkey(text: str, kind: int = ED25519) -> VerifierKey:
    """Read a public key such as `example.com/log+530d903a+AekyeRrm...` (C2SP vkey, Ed25519 only) of one kind.

    Raises: BadInput when it cannot be read, is of another kind, or its id belongs to another key.
    """
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    if not _NAME.fullmatch(name) or not re.fullmatch(r"[0-9a-f]{8}", key_id) or len(encoded) > 128:
        raise BadInput("a public key of a log is one line: name+id+key, as `ledger vkey` prints it")
    material = decode_base64(encoded)
    if len(material) != 33 or material[0] != kind:
        wanted = "a witness's timestamped Ed25519" if kind == COSIGNATURE else "Ed25519"
        raise BadInput(f"this public key is not of kind {wanted}")
    if sha256(name.encode() + b"\n" + material).digest()[:4] != bytes.fromhex(key_id):
        raise BadInput("the id in this public key belongs to another name or key")
    return VerifierKey(name, bytes.fromhex(key_id), material[1:], kind)


def sign_note(body: str, signers: Sequence[NoteSigner]) -> str:
    """Sign `body` (it ends in a newline) with each signer in turn and return the whole note.

    Several signatures let a log change its key: each client checks the one it knows.
    Raises: BadInput when the body cannot stand in a note.
    """
    if not body.endswith("\n") or _CONTROL.search(body) or not signers:
        raise BadInput("a note needs a signer and a text without control characters that ends in a newline")
    message = body.encode()
    lines = [f"— {s.name} {base64.b64encode(s.key_id + s.sign(message)).decode()}\n" for s in signers]
    return f"{body}\n{''.join(lines)}"


def open_note(text: str, vkeys: Sequence[str]) -> Note:
    """Check a note against known public keys; lines by other keys are ignored, as the specification says.

    Raises: BadInput when it is no note; LedgerTampered when no known key signed it, or a known key's line is wrong.
    """
    body, lines = take_apart(text)
    known = [parse_vkey(vkey) for vkey in vkeys]
    signed_by: list[VerifierKey] = []
    unknown = 0
    for line in lines:
        name, blob = parse_line(line)
        key = next((k for k in known if k.name == name and k.key_id == blob[:4]), None)
        if key is None:
            unknown += 1
        elif key in signed_by or not signature_holds(key.public, blob[4:], body.encode()):
            raise LedgerTampered(f"the signature of {key.name} does not hold")
        else:
            signed_by.append(key)
    if not signed_by:
        raise LedgerTampered("this note is signed by none of the keys given")
    return Note(body, tuple(signed_by), unknown)


def parse_line(line: str) -> tuple[str, bytes]:
    """Read one signature line, without its newline, as the name and what stands behind it: key id, then signature.

    Raises: BadInput.
    """
    found = _SIGNATURE_LINE.fullmatch(line)
    if found is None:
        raise BadInput("a signature line of this note cannot be read")
    return found[1], decode_base64(found[2])


def take_apart(text: str) -> tuple[str, list[str]]:
    """Split a note into the text that is signed and its signature lines; nothing is verified.

    Raises: BadInput.
    """
    if len(text) > MAX_NOTE_CHARS:
        raise BadInput(f"a note may have {MAX_NOTE_CHARS} characters")
    head, gap, tail = text.rpartition("\n\n")
    if not gap or not head or not tail.endswith("\n") or _CONTROL.search(text):
        raise BadInput("this is not a signed note: text, an empty line, signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise BadInput(f"a note may have {MAX_SIGNATURES} signatures")
    return head + "\n", lines


@lru_cache(maxsize=64)
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether an Ed25519 signature (RFC 8032) is that of a message under a public key."""
    try:
        _public_key(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
