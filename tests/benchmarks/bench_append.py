"""A durable append to the log, against the same rows written by the bare driver: SQLite, WAL, synchronous=FULL.

Raw makes for itself what the rows consist of, in one function: header, commitments, sealed payload, hashes, frontier,
signed note, tiles. It neither checks its input and the stored tail nor knows sessions, savepoints or more than one
subject's key. Besides, with headers and sealed payloads ready made: what is left is hashing, signing and INSERTs.
"""

from __future__ import annotations

import base64
import hmac
import os
import sqlite3
import sys
import uuid
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentcore.crypto.keyring import Keyring
from consentcore.ledger import fsck
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue_many
from consentcore.ledger.merkle import extend, pack, perfect_root, root_from, unpack
from tests.benchmarks.ground import NOW, Ground, ground
from tests.benchmarks.pairing import Pair, Work, arguments, report

SHARE = 0.5
BATCHES = (1, 10, 100, 1_000)
WANTED_AT = 100
LEAVES = 2_000  # of one round, at least one batch and at most 40
SUBJECTS = 50
BENCHED = register("bench.happened", "something happened in a benchmark")
ORIGIN = "consentcore/bench"
NOTICE = "5f" * 32
TAIL = "SELECT idx, frontier FROM cc_log_leaf WHERE log = 1 ORDER BY idx DESC LIMIT 1"
TS = "2026-11-09T09:00:00Z"

Prepared = tuple[bytes, bytes, bytes, bytes]
"""Event id, header, subject, sealed payload."""


class ByHand:
    """The log as somebody would write it who has one table layout, one driver and no one to answer to."""

    def __init__(self, path: Path, subjects: Sequence[bytes]) -> None:
        self._driver = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            self._driver.execute(f"PRAGMA {pragma}")
        self._key = Ed25519PrivateKey.generate()
        self._aeads = {subject: AESGCM(AESGCM.generate_key(256)) for subject in subjects}
        self._roots = {subject: os.urandom(32) for subject in subjects}

    def prepare(self, subject: bytes, number: int) -> Prepared:
        """Make one event's rows but for the leaf."""
        ident = uuid.uuid4()
        event_id, root = ident.bytes, self._roots[subject]
        payload = orjson.dumps(_payload(number), option=orjson.OPT_SORT_KEYS)
        opening = hmac.digest(root, b"r" + event_id + b"\x01", "sha256")
        tag_key = hmac.digest(root, b"subj" + event_id + b"\x01", "sha256")
        header = {
            "basis": "consent",
            "commit": hmac.digest(opening, payload, "sha256").hex(),
            "data": {"state": "given"},
            "id": str(ident),
            "notice_sha256": NOTICE,
            "purpose": "newsletter",
            "purpose_v": 1,
            "subj": hmac.digest(tag_key, event_id, "sha256")[:16].hex(),
            "tenant": 0,
            "ts": TS,
            "type": BENCHED,
            "v": 1,
        }
        nonce = os.urandom(12)
        aad = b"CRMF1\x01\x00\x01" + bytes(4) + (1).to_bytes(4, "big") + event_id + subject
        sealed = b"\x01\x00\x01" + nonce + self._aeads[subject].encrypt(nonce, payload, aad)
        return event_id, orjson.dumps(header, option=orjson.OPT_SORT_KEYS), subject, sealed

    def append(self, prepared: Sequence[Prepared]) -> None:
        """Write one batch and commit it."""
        self._driver.execute("BEGIN IMMEDIATE")
        self.write(prepared)
        self._driver.execute("COMMIT")

    def write(self, prepared: Sequence[Prepared]) -> None:
        """Write one batch in the transaction that is open."""
        driver = self._driver
        driver.executemany("INSERT INTO cc_log_event (id, log, header) VALUES (?, 1, ?)", [one[:2] for one in prepared])
        driver.executemany(
            "INSERT INTO cc_log_content (event_id, subject_ref, payload) VALUES (?, ?, ?)",
            [(event_id, subject, sealed) for event_id, _, subject, sealed in prepared],
        )
        tail = driver.execute(TAIL).fetchone()
        size = 0 if tail is None else tail[0] + 1
        hashes = [sha256(b"\0" + one[1]).digest() for one in prepared]
        frontier, new_size = extend([] if tail is None else unpack(tail[1], size), size, hashes)
        rows: list[tuple[Any, ...]] = [
            (size + at, one[0], leaf, None, None) for at, (one, leaf) in enumerate(zip(prepared, hashes, strict=True))
        ]
        rows[-1] = (*rows[-1][:3], pack(frontier), self._note(new_size, root_from(frontier)))
        driver.executemany(
            "INSERT INTO cc_log_leaf (log, idx, event_id, hash, frontier, checkpoint) VALUES (1, ?, ?, ?, ?, ?)", rows
        )
        self._tiles(size, new_size)

    def _note(self, size: int, root: bytes) -> bytes:
        body = f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\n"
        signature = base64.b64encode(b"1234" + self._key.sign(body.encode())).decode()
        return f"{body}\n— {ORIGIN} {signature}\n".encode()

    def _tiles(self, size: int, new_size: int) -> None:
        for tile in range(size >> 8, new_size >> 8):
            found = self._driver.execute(
                "SELECT hash FROM cc_log_leaf WHERE log = 1 AND idx >= ? AND idx < ? ORDER BY idx",
                (tile << 8, (tile + 1) << 8),
            )
            nodes = [row[0] for row in found]
            self._driver.execute(
                "INSERT INTO cc_log_tile (log, level, idx, root, hashes) VALUES (1, 0, ?, ?, ?)",
                (tile, perfect_root(nodes), b"".join(nodes)),
            )

    def close(self) -> None:
        """Close the connection."""
        self._driver.close()


def main() -> int:
    """Measure and report, then audit what we wrote."""
    rounds = arguments().rounds
    with ground("sqlite") as made, ground("sqlite") as other:
        subjects = [uuid.uuid4() for _ in range(SUBJECTS)]
        made.keyring.ensure(subjects, NOW)
        by_hand = ByHand(Path(other.database.engine.url.database or ""), [one.bytes for one in subjects])
        try:
            holds = report(_pairs(made, by_hand, subjects), rounds)
        finally:
            by_hand.close()
        _audit(made)
    return 0 if holds else 1


def _pairs(made: Ground, by_hand: ByHand, subjects: Sequence[uuid.UUID]) -> Iterator[Pair]:
    for batch in BATCHES:
        ours, raw, ready = _ways(made, by_hand, subjects, batch)
        share = SHARE if batch == WANTED_AT else None
        yield Pair(operation=f"durable append, batch of {batch:,}", ours=ours, raw=raw, share=share)
        yield Pair(operation="  raw with rows ready made", ours=ours, raw=ready)


def _ways(made: Ground, by_hand: ByHand, subjects: Sequence[uuid.UUID], batch: int) -> tuple[Work, Work, Work]:
    times = min(max(LEAVES // batch, 1), 40)
    owners = [subjects[number % SUBJECTS] for number in range(batch)]
    keys = [subject.bytes for subject in owners]
    ready = [by_hand.prepare(key, number) for number, key in enumerate(keys)]

    def ours() -> int:
        for _ in range(times):
            with made.sessions.begin() as session:
                queue_many(session, [_event(subject, number) for number, subject in enumerate(owners)])
        return batch * times

    def raw() -> int:
        for _ in range(times):
            by_hand.append([by_hand.prepare(key, number) for number, key in enumerate(keys)])
        return batch * times

    def raw_ready() -> int:
        for _ in range(times):  # other ids each time: they are keys
            by_hand.append([(uuid.uuid4().bytes, *one[1:]) for one in ready])
        return batch * times

    return ours, raw, raw_ready


def _payload(number: int) -> dict[str, Any]:
    return {
        "actor": "import",
        "channel": "email",
        "contact_point": f"person.{number}@courriel.example",
        "method": "web_form",
        "notice": "newsletter@1/fr",
        "purpose": "newsletter",
        "state": "given",
    }


def _event(subject: uuid.UUID, number: int) -> Event:
    return Event(
        type=BENCHED,
        at=NOW,
        subject_ref=subject,
        payload=_payload(number),
        data={"state": "given"},
        purpose="newsletter",
        purpose_v=1,
        notice_sha256=NOTICE,
        basis="consent",
    )


def _audit(made: Ground) -> None:
    keyring: Keyring = made.keyring
    with made.sessions() as session:
        found = fsck.audit(session, [keyring.log_signer().vkey])
    if not found.ok:
        raise AssertionError(f"the log does not hold: {found.problem}")
    print(f"the log of {found.size:,} leaves was audited: every leaf stands")


if __name__ == "__main__":
    sys.exit(main())
