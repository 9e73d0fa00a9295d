"""The audit of a whole log, and proofs out of a large one, against the same by the bare driver: SQLite.

Raw reads the same rows by the same statement, hashes leaves and nodes and compares the stored leaves, tiles and the
root. It checks no header's form, no place, no frontier and no signature, and looks for no event without a leaf.
A log of 100,000 leaves, in batches of 1,000 as imports write them; of 1,000,000 with --full.
"""

from __future__ import annotations

import sqlite3
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from consentcore.ledger import fsck, merkle
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue_many
from consentcore.ledger.proofs import inclusion_proof, latest_checkpoint
from consentcore.ledger.receipt import compose
from tests.benchmarks.ground import NOW, Ground, ground
from tests.benchmarks.pairing import Pair, arguments, report, show

SHARE = 0.5
LEAVES, FULL = 100_000, 1_000_000
BATCH = 1_000
SUBJECTS = 50
PROOFS = 2_000
MOST_MILLISECONDS = 1.0
AUDITED = register("bench.audited", "something happened in a benchmark of the audit")
NOTICE = "5f" * 32
ROWS = (
    "SELECT l.idx, l.event_id, l.hash, l.frontier, l.checkpoint, e.log, e.header FROM cc_log_leaf l"
    " LEFT JOIN cc_log_event e ON e.id = l.event_id WHERE l.log = 1 AND l.idx >= ? AND l.idx < ? ORDER BY l.idx"
)
TILE = "SELECT root, hashes FROM cc_log_tile WHERE log = 1 AND level = ? AND idx = ?"
PAGE = 2_048


def raw_audit(driver: sqlite3.Connection, size: int, wanted: bytes) -> int:
    """Re-derive the root as somebody would who has one driver, one layout and no one to answer to."""
    open_tiles: list[list[bytes]] = [[]]
    closed: list[int] = [0]

    def close(level: int) -> None:
        nodes = open_tiles[level]
        root = nodes
        while len(root) > 1:
            root = [sha256(b"\x01" + left + right).digest() for left, right in zip(root[::2], root[1::2], strict=True)]
        if driver.execute(TILE, (level, closed[level])).fetchone() != (root[0], b"".join(nodes)):
            raise AssertionError("a tile is wrong")
        open_tiles[level] = []
        closed[level] += 1
        if level + 1 == len(open_tiles):
            open_tiles.append([])
            closed.append(0)
        open_tiles[level + 1].append(root[0])
        if len(open_tiles[level + 1]) == 256:
            close(level + 1)

    for start in range(0, size, PAGE):
        for row in driver.execute(ROWS, (start, min(start + PAGE, size))).fetchall():
            node = sha256(b"\x00" + row[6]).digest()
            if node != row[2]:
                raise AssertionError("a leaf is wrong")
            open_tiles[0].append(node)
            if len(open_tiles[0]) == 256:
                close(0)
    frontier: list[bytes] = []
    for nodes in reversed(open_tiles):
        frontier += merkle.extend((), 0, nodes)[0]
    if merkle.root_from(frontier) != wanted:
        raise AssertionError("the root is wrong")
    return size


def main() -> int:
    """Fill a log, measure the audit, then proofs and receipts one by one."""
    given = arguments()
    leaves = FULL if given.full else LEAVES
    with ground("sqlite") as made:
        events = _fill(made, leaves)
        driver = sqlite3.connect(Path(made.database.engine.url.database or ""))
        try:
            holds = report(_audits(made, driver, leaves), min(given.rounds, 3) if given.full else given.rounds)
        finally:
            driver.close()
        holds &= _proofs(made, leaves, events)
    return 0 if holds else 1


def _fill(made: Ground, leaves: int) -> Sequence[uuid.UUID]:
    subjects = [uuid.uuid4() for _ in range(SUBJECTS)]
    made.keyring.ensure(subjects, NOW)
    events: list[uuid.UUID] = []
    for start in range(0, leaves, BATCH):
        with made.sessions.begin() as session:
            events += queue_many(session, [_event(subjects, start + number) for number in range(BATCH)])
    return events


def _event(subjects: Sequence[uuid.UUID], number: int) -> Event:
    return Event(
        type=AUDITED,
        at=NOW,
        subject_ref=subjects[number % SUBJECTS],
        payload={"channel": "email", "contact_point": f"person.{number}@courriel.example", "state": "given"},
        purpose="newsletter",
        purpose_v=1,
        notice_sha256=NOTICE,
        basis="consent",
        data={"state": "given"},
    )


def _audits(made: Ground, driver: sqlite3.Connection, leaves: int) -> Iterator[Pair]:
    vkeys = [made.keyring.log_signer().vkey]
    with made.sessions() as session:
        newest = latest_checkpoint(session)
    if newest is None or newest.size != leaves:
        raise AssertionError("the log was not filled")

    def ours() -> int:
        with made.sessions() as session:
            found = fsck.audit(session, vkeys)
        if not found.ok or found.root != newest.root:
            raise AssertionError(found.problem)
        return found.size

    yield Pair(
        operation=f"audit of {leaves:,} leaves",
        ours=ours,
        raw=lambda: raw_audit(driver, leaves, newest.root),
        share=SHARE,
        clock=time.process_time,
    )


def _proofs(made: Ground, leaves: int, events: Sequence[uuid.UUID]) -> bool:
    """Time proofs and receipts of entries all over the log, each by itself."""
    step = max(leaves // PROOFS, 1)
    chosen = [(number * 7_919) % leaves for number in range(0, leaves, step)][:PROOFS]
    proofs: list[float] = []
    receipts: list[float] = []
    with made.sessions() as session:
        session.connection()
        for index in chosen:
            start = time.perf_counter()
            inclusion_proof(session, index, leaves)
            proofs.append(time.perf_counter() - start)
        for index in chosen[:: PROOFS // 200 or 1]:
            start = time.perf_counter()
            compose(session, made.keyring, events[index], {})
            receipts.append(time.perf_counter() - start)
    rows = [_row(f"inclusion proof at {leaves:,} leaves", proofs, MOST_MILLISECONDS)]
    rows.append(_row("whole receipt, opened and verified once", receipts, None))
    show(("one by one", "median ms", "95 % ms", "wanted", "verdict"), rows)
    return rows[0][-1] == "holds"


def _row(what: str, seconds: Sequence[float], most: float | None) -> tuple[str, ...]:
    ordered = sorted(1_000 * one for one in seconds)
    median, high = ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100]
    wanted = "-" if most is None else f"< {most:g} ms"
    verdict = "reported" if most is None else "holds" if median < most else "MISSED"
    return (what, f"{median:.3f}", f"{high:.3f}", wanted, verdict)


if __name__ == "__main__":
    sys.exit(main())
