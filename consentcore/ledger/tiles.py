"""The log as static files (C2SP tlog-tiles): tiles of hashes, bundles of entries, and the paths they lie under.

A full tile never changes, nor does a prefix of one: whoever has the checkpoint can rebuild the root from tiles alone,
and whoever has the bundles can rebuild the tiles. A bundle holds the canonical headers, which name nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from consentcore.errors import LedgerTampered, NotFound
from consentcore.ledger import merkle
from consentcore.ledger.append import TILE_BITS, TILE_WIDTH, stored_nodes
from consentcore.ledger.proofs import connection_of
from consentcore.ledger.statements import run
from consentcore.ledger.tables import MAIN

ENTRIES = "entries"
MOST_LEVEL = 63
_STEP = 1000
_PATH = re.compile(r"(?:(0|[1-9][0-9]?)|entries)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_TILE = "SELECT hashes FROM cc_log_tile WHERE log = ? AND level = ? AND idx = ?"
_ENTRIES = (
    "SELECT e.header FROM cc_log_leaf l JOIN cc_log_event e ON e.id = l.event_id"
    " WHERE l.log = ? AND l.idx >= ? AND l.idx < ? ORDER BY l.idx"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile: its level (None: the entries of level 0), its index there, how many of its places are asked for."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def full(self) -> bool:
        """Whether all 256 places are asked for: then it never changes and stands under the shorter path."""
        return self.width == TILE_WIDTH

    def path(self) -> str:
        """Write the path below `tile/`: `0/x001/234` or, of a partial one, `0/x001/234.p/17`."""
        parts, rest = [f"{self.index % _STEP:03}"], self.index // _STEP
        while rest:
            parts.insert(0, f"x{rest % _STEP:03}")
            rest //= _STEP
        below = ENTRIES if self.level is None else str(self.level)
        return f"{below}/{'/'.join(parts)}" + ("" if self.full else f".p/{self.width}")


def parse_path(path: str) -> Tile:
    """Read a path below `tile/`; every other spelling of it is refused.

    Raises: NotFound.
    """
    found = _PATH.fullmatch(path)
    if found is not None:
        width = TILE_WIDTH if found[3] is None else int(found[3])
        level = None if found[1] is None else int(found[1])
        tile = Tile(level, int(found[2].replace("x", "").replace("/", "")), width)
        whole = found[3] is None or width < TILE_WIDTH
        if whole and (level or 0) <= MOST_LEVEL and tile.path() == path:
            return tile
    raise NotFound("there is no tile under this path; it is level or `entries`, then index, such as 0/x001/234.p/17")


def read_tile(source: Session | Connection, tile: Tile, log: int = MAIN) -> bytes:
    """Return the bytes of a tile or of a bundle of entries.

    Raises: NotFound when the log has not grown so far; LedgerTampered when stored rows are missing.
    """
    connection = connection_of(source)
    newest = run(connection, "SELECT max(idx) FROM cc_log_leaf WHERE log = ?", log).scalar()
    level, start = tile.level or 0, tile.index << TILE_BITS
    size = 0 if newest is None else newest + 1
    if start + tile.width > size >> TILE_BITS * level:
        raise NotFound("the log has not grown so far")
    if tile.level is None:
        return _bundle(connection, log, start, tile.width)
    if tile.full:
        return _stored(connection, log, tile)
    return b"".join(stored_nodes(connection, log, level, start, start + tile.width))


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every tile and bundle that a log of `size` leaves consists of, partial ones at the right edge."""
    level, there = 0, size
    while there:
        for tile in _row(level, there):
            yield tile
            if level == 0:
                yield Tile(None, tile.index, tile.width)
        level, there = level + 1, there >> TILE_BITS


def _row(level: int, there: int) -> Iterator[Tile]:
    for index in range(there >> TILE_BITS):
        yield Tile(level, index)
    if there % TILE_WIDTH:
        yield Tile(level, there >> TILE_BITS, there % TILE_WIDTH)


def _stored(connection: Connection, log: int, tile: Tile) -> bytes:
    packed = run(connection, _TILE, log, tile.level, tile.index).scalar()
    if packed is None or len(packed) != TILE_WIDTH * merkle.HASH_BYTES:
        first = tile.index << TILE_BITS * ((tile.level or 0) + 1)
        raise LedgerTampered(f"tile {tile.path()} is missing or has a wrong length", first_bad=first)
    return bytes(packed)


def _bundle(connection: Connection, log: int, start: int, width: int) -> bytes:
    headers = [bytes(row[0]) for row in run(connection, _ENTRIES, log, start, start + width)]
    if len(headers) != width:
        raise LedgerTampered(f"entries are missing between {start} and {start + width}", first_bad=start)
    return b"".join(len(header).to_bytes(2, "big") + header for header in headers)
