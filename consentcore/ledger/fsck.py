"""The audit: one pass over the stored log that re-derives everything from the event headers; memory stays flat.

What a clean audit proves: every leaf hash, frontier, tile and stored checkpoint follows from the stored headers;
indices run from 0 without gap or repeat; every header is a canonical header of its own event; every event has its
leaf; every stored checkpoint was signed by a key given; and, with an outside checkpoint, the log still begins with
exactly the entries that it had when that checkpoint left the house.

What it does not prove: without an outside checkpoint, that nothing was cut off the end or rewritten by somebody
who holds database and signing key; that the headers were true when written; that sealed payloads still open (a
receipt proves that, one by one); that a key was not copied. It reads no personal data and needs no secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger import merkle
from consentcore.ledger.append import TILE_BITS, TILE_WIDTH
from consentcore.ledger.checkpoint import Checkpoint, open_checkpoint, parse_body
from consentcore.ledger.events import check_header
from consentcore.ledger.note import open_note
from consentcore.ledger.proofs import connection_of
from consentcore.ledger.statements import run
from consentcore.ledger.tables import MAIN

PAGE = 2_048
_PAGE = (
    "SELECT l.idx, l.event_id, l.hash, l.frontier, l.checkpoint, e.log, e.header FROM cc_log_leaf l"
    " LEFT JOIN cc_log_event e ON e.id = l.event_id WHERE l.log = ? AND l.idx >= ? AND l.idx < ? ORDER BY l.idx"
)
_TILE = "SELECT root, hashes FROM cc_log_tile WHERE log = ? AND level = ? AND idx = ?"
_COUNTS = (
    "SELECT (SELECT count(*) FROM cc_log_leaf WHERE log = ?), (SELECT max(idx) FROM cc_log_leaf WHERE log = ?),"
    " (SELECT count(*) FROM cc_log_tile WHERE log = ?)"
)
_WITHOUT_LEAF = (
    "SELECT e.id FROM cc_log_event e LEFT JOIN cc_log_leaf l ON l.event_id = e.id AND l.log = e.log"
    " WHERE l.event_id IS NULL LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class LogAudit:
    """What an audit found: the size and root that the leaves give, or the first bad index and what is wrong."""

    size: int
    root: bytes
    ok: bool
    first_bad: int | None = None
    problem: str | None = None


def audit(source: Session | Connection, vkeys: Sequence[str], against: str | None = None, log: int = MAIN) -> LogAudit:
    """Check the whole stored log, and that it continues the outside checkpoint `against` (a signed note).

    Reads page by page up to the size found at the start, so that appenders need not wait.
    Raises: BadInput or LedgerTampered when `against` itself is no checkpoint signed by one of `vkeys`.
    """
    outside = None if against is None else open_checkpoint(against, vkeys)
    walk = _Walk(connection_of(source), log, tuple(vkeys), outside)
    try:
        walk.leaves()
        walk.surroundings()
    except LedgerTampered as found:
        return LogAudit(walk.size, walk.root(), False, found.first_bad, str(found))
    except (TypeError, ValueError):
        return LogAudit(walk.size, walk.root(), False, walk.size, f"a stored value near leaf {walk.size} is no bytes")
    return LogAudit(walk.size, walk.root(), True)


class _Walk:
    """The state of one pass: for each tile level the open tile's nodes and their compact range."""

    def __init__(self, connection: Connection, log: int, vkeys: tuple[str, ...], outside: Checkpoint | None) -> None:
        self.size = 0
        self._connection = connection
        self._log = log
        self._vkeys = vkeys
        self._outside = outside
        self._open: list[list[bytes]] = [[]]
        self._ranges: list[list[bytes]] = [[]]

    def root(self) -> bytes:
        """Return the root over the leaves walked so far."""
        return merkle.root_from(self._frontier())

    def leaves(self) -> None:
        """Walk every leaf in order."""
        newest = run(self._connection, "SELECT max(idx) FROM cc_log_leaf WHERE log = ?", self._log).scalar()
        end = 0 if newest is None else newest + 1
        outside = -1 if self._outside is None else self._outside.size
        self._check_outside()
        signed = True
        nodes, stack = self._open[0], self._ranges[0]
        for index, event_id, stored, packed, note, event_log, header in self._rows(end):
            if index != self.size:
                break
            if header is None or event_log != self._log:
                raise LedgerTampered(f"the event of leaf {index} is missing", first_bad=index)
            node = sha256(b"\x00" + header).digest()
            if node != stored:
                raise LedgerTampered(f"leaf {index} is not the hash of its event's header", first_bad=index)
            self._check_header(header, event_id)
            nodes.append(node)  # `_push` of level 0, spelled out: this loop is the audit's speed
            carry = index & TILE_WIDTH - 1
            while carry & 1:
                node = sha256(b"\x01" + stack.pop() + node).digest()
                carry >>= 1
            stack.append(node)
            if len(nodes) == TILE_WIDTH:
                self._close_tile(0, node)
            self.size = index + 1
            signed = packed is not None or note is not None
            if signed:
                self._check_batch_end(packed, note)
            if self.size == outside:
                self._check_outside()
        if self.size != end:
            raise LedgerTampered(f"leaf {self.size} is missing", first_bad=self.size)
        if not signed:
            raise LedgerTampered("the newest leaf carries no checkpoint", first_bad=self.size - 1)

    def surroundings(self) -> None:
        """Check what the leaves do not reach: rows too many, events without a leaf, the outside checkpoint."""
        if self._outside is not None and self._outside.size > self.size:
            raise LedgerTampered(
                f"the log has {self.size} leaves, an outside checkpoint shows {self._outside.size}: it was rolled back",
                first_bad=self.size,
            )
        # One statement, one snapshot: appenders may go on meanwhile.
        leaves, newest, tiles = run(self._connection, _COUNTS, self._log, self._log, self._log).one()
        size = 0 if newest is None else newest + 1
        if leaves != size:
            raise LedgerTampered(f"{leaves} leaves are stored, the newest is number {size}", first_bad=self.size)
        expected = sum(size >> TILE_BITS * level for level in range(1, 8))
        if tiles != expected:
            raise LedgerTampered(f"{tiles} tiles are stored, {size} leaves make {expected}", first_bad=self.size)
        orphan = run(self._connection, _WITHOUT_LEAF).scalar()
        if orphan is not None:
            raise LedgerTampered(f"event {UUID(bytes=bytes(orphan))} has no leaf", first_bad=self.size)

    def _rows(self, end: int) -> Iterator[Any]:
        for start in range(0, end, PAGE):
            result = run(self._connection, _PAGE, self._log, start, min(start + PAGE, end))
            rows = result.cursor.fetchall()  # plain tuples: a Row object would cost as much as the hash
            result.close()
            if not rows:
                return
            yield from rows

    def _push(self, level: int, node: bytes) -> None:
        nodes, stack = self._open[level], self._ranges[level]
        stack[:], _ = merkle.extend(stack, len(nodes), (node,))
        nodes.append(node)
        if len(nodes) == TILE_WIDTH:
            self._close_tile(level, stack[0])

    def _close_tile(self, level: int, root: bytes) -> None:
        """Compare a full tile with the stored one and hand its root to the level above."""
        self._check_tile(level, self._open[level], root)
        self._open[level].clear()
        self._ranges[level].clear()
        if level + 1 == len(self._open):
            self._open.append([])
            self._ranges.append([])
        self._push(level + 1, root)

    def _frontier(self) -> list[bytes]:
        return [node for stack in reversed(self._ranges) for node in stack]

    def _check_tile(self, level: int, nodes: list[bytes], root: bytes) -> None:
        number = self.size >> TILE_BITS * (level + 1)
        row = run(self._connection, _TILE, self._log, level, number).first()
        if row is None or row[0] != root or row[1] != b"".join(nodes):
            raise LedgerTampered(
                f"tile {number} of level {level} is missing or not that of its leaves",
                first_bad=number << TILE_BITS * (level + 1),
            )

    def _check_header(self, header: bytes, event_id: bytes) -> None:
        try:
            check_header(header, event_id)
        except (LedgerTampered, BadInput) as found:
            raise LedgerTampered(f"leaf {self.size}: {found}", first_bad=self.size) from None

    def _check_batch_end(self, packed: bytes | None, note: bytes | None) -> None:
        index = self.size - 1
        frontier = self._frontier()
        if packed != merkle.pack(frontier):
            raise LedgerTampered(f"the frontier at leaf {index} is not that of its leaves", first_bad=index)
        try:
            opened = open_note(bytes(note or b"").decode(), self._vkeys)
            said = parse_body(opened.body)
        except (LedgerTampered, BadInput, UnicodeDecodeError) as found:
            raise LedgerTampered(f"the checkpoint at leaf {index} does not hold: {found}", first_bad=index) from None
        root = merkle.root_from(frontier)
        names = {key.name for key in opened.signed_by}
        if opened.unknown or said.origin not in names or (said.size, said.root) != (self.size, root):
            raise LedgerTampered(f"the checkpoint at leaf {index} is not that of its leaves", first_bad=index)

    def _check_outside(self) -> None:
        # A root tells that the histories differ, not where: no first bad index can be named.
        if self._outside is not None and self.size == self._outside.size and self.root() != self._outside.root:
            raise LedgerTampered(f"the first {self.size} leaves contradict an outside checkpoint: a forked history")
