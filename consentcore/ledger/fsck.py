"""The audit: one pass over the stored log that re-derives everything from the event headers; memory stays flat.

What a clean audit proves: every leaf hash, frontier, tile and stored checkpoint follows from the stored headers;
indices run from 0 without gap or repeat; every header is a canonical header of its own event; every event has its
leaf; every stored checkpoint was signed by a key given; and, with states that somebody outside saw, the log still
begins with exactly the entries that it had when each of them left the house.

What it does not prove: without a state seen outside, that nothing was cut off the end or rewritten by somebody
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
from consentcore.ledger.checkpoint import open_checkpoint, parse_body
from consentcore.ledger.events import check_header
from consentcore.ledger.headershapes import HeaderShapes
from consentcore.ledger.keychange import check_change
from consentcore.ledger.note import VerifierKey, open_note
from consentcore.ledger.outside import Outside, OutsideStates
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
    " (SELECT count(*) FROM cc_log_tile WHERE log = ?), (SELECT count(*) FROM cc_log_leaf),"
    " (SELECT count(DISTINCT event_id) FROM cc_log_leaf), (SELECT count(*) FROM cc_log_event)"
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


def audit(
    source: Session | Connection,
    vkeys: Sequence[str],
    against: str | None = None,
    log: int = MAIN,
    *,
    outside: Sequence[Outside] = (),
    signing: Sequence[str] = (),
) -> LogAudit:
    """Check the whole stored log, and that it continues what was seen of it outside.

    `against` is a checkpoint kept elsewhere (a signed note); `outside` are states that others hold, verified by the
    caller. `vkeys` are all keys that the log ever had, `signing` those that are not retired: one of them must have
    signed the newest checkpoint. Reads page by page up to the size found at the start, so that appenders need not wait.
    Raises: BadInput or LedgerTampered when `against` itself is no checkpoint signed by one of `vkeys`.
    """
    states = list(outside)
    if against is not None:
        kept = open_checkpoint(against, vkeys)
        states.append(Outside(kept.size, kept.root, "an outside checkpoint"))
    walk = _Walk(connection_of(source), log, tuple(vkeys), OutsideStates(tuple(states)))
    try:
        walk.leaves()
        walk.newest_key(signing)
        walk.surroundings()
    except LedgerTampered as found:
        return LogAudit(walk.size, walk.root(), False, found.first_bad, str(found))
    except (TypeError, ValueError):
        return LogAudit(walk.size, walk.root(), False, walk.size, f"a stored value near leaf {walk.size} is no bytes")
    return LogAudit(walk.size, walk.root(), True)


class _Walk:
    """The state of one pass: for each tile level the open tile's nodes and their compact range."""

    def __init__(self, connection: Connection, log: int, vkeys: tuple[str, ...], outside: OutsideStates) -> None:
        self.size = 0
        self._connection = connection
        self._log = log
        self._vkeys = vkeys
        self._outside = outside
        self._signed = True
        self._signers: frozenset[VerifierKey] | None = None
        self._batch = 0
        self._shapes = HeaderShapes()
        self._open: list[list[bytes]] = [[]]
        self._ranges: list[list[bytes]] = [[]]

    def root(self) -> bytes:
        """Return the root over the leaves walked so far."""
        return merkle.root_from(self._frontier())

    def leaves(self) -> None:
        """Check every leaf in order, with its event, its tile and, at the end of a batch, frontier and checkpoint."""
        newest = run(self._connection, "SELECT max(idx) FROM cc_log_leaf WHERE log = ?", self._log).scalar()
        end = 0 if newest is None else newest + 1
        self._outside.meet(0, merkle.EMPTY_ROOT)
        for page in self._pages(end):
            at = 0
            while at < len(page):
                rows = page[at : at + TILE_WIDTH - len(self._open[0])]
                self._check_rows(rows)
                at += len(rows)
        if self.size != end:
            raise LedgerTampered(f"leaf {self.size} is missing", first_bad=self.size)
        if not self._signed:
            raise LedgerTampered("the newest leaf carries no checkpoint", first_bad=self.size - 1)

    def newest_key(self, signing: Sequence[str]) -> None:
        """Check that a key which may still sign has signed the newest checkpoint."""
        if signing and self._signers and not {key.text() for key in self._signers} & set(signing):
            raise LedgerTampered("the newest checkpoint is signed by a retired key alone", first_bad=self.size - 1)

    def surroundings(self) -> None:
        """Check what the leaves do not reach: rows too many, events without a leaf, what others saw of the log."""
        # One statement, one snapshot: appenders may go on meanwhile.
        counted = run(self._connection, _COUNTS, self._log, self._log, self._log).one()
        leaves, newest, tiles, all_leaves, distinct, events = counted
        size = 0 if newest is None else newest + 1
        if leaves != size:
            raise LedgerTampered(f"{leaves} leaves are stored, the newest is number {size}", first_bad=self.size)
        expected = sum(size >> TILE_BITS * level for level in range(1, 8))
        if tiles != expected:
            raise LedgerTampered(f"{tiles} tiles are stored, {size} leaves make {expected}", first_bad=self.size)
        # Every leaf has an event of its own name, so equal numbers of different ones mean that every event has a leaf.
        if not all_leaves == distinct == events:
            orphan = run(self._connection, _WITHOUT_LEAF).scalar()
            if orphan is not None:
                raise LedgerTampered(f"event {UUID(bytes=bytes(orphan))} has no leaf", first_bad=self.size)
        self._outside.settle(self.size)

    def _pages(self, end: int) -> Iterator[list[Any]]:
        for start in range(0, end, PAGE):
            result = run(self._connection, _PAGE, self._log, start, min(start + PAGE, end))
            rows = result.cursor.fetchall()  # plain tuples: a Row object would cost as much as the hash
            result.close()
            if not rows:
                return
            yield list(rows)

    def _check_rows(self, rows: list[Any]) -> None:
        """Check leaves of one tile: all together, and one by one where something is wrong, to name the first."""
        hashes = self._sound(rows)
        if hashes is None:
            for row in rows:
                self._check_row(row)
            return
        done = 0
        ends = [at + 1 for at, row in enumerate(rows) if row[3] is not None or row[4] is not None]
        for end in ends:
            self._take(hashes[done:end])
            self._check_batch_end(rows[end - 1][3], rows[end - 1][4])
            done = end
        self._take(hashes[done:])
        self._signed = done == len(rows)

    def _sound(self, rows: list[Any]) -> list[bytes] | None:
        """Return the leaf hashes of rows that are in order, of sound events and rightly hashed; None if any is not."""
        indices, event_ids, stored, _, _, logs, headers = zip(*rows, strict=True)
        if indices != tuple(range(self.size, self.size + len(rows))) or logs != (self._log,) * len(rows):
            return None
        try:
            hashes = [sha256(b"\x00" + header).digest() for header in headers]
            if tuple(hashes) != stored:
                return None
            for at in self._shapes.unproven(headers, event_ids):
                check_header(headers[at], event_ids[at])
                self._shapes.learn(headers[at])
        except (LedgerTampered, BadInput, TypeError, ValueError):
            return None
        return hashes

    def _check_row(self, row: Any) -> None:
        index, event_id, stored, packed, note, event_log, header = row
        if index != self.size:
            raise LedgerTampered(f"leaf {self.size} is missing", first_bad=self.size)
        if header is None or event_log != self._log:
            raise LedgerTampered(f"the event of leaf {index} is missing", first_bad=index)
        node = sha256(b"\x00" + header).digest()
        if node != stored:
            raise LedgerTampered(f"leaf {index} is not the hash of its event's header", first_bad=index)
        self._check_header(header, event_id)
        self._take([node])
        self._signed = packed is not None or note is not None
        if self._signed:
            self._check_batch_end(packed, note)

    def _take(self, hashes: list[bytes]) -> None:
        """Add leaf hashes of the open tile; states that others saw on the way are held against the log."""
        while hashes:
            seen = self._outside.next_size - self.size
            some, hashes = (hashes[:seen], hashes[seen:]) if 0 < seen < len(hashes) else (hashes, [])
            nodes, stack = self._open[0], self._ranges[0]
            stack[:] = merkle.extend_by_blocks(stack, len(nodes), some)
            nodes.extend(some)
            if len(nodes) == TILE_WIDTH:
                self._close_tile(0, stack[0])
            self.size += len(some)
            if self.size == self._outside.next_size:
                self._outside.meet(self.size, self.root())

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
        signers = frozenset(opened.signed_by)
        if self._signers is not None and signers != self._signers:
            check_change(self._connection, self._log, self._batch, self.size, self._signers, signers)
        self._signers, self._batch = signers, self.size
