"""Inclusion and consistency proofs from tiles: a few reads each, whatever the size of the log."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger import merkle
from consentcore.ledger.append import TILE_BITS, TILE_WIDTH, stored_nodes
from consentcore.ledger.checkpoint import parse_body
from consentcore.ledger.statements import run
from consentcore.ledger.tables import MAIN, LogLeaf

_TILES_KEPT = 128  # about 6 MB
_TILE = "SELECT hashes FROM cc_log_tile WHERE log = ? AND level = ? AND idx = ?"
_LATEST = "SELECT idx, checkpoint FROM cc_log_leaf WHERE log = ? ORDER BY idx DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """The newest checkpoint as stored: what it says, and the note that may be handed out."""

    size: int
    root: bytes
    note: str


def latest_checkpoint(source: Session | Connection, log: int = MAIN) -> SignedCheckpoint | None:
    """Return the newest signed checkpoint, None while the log is empty; its signature is not checked here.

    Raises: LedgerTampered when the newest leaf carries none or one of another size.
    """
    row = run(connection_of(source), _LATEST, log).first()
    if row is None:
        return None
    if row[1] is None:
        raise LedgerTampered("the newest leaf carries no checkpoint", first_bad=row[0])
    note = bytes(row[1]).decode(errors="replace")
    said = parse_body(note.rpartition("\n\n")[0] + "\n")
    if said.size != row[0] + 1:
        raise LedgerTampered("the newest leaf carries the checkpoint of another size", first_bad=row[0])
    return SignedCheckpoint(said.size, said.root, note)


def inclusion_proof(source: Session | Connection, index: int, size: int, log: int = MAIN) -> list[bytes]:
    """Return the hashes that lead from leaf `index` to the root of the first `size` leaves (RFC 9162, 2.1.3.1).

    Raises: BadInput when there is no such leaf; LedgerTampered when stored hashes are missing.
    """
    reader = _Reader(connection_of(source), log, size)
    if not 0 <= index < size:
        raise BadInput(f"a log of {size} leaves has no leaf {index}")
    proof: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + merkle.split(stop - start)
        if index < middle:
            proof.append(reader.range_root(middle, stop))
            stop = middle
        else:
            proof.append(reader.range_root(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(source: Session | Connection, old: int, new: int, log: int = MAIN) -> list[bytes]:
    """Return the hashes that show the first `old` leaves to begin the first `new` ones (RFC 9162, 2.1.4.1).

    Raises: BadInput unless 0 < old <= new <= the log's size; LedgerTampered when stored hashes are missing.
    """
    if not 0 < old <= new:
        raise BadInput("a consistency proof needs 0 < old size <= new size")
    reader = _Reader(connection_of(source), log, new)
    proof: list[bytes] = []
    start, stop = 0, new
    while old != stop:
        middle = start + merkle.split(stop - start)
        if old <= middle:
            proof.append(reader.range_root(middle, stop))
            stop = middle
        else:
            proof.append(reader.range_root(start, middle))
            start = middle
    if start:
        proof.append(reader.range_root(start, stop))
    return proof[::-1]


def connection_of(source: Session | Connection) -> Connection:
    """Return the connection that a session reads the log on, or the connection itself."""
    if isinstance(source, Connection):
        return source
    return source.connection(bind_arguments={"mapper": LogLeaf.__mapper__})


class _Reader:
    """Subtree roots of one log at one size; each tile is read once."""

    def __init__(self, connection: Connection, log: int, size: int) -> None:
        newest = run(connection, "SELECT max(idx) FROM cc_log_leaf WHERE log = ?", log).scalar()
        if size < 0 or size > (0 if newest is None else newest + 1):
            raise BadInput(f"the log has not {size} leaves")
        self._connection = connection
        self._log = log
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def range_root(self, start: int, stop: int) -> bytes:
        """Return the root over [start, stop), a range that RFC 9162's recursion can reach."""
        roots: list[bytes] = []
        while start < stop:
            width = merkle.split(stop - start + 1)
            roots.append(self._subtree(start, width))
            start += width
        return merkle.root_from(roots)

    def _subtree(self, start: int, width: int) -> bytes:
        level, step = divmod(width.bit_length() - 1, TILE_BITS)
        packed = self._tile(level, start >> TILE_BITS * (level + 1))
        first = (start >> TILE_BITS * level) % TILE_WIDTH
        return _levels(packed)[step][first >> step]

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._tiles:
            begin = number << TILE_BITS
            available = (self._size >> TILE_BITS * level) - begin
            if available >= TILE_WIDTH:
                packed = self._full(level, number)
            else:
                packed = b"".join(stored_nodes(self._connection, self._log, level, begin, begin + available))
            self._tiles[level, number] = packed
        return self._tiles[level, number]

    def _full(self, level: int, number: int) -> bytes:
        packed = run(self._connection, _TILE, self._log, level, number).scalar()
        if packed is None or len(packed) != TILE_WIDTH * merkle.HASH_BYTES:
            raise LedgerTampered(
                f"tile {number} of level {level} is missing or has a wrong length",
                first_bad=number << TILE_BITS * (level + 1),
            )
        return bytes(packed)


@lru_cache(maxsize=_TILES_KEPT)
def _levels(packed: bytes) -> tuple[tuple[bytes, ...], ...]:
    """Return the nodes of a tile and, level by level, what pairs of them add up to; kept by content, so never stale."""
    level = tuple(packed[at : at + merkle.HASH_BYTES] for at in range(0, len(packed), merkle.HASH_BYTES))
    levels = [level]
    while len(level) > 1:
        level = tuple(merkle.node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False))
        levels.append(level)
    return tuple(levels)
