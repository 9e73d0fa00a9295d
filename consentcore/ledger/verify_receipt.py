"""Verify a receipt offline: `python verify_receipt.py receipt.json --vkey log.vkey [--witness keys --quorum N]`.

It stands alone: Python 3.11 and `cryptography`. Exit 0 prints the answer, `proved` or `proved, content erased under
certificate N`; exit 3 gives the reason on stderr; exit 2 is wrong usage. Every part of a receipt is checked: the
event (led up the Merkle tree to a signed root), the content (commitment in the event), the notice (hash in the event),
the erasure (certificate in the log, and the log's signed word). What could not be checked may not stand in it, but for
cosignatures under the checkpoint: they are checked where the keys of their witnesses are given.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:  # pragma: no cover
    sys.exit("verify_receipt.py needs the Python package `cryptography`")

FORMAT = "consentcore.receipt/1"
MAX_BYTES, MAX_DEPTH, MAX_INTEGER = 1 << 20, 20, 2**53 - 1
_NAME = r"[^\s+\x00-\x1f\x7f]{1,255}"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_WORD = r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}"
_HEX64 = r"[0-9a-f]{64}"
_HEADER = {
    "basis": _WORD,
    "commit": _HEX64,
    "id": _UUID,
    "notice_sha256": _HEX64,
    "purpose": _WORD,
    "subj": r"[0-9a-f]{32}",
    "ts": r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z",
    "type": r"[a-z][a-z0-9_]{0,30}\.[a-z][a-z0-9_]{0,30}",
}


class Refused(ValueError):
    """The receipt does not prove what it says; the message is the reason."""


def verify(receipt: dict[str, Any], vkey: str, witnesses: Sequence[str] = (), quorum: int = 1) -> str:
    """Return the verifier's answer for a receipt under the log's public key (`name+id+key`).

    With public keys of outside witnesses, at least `quorum` of them must have cosigned the receipt's checkpoint, and
    whatever stands there under one of their names must hold; then a log cannot have shown another history to others.
    Raises: Refused with the reason.
    """
    key = _Key(vkey)
    _bounded(receipt, MAX_DEPTH)
    _keys(receipt, {"format", "event", "proof"}, {"content", "erased", "about"}, "the receipt")
    if receipt["format"] != FORMAT:
        raise Refused("this is no receipt of a known format")
    event = _header(receipt["event"])
    proof = _keys(receipt["proof"], {"leaf_index", "tree_size", "hashes", "checkpoint"}, set(), "the proof")
    size, root = _checkpoint(proof["checkpoint"], key)
    if witnesses:
        _cosigned(proof["checkpoint"], witnesses, quorum)
    if _integer(proof["tree_size"]) != size:
        raise Refused("the proof is for another size than its checkpoint")
    _inclusion(event, proof, size, root)
    if "about" in receipt:
        _about(receipt["about"], event)
    return _answer(receipt, event, key, size, root)


def _answer(receipt: dict[str, Any], event: dict[str, Any], key: _Key, size: int, root: bytes) -> str:
    if ("content" in receipt) + ("erased" in receipt) != ("commit" in event):
        raise Refused("the event and its content do not belong together: one is missing or too many")
    if "content" in receipt:
        _content(receipt["content"], event)
    elif "erased" in receipt:
        return f"proved, content erased under certificate {_erased(receipt['erased'], event, key, size, root)}"
    return "proved"


class _Key:
    """A public key of kind 1 (a log's) or 4 (a witness's), from its one-line form (C2SP vkey)."""

    def __init__(self, vkey: str, kind: int = 1) -> None:
        found = re.fullmatch(rf"({_NAME})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/=]{{44}})", _text(vkey).strip())
        if found is None:
            raise Refused("the public key cannot be read; it is one line: name+id+key")
        material = _base64(found[3])
        if len(material) != 33 or material[0] != kind:
            raise Refused("a public key is not of the kind wanted: Ed25519, of a log or of a witness")
        self.name, self.key_id = found[1], bytes.fromhex(found[2])
        if hashlib.sha256(_utf8(self.name) + b"\n" + material).digest()[:4] != self.key_id:
            raise Refused("the id in the public key belongs to another name or key")
        self.public = material[1:]

    def open_note(self, note: object) -> str:
        """Return the text of a note that this key signed (C2SP signed-note)."""
        text, lines = _note(note)
        mine = self._mine(lines)
        if len(mine) != 1:
            raise Refused("a note is not signed by the log's key, or more than once")
        self._check(mine[0], text)
        return text

    def has_cosigned(self, note: object) -> bool:
        """Tell whether this witness's key cosigned a note (C2SP tlog-cosignature); a line that is wrong is refused."""
        text, lines = _note(note)
        mine = self._mine(lines)
        if len(mine) > 1 or any(len(blob) != 72 for blob in mine):
            raise Refused(f"the cosignature of {self.name} cannot be read, or stands twice")
        for blob in mine:
            self._check(blob[8:], f"cosignature/v1\ntime {int.from_bytes(blob[:8], 'big')}\n{text}")
        return bool(mine)

    def _mine(self, lines: list[tuple[str, bytes]]) -> list[bytes]:
        return [blob[4:] for name, blob in lines if name == self.name and blob[:4] == self.key_id]

    def _check(self, signature: bytes, text: str) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, _utf8(text))
        except (InvalidSignature, ValueError):
            raise Refused(f"a signature of {self.name} does not hold") from None


def _note(note: object) -> tuple[str, list[tuple[str, bytes]]]:
    """Split a signed note into its text and its signature lines: a name, then key id and signature."""
    head, gap, tail = _text(note).rpartition("\n\n")
    lines = tail[:-1].split("\n")
    if not gap or not tail.endswith("\n") or len(lines) > 16 or re.search(r"[\x00-\x09\x0b-\x1f]", _text(note)):
        raise Refused("a signed note cannot be read")
    found = [re.fullmatch(rf"— ({_NAME}) ([A-Za-z0-9+/]+={{0,2}})", line) for line in lines]
    if None in found:
        raise Refused("a signature line cannot be read")
    return head + "\n", [(one[1], _base64(one[2])) for one in found if one]


def _cosigned(note: object, witnesses: Sequence[str], quorum: int) -> None:
    keys = {key.public: key for key in (_Key(line, 4) for line in witnesses)}
    count = sum(key.has_cosigned(note) for key in keys.values())
    if count < quorum:
        raise Refused(f"{count} of the witnesses given cosigned the checkpoint, {quorum} are wanted")


def _checkpoint(note: object, key: _Key) -> tuple[int, bytes]:
    found = re.fullmatch(r"([^\n]{1,255})\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n", key.open_note(note))
    if found is None or found[1] != key.name:
        raise Refused("the note is no checkpoint of this log")
    return int(found[2]), _base64(found[3])


def _header(event: object) -> dict[str, Any]:
    header = _keys(event, {"id", "tenant", "ts", "type", "v"}, {*_HEADER, "data", "purpose_v"}, "the event")
    for name, pattern in _HEADER.items():
        if name in header and re.fullmatch(pattern, _text(header[name])) is None:
            raise Refused(f"the event's {name} does not follow the grammar")
    if _integer(header["v"]) != 1 or _integer(header["tenant"]) != 0:
        raise Refused("the event is of another version")
    if "purpose_v" in header and not 0 < _integer(header["purpose_v"]) < 10**9:
        raise Refused("the event's purpose_v does not follow the grammar")
    if type(header.get("data", {})) is not dict:
        raise Refused("the event's data are no object")
    return header


def _inclusion(event: dict[str, Any], proof: dict[str, Any], size: int, root: bytes) -> None:
    index, hashes = _integer(proof["leaf_index"]), proof["hashes"]
    if type(hashes) is not list:
        raise Refused("the proof's hashes are no list")
    if inclusion_root(hashlib.sha256(b"\x00" + _canonical(event)).digest(), index, size, map(_base64, hashes)) != root:
        raise Refused("the event is not in the log that this checkpoint signs")


def inclusion_root(leaf: bytes, index: int, size: int, hashes: Any) -> bytes:
    """Return the root that a leaf hash and its inclusion proof lead to (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Refused("the proof names an index outside its tree")
    at, last, node = index, size - 1, leaf
    if len(leaf) != 32:
        raise Refused("a hash has another length than 32")
    for step in hashes:
        if len(step) != 32 or last == 0:
            raise Refused("the proof is too long or holds a hash of another length than 32")
        if at & 1 or at == last:
            node = hashlib.sha256(b"\x01" + step + node).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + step).digest()
        at, last = at >> 1, last >> 1
    if last != 0:
        raise Refused("the proof is too short")
    return node


def _content(content: object, event: dict[str, Any]) -> None:
    parts = _keys(content, {"payload", "opening"}, set(), "the content")
    opening = _base64(parts["opening"])
    made = hmac.digest(opening, _canonical(parts["payload"]), "sha256").hex()
    if len(opening) != 32 or not hmac.compare_digest(made, event["commit"]):
        raise Refused("the content is not the one that the event commits to")


def _erased(erased: object, event: dict[str, Any], key: _Key, size: int, root: bytes) -> str:
    parts = _keys(erased, {"certificate", "certificate_event", "certificate_proof", "statement"}, set(), "the erasure")
    title, _, line = key.open_note(parts["certificate"]).partition("\n")
    body = _parse(line[:-1].encode())
    if title != "consentcore certificate v1" or type(body) is not dict or _canonical(body) + b"\n" != line.encode():
        raise Refused("the note is no certificate")
    number, digest = body.get("number"), hashlib.sha256(line[:-1].encode()).hexdigest()
    if re.fullmatch(r"[A-Z0-9]{4}-[A-Z0-9]{4}", _text(number)) is None:
        raise Refused("the certificate has no number")
    logged = _header(parts["certificate_event"])
    if logged["type"] != "certificate.issued" or logged.get("data", {}).get("certificate_sha256") != digest:
        raise Refused("the certificate is not the one in the log")
    _inclusion(logged, _keys(parts["certificate_proof"], {"leaf_index", "hashes"}, set(), "the proof"), size, root)
    wanted = f"consentcore erased content v1\n{event['id']}\n{number}\n{digest}\n"
    if key.open_note(parts["statement"]) != wanted:
        raise Refused("the log did not state that this event's content was erased under this certificate")
    return str(number)


def _about(about: object, event: dict[str, Any]) -> None:
    notice = _text(_keys(about, {"notice"}, set(), "`about`")["notice"])
    if hashlib.sha256(_utf8(notice)).hexdigest() != event.get("notice_sha256"):
        raise Refused("the notice is not the one whose hash the event holds")


def _keys(value: object, needed: set[str], allowed: set[str], what: str) -> dict[str, Any]:
    if type(value) is not dict or not needed <= set(value) <= needed | allowed:
        raise Refused(f"{what} lacks a key, or has one too many")
    return value


def _text(value: object) -> str:
    if type(value) is not str:
        raise Refused("a text is missing")
    return value


def _integer(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise Refused("a whole number is missing")
    return value


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Refused("a text is no Unicode") from None


def _base64(value: object) -> bytes:
    text = _text(value)
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("a value is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Refused("a base64 value is not in its one spelling")
    return data


def _bounded(value: Any, depth: int) -> None:
    """Refuse whatever the log's JSON profile has no place for: floats, wide integers, non-ASCII keys, depth."""
    kind = type(value)
    if depth == 0 or kind not in (dict, list, str, int, bool, type(None)):
        raise Refused("the JSON is nested too deep or holds what a receipt has not")
    if kind is int and not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise Refused("a number is too large")
    if kind is dict and not all(type(key) is str and key.isascii() for key in value):
        raise Refused("a key is not ASCII")
    if kind in (dict, list):
        for item in value.values() if kind is dict else value:
            _bounded(item, depth - 1)


def _canonical(value: dict[str, Any]) -> bytes:
    """Write RFC 8785 inside the profile that `_bounded` has checked."""
    return _utf8(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _parse(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise Refused(f"a receipt has at most {MAX_BYTES} bytes")
    try:
        text = data.decode()  # UTF-8 only: the parser would guess other encodings
        return json.loads(text, object_pairs_hook=_pairs, parse_int=_whole, parse_float=_whole, parse_constant=_whole)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise Refused("this is no JSON") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise Refused("a key stands twice")
    return dict(pairs)


def _whole(text: str) -> int:
    if re.fullmatch(r"0|-?[1-9][0-9]{0,15}", text) is None:
        raise Refused("a number is not whole, is too large, or is minus zero")
    return int(text)


def _lines(text: str | None) -> list[str]:
    lines = [line.strip() for line in (text or "").splitlines()]
    kept = [line for line in lines if line and not line.startswith("#")]
    if text is not None and not kept:
        raise Refused("the file of witnesses names none")
    return kept


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Verify a receipt offline. Exit 0: proved. Exit 3: refused.")
    parser.add_argument("receipt", type=Path, help="the receipt, a JSON file")
    parser.add_argument("--vkey", type=Path, required=True, help="a file with the log's public key, one line")
    parser.add_argument("--witness", type=Path, help="a file with public keys of outside witnesses, one a line")
    parser.add_argument("--quorum", type=int, help="how many of them must have cosigned the checkpoint; usually 1")
    given = parser.parse_args(arguments)
    if given.quorum is not None and (given.witness is None or given.quorum < 1):
        parser.error("--quorum is a number from 1, of the witnesses that --witness names")
    try:
        with given.receipt.open("rb") as receipt, given.vkey.open("rb") as key:
            data, vkey = receipt.read(MAX_BYTES + 1), key.read(4096)
        known = given.witness.read_bytes()[:MAX_BYTES].decode(errors="replace") if given.witness else None
    except OSError as error:
        parser.error(f"a file cannot be read: {error.strerror}")
    try:
        print(verify(_parse(data), vkey.decode(errors="replace"), _lines(known), given.quorum or 1))
    except Refused as reason:
        print(f"refused: {reason}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
