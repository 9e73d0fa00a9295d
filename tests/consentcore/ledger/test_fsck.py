"""The audit finds every flipped bit, every missing or foreign row, and a history that an outside checkpoint denies."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from consentcore.crypto.signing import Signer
from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger import fsck, log, merkle
from consentcore.ledger.checkpoint import Checkpoint, sign_checkpoint
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.tables import LogContent, LogEvent, LogLeaf, LogTile

from .conftest import Ledger


def newest_note(ledger: Ledger) -> str:
    with ledger.factory() as session:
        newest = latest_checkpoint(session)
    assert newest is not None
    return newest.note


def test_an_empty_log_is_whole(ledger: Ledger) -> None:
    assert ledger.audit() == fsck.LogAudit(0, merkle.EMPTY_ROOT, True)


@pytest.mark.parametrize("batches", [(1,), (255, 1), (256,), (257, 1, 300)])
def test_a_whole_log_passes(ledger: Ledger, batches: tuple[int, ...]) -> None:
    ledger.append(*batches)
    audit = ledger.audit(newest_note(ledger))
    assert (audit.ok, audit.size, audit.first_bad, audit.problem) == (True, sum(batches), None, None)


def test_memory_pages_are_crossed(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fsck, "PAGE", 7)
    ledger.append(20, 1, 30)
    assert ledger.audit().ok
    with ledger.factory.begin() as session:
        session.execute(delete(LogLeaf).where(LogLeaf.idx.between(10, 30)))
    assert ledger.audit().first_bad == 10


COLUMNS = {
    "cc_log_leaf": ("log", "idx", "event_id", "hash", "frontier", "checkpoint"),
    "cc_log_event": ("id", "log", "header"),
    "cc_log_tile": ("log", "level", "idx", "root", "hashes"),
}


def flips(value: Any, step: int) -> list[Any]:
    if isinstance(value, int):
        return [value ^ 1 << bit for bit in range(63)] + [-value - 1]
    return [
        value[: bit >> 3] + bytes([value[bit >> 3] ^ 1 << (bit & 7)]) + value[(bit >> 3) + 1 :]
        for bit in range(0, len(value) * 8, step)
    ]


def test_every_flipped_bit_is_found(ledger: Ledger) -> None:
    """Every bit of a small log: leaves, headers, checkpoints, frontiers."""
    if ledger.kind != "sqlite":
        pytest.skip("the audit reads the same rows on every database; one is enough for every bit")
    ledger.append(1, 2)
    flipped = flip_all(ledger, ("cc_log_leaf", "cc_log_event"), 1)
    assert flipped > 10_000


def test_every_flipped_bit_of_a_tile_is_found(ledger: Ledger) -> None:
    """Every bit of a tile's key and root, every 257th of its 65,536: the whole blob is compared at once."""
    if ledger.kind != "sqlite":
        pytest.skip("the audit reads the same rows on every database; one is enough for every bit")
    ledger.append(256)
    assert flip_all(ledger, ("cc_log_tile",), 257) > 500


def flip_all(ledger: Ledger, tables: tuple[str, ...], step: int) -> int:
    path = Path(ledger.factory.kw["bind"].url.database)
    raw = sqlite3.connect(path, isolation_level=None)
    vkey = ledger.vkey
    done = 0
    with ledger.factory() as session:
        connection = session.connection()
        for table in tables:
            for column in COLUMNS[table]:
                for rowid, value in raw.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                    for changed in (
                        flips(value, step if column == "hashes" else 1) if value is not None else [b"", b"x"]
                    ):
                        statement = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
                        try:
                            connection.exec_driver_sql("SAVEPOINT flip")
                            connection.exec_driver_sql(statement, (changed, rowid))
                        except Exception:
                            connection.exec_driver_sql("ROLLBACK TO flip")  # a key refused it
                            continue
                        audit = fsck.audit(connection, [vkey])
                        connection.exec_driver_sql("ROLLBACK TO flip")
                        assert not audit.ok, f"{table}.{column} of row {rowid}"
                        assert audit.first_bad is not None
                        done += 1
    raw.close()
    assert ledger.audit().ok
    return done


def tamper(ledger: Ledger, *statements: Any) -> fsck.LogAudit:
    with ledger.factory.begin() as session:
        for statement in statements:
            session.execute(statement)
    return ledger.audit()


def test_a_missing_leaf_is_the_first_bad(ledger: Ledger) -> None:
    ledger.append(2, 2, 2)
    assert tamper(ledger, delete(LogLeaf).where(LogLeaf.idx == 3)).first_bad == 3


def test_swapped_leaves_are_found(ledger: Ledger) -> None:
    ledger.append(4)
    audit = tamper(
        ledger,
        update(LogLeaf).where(LogLeaf.idx == 1).values(idx=99),
        update(LogLeaf).where(LogLeaf.idx == 2).values(idx=1),
        update(LogLeaf).where(LogLeaf.idx == 99).values(idx=2),
    )
    assert (audit.ok, audit.first_bad) == (False, 3)  # each leaf fits its event; the frontier after them does not


def test_an_event_without_leaf_is_found(ledger: Ledger) -> None:
    ledger.append(2)
    audit = tamper(ledger, insert(LogEvent).values(id=uuid.uuid4(), log=1, header=b"{}"))
    assert not audit.ok
    assert "no leaf" in (audit.problem or "")


def test_a_last_batch_cut_off_is_found_by_its_events(ledger: Ledger) -> None:
    ledger.append(2, 2)
    audit = tamper(ledger, delete(LogLeaf).where(LogLeaf.idx >= 2))
    assert (audit.ok, audit.first_bad) == (False, 2)


def test_a_rolled_back_log_fails_against_a_newer_checkpoint(ledger: Ledger) -> None:
    ledger.append(2)
    before = newest_note(ledger)
    ids = ledger.append(2)
    after = newest_note(ledger)
    with ledger.factory.begin() as session:
        session.execute(delete(LogLeaf).where(LogLeaf.idx >= 2))
        session.execute(delete(LogEvent).where(LogEvent.id.in_(ids)))
        session.execute(delete(LogContent).where(LogContent.event_id.in_(ids)))
    assert ledger.audit().ok  # the log alone cannot know
    assert ledger.audit(before).ok
    audit = ledger.audit(after)
    assert (audit.ok, audit.first_bad) == (False, 2)
    assert "rolled back" in (audit.problem or "")


def test_a_forked_history_fails_against_an_outside_checkpoint(ledger: Ledger) -> None:
    signer = ledger.keyring.log_signer()
    ledger.append(3)
    foreign = sign_checkpoint(Checkpoint(signer.name, 2, bytes(32)), [signer])
    audit = ledger.audit(foreign)
    assert (audit.ok, audit.first_bad) == (False, None)
    assert "forked" in (audit.problem or "")


def test_an_outside_checkpoint_of_another_key_is_refused(ledger: Ledger) -> None:
    ledger.append(1)
    stranger = Signer(ledger.keyring.log_signer().name, bytes(32))
    with pytest.raises(LedgerTampered):
        ledger.audit(sign_checkpoint(Checkpoint(stranger.name, 1, bytes(32)), [stranger]))
    with pytest.raises(BadInput):
        ledger.audit("no note")


def test_the_wrong_public_key_fails_at_the_first_checkpoint(ledger: Ledger) -> None:
    ledger.append(2)
    with ledger.factory() as session:
        audit = fsck.audit(session, [Signer("someone/else", bytes(32)).vkey])
    assert (audit.ok, audit.first_bad) == (False, 1)


def test_tiles_too_many_or_missing_are_found(ledger: Ledger) -> None:
    ledger.append(256)
    audit = tamper(ledger, insert(LogTile).values(log=1, level=0, idx=7, root=bytes(32), hashes=bytes(8192)))
    assert not audit.ok
    audit = tamper(ledger, delete(LogTile).where(LogTile.idx == 7), delete(LogTile).where(LogTile.idx == 0))
    assert (audit.ok, audit.first_bad) == (False, 0)


def rewrite(ledger: Ledger, header: bytes) -> fsck.LogAudit:
    """Make a log of one leaf over any header, rightly hashed and signed, as a holder of the key could."""
    event_id, leaf, signer = uuid.uuid4(), merkle.leaf_hash(header), ledger.keyring.log_signer()
    note = sign_checkpoint(Checkpoint(signer.name, 1, leaf), [signer]).encode()
    return tamper(
        ledger,
        insert(LogEvent).values(id=event_id, log=1, header=header),
        insert(LogLeaf).values(log=1, idx=0, event_id=event_id, hash=leaf, frontier=leaf, checkpoint=note),
    )


@pytest.mark.parametrize(
    "header", [b"", b"{}", b'{"v":1}', b"\xff", b'{"id":"x","tenant":0,"ts":"","type":"a.b","v":1}']
)
def test_headers_outside_the_grammar_are_found_though_signed(ledger: Ledger, header: bytes) -> None:
    audit = rewrite(ledger, header)
    assert (audit.ok, audit.first_bad) == (False, 0)
    assert "grammar" in (audit.problem or "")


@pytest.mark.parametrize("data", [b'{"a":1,"a":1}', b'{"a": 1}', b'{"a":1.5}', b'{"a":1},"data":{"b":1}', b"{}}"])
def test_data_that_are_not_canonical_are_found_though_signed(ledger: Ledger, data: bytes) -> None:
    rest = b',"id":"%s","tenant":0,"ts":"2026-11-09T09:00:00Z","type":"a.b","v":1}'
    event_id = uuid.uuid4()
    header = b'{"data":' + data + rest % str(event_id).encode()
    leaf, signer = merkle.leaf_hash(header), ledger.keyring.log_signer()
    note = sign_checkpoint(Checkpoint(signer.name, 1, leaf), [signer]).encode()
    audit = tamper(
        ledger,
        insert(LogEvent).values(id=event_id, log=1, header=header),
        insert(LogLeaf).values(log=1, idx=0, event_id=event_id, hash=leaf, frontier=leaf, checkpoint=note),
    )
    assert (audit.ok, audit.first_bad) == (False, 0)


def test_values_of_another_kind_are_a_finding_not_a_crash(ledger: Ledger) -> None:
    if ledger.kind != "sqlite":
        pytest.skip("only SQLite stores a text in a column of bytes")
    for column in ("header", "hash", "frontier", "checkpoint"):
        ledger.append(1)
        table = "cc_log_event" if column == "header" else "cc_log_leaf"
        with ledger.factory.begin() as session:
            session.connection().exec_driver_sql(f"UPDATE {table} SET {column} = 'text'")
        assert not ledger.audit().ok
        with ledger.factory.begin() as session:
            for name in ("cc_log_event", "cc_log_leaf", "cc_log_content"):
                session.connection().exec_driver_sql(f"DELETE FROM {name}")


def test_the_audit_needs_no_bound_session_and_reads_only(ledger: Ledger) -> None:
    ledger.append(3)
    with ledger.factory.kw["bind"].connect() as connection:
        assert fsck.audit(connection, [ledger.vkey]).ok


def test_a_log_that_grows_meanwhile_is_whole(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    if ledger.kind == "sqlite":
        pytest.skip("a SQLite reader sees one snapshot")
    ledger.append(250)
    original = fsck.check_header
    grown: list[int] = []

    def check(header: bytes, event_id: bytes) -> None:
        if not grown:
            grown.append(1)
            with ledger.factory.begin() as session:
                log.queue_many(session, [ledger.event(number) for number in range(30)])
        original(header, event_id)

    monkeypatch.setattr(fsck, "check_header", check)
    audit = ledger.audit()
    assert (audit.ok, audit.size) == (True, 250)
