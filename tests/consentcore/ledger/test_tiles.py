"""Tiles as C2SP tlog-tiles says: paths, widths, bundles; a client that knows only them finds the checkpoint's root."""

from __future__ import annotations

import struct
from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from consentcore.errors import LedgerTampered, NotFound
from consentcore.ledger.append import append
from consentcore.ledger.merkle import leaf_hash
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.tables import LogEvent, LogTile
from consentcore.ledger.tiles import Tile, parse_path, read_tile, tiles_of

from .conftest import Ledger

Fetch = Callable[[str], bytes]


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "0/000"),
        (Tile(0, 1234067), "0/x001/x234/067"),
        (Tile(1, 17, 5), "1/017.p/5"),
        (Tile(None, 1000, 255), "entries/x001/000.p/255"),
        (Tile(None, 999), "entries/999"),
        (Tile(63, 0, 1), "63/000.p/1"),
    ],
)
def test_paths_are_those_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path() == path
    assert parse_path(path) == tile


@given(st.none() | st.integers(0, 63), st.integers(0, 10**17), st.integers(1, 256))
def test_every_path_leads_back(level: int | None, index: int, width: int) -> None:
    assert parse_path(Tile(level, index, width).path()) == Tile(level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        *("", "0", "0/", "0/0", "0/00", "0/0000", "00/000", "64/000", "-1/000", "0/x000/000", "0/x01/000", "0/001/000"),
        *("0/x001/x000", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000.p", "0/000/", "/0/000", "x/000"),
        *("entries", "entries/0", "entries/000.p/256", "0/٠٠٠", "0/000\n", "0/../000", "data/000", "0/000.p/5/6"),
        "0/x001/x000/x000/x000/x000/x000/000",
    ],
)
def test_every_other_path_is_not_there(path: str) -> None:
    with pytest.raises(NotFound):
        parse_path(path)


def test_the_published_example() -> None:
    """A tree of 70,000 leaves, as the specification counts its tiles."""
    made = list(tiles_of(70_000))
    hashes = [tile for tile in made if tile.level is not None]
    assert [(level, sum(t.full for t in hashes if t.level == level)) for level in (0, 1, 2)] == [
        (0, 273),
        (1, 1),
        (2, 0),
    ]
    assert {tile.path() for tile in hashes if not tile.full} == {"0/273.p/112", "1/001.p/17", "2/000.p/1"}
    assert sum(tile.level is None for tile in made) == 274
    assert {tile.path() for tile in tiles_of(256)} == {"0/000", "entries/000", "1/000.p/1"}
    assert list(tiles_of(0)) == []


class TileClient:
    """Somebody who has a checkpoint, can fetch paths, and knows RFC 6962; nothing of ours is used."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        self.size, self.fetch = size, fetch

    @staticmethod
    def path(index: int) -> str:
        digits = f"{index:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])

    def row(self, level: str, there: int) -> list[tuple[str, int]]:
        whole = [(f"{level}/{self.path(index)}", 256) for index in range(there // 256)]
        rest = there % 256
        return whole + ([(f"{level}/{self.path(there // 256)}.p/{rest}", rest)] if rest else [])

    def hashes(self, level: int) -> list[bytes]:
        found: list[bytes] = []
        for path, width in self.row(str(level), self.size // 256**level):
            data = self.fetch(path)
            assert len(data) == 32 * width
            found += [data[at : at + 32] for at in range(0, len(data), 32)]
        return found

    def entries(self) -> list[bytes]:
        found: list[bytes] = []
        for path, width in self.row("entries", self.size):
            data, count = self.fetch(path), 0
            while data:
                (length,) = struct.unpack(">H", data[:2])
                found.append(data[2 : 2 + length])
                data, count = data[2 + length :], count + 1
            assert count == width
        return found

    def tree(self, nodes: list[bytes]) -> bytes:
        if not nodes:
            return sha256(b"").digest()
        if len(nodes) == 1:
            return nodes[0]
        half = 1
        while half * 2 < len(nodes):
            half *= 2
        return sha256(b"\x01" + self.tree(nodes[:half]) + self.tree(nodes[half:])).digest()

    def root(self) -> bytes:
        """Rebuild the root from the leaves' tiles, and hold every tile above against the ones below."""
        level, below = 0, self.hashes(0)
        root = self.tree(below)
        while len(below) >= 256:
            above = self.hashes(level + 1)
            assert above == [self.tree(below[at : at + 256]) for at in range(0, len(below) // 256 * 256, 256)]
            level, below = level + 1, above
        return root


def reader(ledger: Ledger) -> Fetch:
    def fetch(path: str) -> bytes:
        with ledger.factory() as session:
            return read_tile(session, parse_path(path))

    return fetch


@pytest.mark.parametrize("batches", [(1,), (255,), (256,), (250, 7, 300)])
def test_a_client_finds_the_root_from_tiles_alone(ledger: Ledger, batches: tuple[int, ...]) -> None:
    ledger.append(*batches)
    with ledger.factory() as session:
        newest = latest_checkpoint(session)
    assert newest is not None
    client = TileClient(newest.size, reader(ledger))
    assert client.root() == newest.root
    assert [sha256(b"\x00" + entry).digest() for entry in client.entries()] == client.hashes(0)
    older = TileClient(max(newest.size - 3, 1), reader(ledger))
    assert older.hashes(0) == client.hashes(0)[: older.size]


def test_tiles_of_the_second_level(ledger: Ledger) -> None:
    size = 65_536 + 300
    pairs = [(number.to_bytes(16, "big"), leaf_hash(number.to_bytes(4, "big"))) for number in range(size)]
    signer = ledger.keyring.log_signer()
    with ledger.factory() as session:  # never committed
        made = append(session.connection(), pairs, signer, signer.vkey)
        client = TileClient(size, lambda path: read_tile(session, parse_path(path)))
        assert client.root() == made.root


@pytest.mark.parametrize("path", ["0/001", "0/001.p/45", "0/002.p/1", "1/000", "1/000.p/2", "2/000.p/1", "entries/001"])
def test_what_has_not_grown_is_not_there(ledger: Ledger, path: str) -> None:
    ledger.append(300)
    fetch = reader(ledger)
    assert len(fetch("0/001.p/44")) == 44 * 32 and len(fetch("1/000.p/1")) == 32
    with pytest.raises(NotFound, match="grown"):
        fetch(path)


def test_an_empty_log_has_no_tile(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        reader(ledger)("0/000.p/1")


def test_missing_rows_are_told(ledger: Ledger) -> None:
    ids = ledger.append(300)
    with ledger.factory.begin() as session:
        session.execute(delete(LogTile))
        session.execute(delete(LogEvent).where(LogEvent.id == ids[7]))
    for path in ("0/000", "1/000.p/1", "entries/000"):
        with pytest.raises(LedgerTampered):
            reader(ledger)(path)
