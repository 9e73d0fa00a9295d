"""States that others hold: every one that the log contradicts is named, a shorter log is a rollback."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consentcore.crypto.signing import Signer
from consentcore.errors import LedgerTampered
from consentcore.ledger import fsck, merkle
from consentcore.ledger.checkpoint import Checkpoint, sign_checkpoint
from consentcore.ledger.cosigning import Cosigner, verify_cosignatures
from consentcore.ledger.outside import Outside, OutsideStates
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.tables import LogLeaf
from consentcore.ledger.witnessed import (
    LONGEST_PAUSE,
    Timestamp,
    add_cosignature,
    add_timestamp,
    answered,
    cosignatures,
    failed,
    standing,
    standings,
    timestamps,
    with_cosignatures,
)

from .conftest import Ledger

ONE = Cosigner("witness.example/one", bytes(range(32)))
TWO = Cosigner("witness.example/two", bytes(range(1, 33)))


def roots(ledger: Ledger) -> list[bytes]:
    """The root of the log at every size."""
    with ledger.factory() as session:
        hashes = [row.hash for row in session.query(LogLeaf).order_by(LogLeaf.idx)]
    return [merkle.root_of(hashes[:size]) for size in range(len(hashes) + 1)]


def audit(ledger: Ledger, *states: Outside) -> fsck.LogAudit:
    with ledger.factory() as session:
        return fsck.audit(session, [ledger.vkey], outside=states)


def test_states_of_every_size_are_met(ledger: Ledger) -> None:
    ledger.append(1, 4, 250, 3, 300)
    seen = [Outside(size, root, f"state {size}") for size, root in enumerate(roots(ledger))]
    assert audit(ledger, *reversed(seen)).ok
    for size in (0, 1, 2, 5, 100, 255, 256, 257, 511, 512, 558):
        false = Outside(size, bytes(32), "the false one")
        found = audit(ledger, *seen, false)
        assert (found.ok, found.first_bad, found.size) == (False, None, 558)
        assert f"the first {size} leaves contradict the false one: a forked history" == found.problem


def test_each_witness_that_is_contradicted_is_named(ledger: Ledger) -> None:
    ledger.append(6)
    false = [Outside(size, bytes(32), who) for size, who in ((2, "one"), (4, "two"), (4, "three"), (5, "two"))]
    right = Outside(3, roots(ledger)[3], "the right one")
    found = audit(ledger, right, *false)
    assert found.problem == "the first 2 leaves contradict one; three; two: a forked history"


def test_a_shorter_log_was_rolled_back(ledger: Ledger) -> None:
    ledger.append(6)
    found = audit(ledger, Outside(9, bytes(32), "somebody"), Outside(2, bytes(32), "another"))
    assert (found.ok, found.first_bad) == (False, 6)
    assert "somebody shows 9: it was rolled back (contradicts somebody; another)" in (found.problem or "")
    assert "rolled back" in (audit(ledger, Outside(7, bytes(32), "somebody")).problem or "")


def test_tampering_is_named_before_witnesses(ledger: Ledger) -> None:
    ledger.append(6)
    with ledger.factory.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM cc_log_leaf WHERE idx = 3")
    found = audit(ledger, Outside(2, bytes(32), "somebody"))
    assert (found.ok, found.first_bad, found.problem) == (False, 3, "leaf 3 is missing")


def test_nothing_outside_settles_anything() -> None:
    states = OutsideStates(())
    states.meet(0, b"")
    states.settle(0)
    assert states.next_size == -1
    with pytest.raises(LedgerTampered):
        OutsideStates((Outside(1, b"", "x"),)).settle(0)


def test_what_witnesses_said_is_kept_once(ledger: Ledger) -> None:
    ledger.append(3)
    with ledger.factory() as session:
        newest = latest_checkpoint(session)
    assert newest is not None
    body = Checkpoint(ledger.keyring.log_signer().name, newest.size, newest.root).body()
    given = [one.cosign(body, ledger.now) for one in (ONE, TWO)]
    stamp = Timestamp(newest.size, newest.root, "tsa.example", b"\x30" * 5_000, ledger.now)
    for _ in range(2):
        with ledger.factory.begin() as session:
            for one in given:
                add_cosignature(session, newest.size, newest.root, one)
            add_timestamp(session, stamp)
    with ledger.factory() as session:
        assert timestamps(session) == (stamp,)
        assert [one.by for one in cosignatures(session)] == given
        assert cosignatures(session, 2) == ()
        cosigned = with_cosignatures(session, newest)
    assert verify_cosignatures(cosigned.note, [ONE.key, TWO.key]) == tuple(given)
    assert ledger.audit(cosigned.note).ok


def test_a_cosignature_of_another_root_is_not_handed_out(ledger: Ledger) -> None:
    ledger.append(3)
    with ledger.factory.begin() as session:
        newest = latest_checkpoint(session)
        assert newest is not None
        add_cosignature(session, newest.size, bytes(32), ONE.cosign("x\n", ledger.now))
        assert with_cosignatures(session, newest) == newest


def test_the_pause_doubles_and_ends_with_an_answer(ledger: Ledger) -> None:
    name, pauses = "witness x", []
    for _ in range(12):
        with ledger.factory.begin() as session:
            failed(session, name, "no answer" * 100, ledger.now)
            state = standing(session, name)
            assert state is not None
            pauses.append(state.due_at - ledger.now)
    assert pauses[:4] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert pauses[-1] == LONGEST_PAUSE and state.failures == 12 and len(state.problem or "") == 200
    with ledger.factory.begin() as session:
        answered(session, name, 7, ledger.now, timedelta(minutes=1))
        (state,) = standings(session)
        assert standing(session, "nobody") is None
    assert (state.size, state.failures, state.problem, state.done_at) == (7, 0, None, ledger.now)


def test_a_checkpoint_of_the_logs_own_key_proves_a_fork(ledger: Ledger) -> None:
    ledger.append(3)
    signer = ledger.keyring.log_signer()
    foreign = sign_checkpoint(Checkpoint(signer.name, 2, bytes(32)), [signer])
    assert not ledger.audit(foreign).ok
    with pytest.raises(LedgerTampered):
        ledger.audit(sign_checkpoint(Checkpoint(signer.name, 2, bytes(32)), [Signer(signer.name, bytes(32))]))
