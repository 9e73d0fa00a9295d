"""Proofs read from tiles lead to the roots of the naive model, at every size and across tile borders."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger import merkle
from consentcore.ledger.append import append
from consentcore.ledger.proofs import consistency_proof, inclusion_proof, latest_checkpoint
from consentcore.ledger.tables import LogLeaf, LogTile

from .conftest import Ledger


def leaves(session: Session) -> list[bytes]:
    return list(session.scalars(select(LogLeaf.hash).order_by(LogLeaf.idx)))


def test_every_proof_of_a_small_log(ledger: Ledger) -> None:
    ledger.append(1, 4, 7, 1)
    with ledger.factory() as session:
        hashes = leaves(session)
        roots = [merkle.root_of(hashes[:size]) for size in range(len(hashes) + 1)]
        for size in range(1, len(hashes) + 1):
            for index in range(size):
                proof = inclusion_proof(session, index, size)
                merkle.verify_inclusion(hashes[index], index, size, proof, roots[size])
            for old in range(1, size + 1):
                merkle.verify_consistency(old, size, consistency_proof(session, old, size), roots[old], roots[size])


def test_proofs_across_tiles(ledger: Ledger) -> None:
    ledger.append(255, 1, 300, 230)
    with ledger.factory() as session:
        hashes = leaves(session)
        assert len(hashes) == 786
        for size in (1, 255, 256, 257, 511, 512, 513, 769, 786):
            root = merkle.root_of(hashes[:size])
            for index in {0, size // 2, size - 1, min(255, size - 1), min(256, size - 1)}:
                merkle.verify_inclusion(hashes[index], index, size, inclusion_proof(session, index, size), root)
            for old in {1, (size + 1) // 2, min(256, size), size}:
                proof = consistency_proof(session, old, size)
                merkle.verify_consistency(old, size, proof, merkle.root_of(hashes[:old]), root)


def test_tiles_of_the_second_level(ledger: Ledger) -> None:
    size = 65_536 + 300
    pairs = [(number.to_bytes(16, "big"), merkle.leaf_hash(number.to_bytes(4, "big"))) for number in range(size)]
    signer = ledger.keyring.log_signer()
    hashes = [leaf for _, leaf in pairs]
    with ledger.factory() as session:  # never committed
        connection = session.connection()
        for start, stop in ((0, 40_000), (40_000, 40_001), (40_001, size)):
            append(connection, pairs[start:stop], signer, signer.vkey)
        assert connection.exec_driver_sql("SELECT count(*) FROM cc_log_tile WHERE level = 1").scalar() == 1
        newest = latest_checkpoint(session)
        assert newest is not None
        assert (newest.size, newest.root) == (size, merkle.root_of(hashes))
        for index in (0, 40_000, 65_535, 65_536, size - 1):
            merkle.verify_inclusion(hashes[index], index, size, inclusion_proof(session, index, size), newest.root)
        for old in (1, 40_000, 65_536, 65_537, size - 1):
            proof = consistency_proof(session, old, size)
            merkle.verify_consistency(old, size, proof, merkle.root_of(hashes[:old]), newest.root)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3), (0, 4), (0, -1)])
def test_what_is_not_there_has_no_inclusion_proof(ledger: Ledger, index: int, size: int) -> None:
    ledger.append(3)
    with ledger.factory() as session, pytest.raises(BadInput):
        inclusion_proof(session, index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (3, 2), (-1, 3), (1, 4)])
def test_what_is_not_there_has_no_consistency_proof(ledger: Ledger, old: int, new: int) -> None:
    ledger.append(3)
    with ledger.factory() as session, pytest.raises(BadInput):
        consistency_proof(session, old, new)


def test_a_missing_tile_or_leaf_is_named(ledger: Ledger) -> None:
    ledger.append(300)
    with ledger.factory() as session:
        session.execute(delete(LogTile))
        with pytest.raises(LedgerTampered) as found:
            inclusion_proof(session, 3, 300)
        assert found.value.first_bad == 0
        session.rollback()
        session.execute(delete(LogLeaf).where(LogLeaf.idx == 270))
        with pytest.raises(LedgerTampered):
            inclusion_proof(session, 280, 300)


def test_an_empty_log_has_no_checkpoint(ledger: Ledger) -> None:
    with ledger.factory() as session:
        assert latest_checkpoint(session) is None
