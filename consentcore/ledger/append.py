"""Appending a batch of leaves: lock, tail, frontier, signed checkpoint, full tiles; the last thing before COMMIT."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from consentcore.errors import ConfigurationError, LedgerTampered
from consentcore.ledger import merkle
from consentcore.ledger.checkpoint import Checkpoint, open_checkpoint, parse_body, sign_checkpoint
from consentcore.ledger.note import NoteSigner
from consentcore.ledger.signingkeys import OneKey, SigningKeys, key_ids
from consentcore.ledger.statements import insert, run
from consentcore.ledger.tables import MAIN

TILE_BITS = 8
TILE_WIDTH = 1 << TILE_BITS
_ADVISORY_LOCK = 0x6363_6C6F_6700_0000  # "cclog": apart from whatever the host locks
_LEAF_COLUMNS = ("log", "idx", "event_id", "hash", "frontier", "checkpoint")
_TILE_COLUMNS = ("log", "level", "idx", "root", "hashes")
_TAIL = "SELECT idx, frontier, checkpoint FROM cc_log_leaf WHERE log = ? ORDER BY idx DESC LIMIT 1"
_SIGNED_HERE: dict[bytes, None] = {}  # notes that this process signed: their signature needs no check
_SIGNED_KEPT = 64


def ensure_log(connection: Connection, log: int = MAIN) -> None:
    """Make the row that appenders lock, if it is not there; part of initialising a database."""
    if run(connection, "SELECT log FROM cc_log_lock WHERE log = ?", log).first() is None:
        insert(connection, "cc_log_lock", ("log",), [(log,)])


def append(
    connection: Connection, leaves: Sequence[tuple[bytes, bytes]], signer: NoteSigner, vkey: str, log: int = MAIN
) -> Checkpoint:
    """Append leaves under one key that never changes; as `append_signed`."""
    return append_signed(connection, leaves, OneKey(signer, vkey), log)


def append_signed(
    connection: Connection, leaves: Sequence[tuple[bytes, bytes]], keys: SigningKeys, log: int = MAIN
) -> Checkpoint:
    """Append (event id, leaf hash) pairs and return the checkpoint after them; the lock is held until COMMIT.

    The stored tail is checked against its signed checkpoint before anything is built on it: otherwise whoever can
    write the table could have this process sign a history of their own. Its signatures say which keys are in force.
    Raises: LedgerTampered, ConfigurationError.
    """
    _lock(connection, log)
    frontier, size, signed_by = _tail(connection, log, keys)
    signers = keys.signers(signed_by)
    hashes = [leaf for _, leaf in leaves]
    frontier, new_size = merkle.extend(frontier, size, hashes)
    checkpoint = Checkpoint(signers[0].name, new_size, merkle.root_from(frontier))
    note = sign_checkpoint(checkpoint, signers).encode()
    rows = [(log, size + at, event_id, leaf, None, None) for at, (event_id, leaf) in enumerate(leaves)]
    rows[-1] = (*rows[-1][:4], merkle.pack(frontier), note)  # type: ignore[assignment]
    insert(connection, "cc_log_leaf", _LEAF_COLUMNS, rows)
    _write_tiles(connection, log, size, hashes)
    _remember(note)
    return checkpoint


def stored_nodes(connection: Connection, log: int, level: int, start: int, stop: int) -> list[bytes]:
    """Read the hashes [start, stop) of tree level 8 x `level`: leaf hashes, or the roots of the tiles below.

    Raises: LedgerTampered when one is missing.
    """
    if level == 0:
        text = "SELECT hash FROM cc_log_leaf WHERE log = ? AND idx >= ? AND idx < ? ORDER BY idx"
        rows = run(connection, text, log, start, stop).all()
    else:
        text = "SELECT root FROM cc_log_tile WHERE log = ? AND level = ? AND idx >= ? AND idx < ? ORDER BY idx"
        rows = run(connection, text, log, level - 1, start, stop).all()
    if len(rows) != stop - start:
        raise LedgerTampered(
            f"stored hashes of level {level} are missing between {start} and {stop}",
            first_bad=start << TILE_BITS * level,
        )
    return [bytes(row[0]) for row in rows]


def _lock(connection: Connection, log: int) -> None:
    # SQLite needs none: the event rows were written, so this unit holds the only write lock.
    if connection.dialect.name == "postgresql":
        run(connection, "SELECT pg_advisory_xact_lock(?)", _ADVISORY_LOCK + log)
    elif connection.dialect.name != "sqlite":
        row = run(connection, "SELECT log FROM cc_log_lock WHERE log = ? FOR UPDATE", log).first()
        if row is None:
            raise ConfigurationError("the log was never made; run `consentcore init`")


def _tail(connection: Connection, log: int, keys: SigningKeys) -> tuple[list[bytes], int, frozenset[bytes]]:
    locking = "" if connection.dialect.name in ("sqlite", "postgresql") else " FOR UPDATE"
    row = run(connection, _TAIL + locking, log).first()
    if row is None:
        return [], 0, frozenset()
    index, packed, note = row
    if packed is None or note is None:
        raise LedgerTampered("the newest leaf carries no checkpoint; run `consentcore ledger verify`", first_bad=index)
    frontier = merkle.unpack(bytes(packed), index + 1)
    signed_by = key_ids(bytes(note))
    signed = _opened(bytes(note), keys, signed_by)
    if (signed.size, signed.root) != (index + 1, merkle.root_from(frontier)):
        raise LedgerTampered("the newest leaf contradicts its own checkpoint", first_bad=index)
    return frontier, index + 1, signed_by


def _opened(note: bytes, keys: SigningKeys, signed_by: frozenset[bytes]) -> Checkpoint:
    if note in _SIGNED_HERE:
        return parse_body(note.decode().partition("\n\n")[0] + "\n")
    checkpoint = open_checkpoint(note.decode(errors="replace"), keys.vkeys(signed_by))
    _remember(note)
    return checkpoint


def _remember(note: bytes) -> None:
    _SIGNED_HERE[note] = None
    while len(_SIGNED_HERE) > _SIGNED_KEPT:
        _SIGNED_HERE.pop(next(iter(_SIGNED_HERE)), None)


def _write_tiles(connection: Connection, log: int, size: int, nodes: list[bytes]) -> None:
    level, rows = 0, []
    while size >> TILE_BITS != size + len(nodes) >> TILE_BITS:
        first, end = size >> TILE_BITS, size + len(nodes) >> TILE_BITS
        if size % TILE_WIDTH:
            nodes = stored_nodes(connection, log, level, first << TILE_BITS, size) + nodes
        tiles = [nodes[at << TILE_BITS : at + 1 << TILE_BITS] for at in range(end - first)]
        roots = [merkle.perfect_root(tile) for tile in tiles]
        rows += [
            (log, level, first + at, root, b"".join(tile))
            for at, (root, tile) in enumerate(zip(roots, tiles, strict=True))
        ]
        size, nodes, level = first, roots, level + 1
    if rows:
        insert(connection, "cc_log_tile", _TILE_COLUMNS, rows)
