"""Erasures killed at every named point, and at every commit there is, on each database: each ends exactly once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database
from tests.builders.killing import (
    KILLED,
    change,
    done_before,
    open_customers,
    points,
    stem,
    watching,
)

LEAST_COMMITS = 13
"""One for each of the ten steps, one in the keyring for each of two keys, one that closes the request."""


@pytest.fixture
def cc(blank_database: Database, tmp_path: Path) -> CommandLine:
    made = command_line(tmp_path, blank_database.url, blank_database.keyring_url)
    made.environment["CONSENTCORE_NOW"] = "2026-11-09T09:00:00Z"
    made("init")
    return made


@pytest.mark.faults
@pytest.mark.parametrize("archived", [True, False], ids=["invoice", "nothing_kept"])
def test_killed_at_every_named_point(cc: CommandLine, archived: bool) -> None:
    which = points(archived=archived)
    number = 1 + len(which)
    twin, *customers = open_customers(cc, number, 0) if archived else open_customers(cc, 0, number)
    with watching(cc) as watch, stem(cc) as process:
        before = watch.effects()
        assert process.run("requests", "execute", twin.reference).code == 0
        after = watch.effects()
        expected = change(before, after)
        for point, one in zip(which, customers, strict=True):
            before = after
            for _ in range(2):  # killed again at the same point: what was done stays done
                assert process.run("requests", "execute", one.reference, crash_at=point).code == KILLED, point
                assert watch.steps_done(one.reference) == set(done_before(point)), point
            ended = process.run("requests", "execute", one.reference)
            assert (ended.code, json.loads(ended.out or "{}").get("status")) == (0, "closed"), (point, ended.err)
            after = watch.effects()
            assert change(before, after) == expected, point
            assert process.run("requests", "execute", one.reference).code == 1
    assert cc("ledger", "verify")["discrepancies"] == []


@pytest.mark.faults
@pytest.mark.parametrize("after_it", [False, True], ids=["before", "after"])
def test_killed_at_every_commit(cc: CommandLine, after_it: bool) -> None:
    """Between a key's death and its certificate, between the last step and the closing: no window is left out."""
    twin, *customers = open_customers(cc, 0, 40)
    with watching(cc) as watch, stem(cc) as process:
        before = watch.effects()
        assert process.run("requests", "execute", twin.reference).code == 0
        now = watch.effects()
        expected, kills, finished = change(before, now), 0, False
        for one in customers:
            before = now
            died = process.run("requests", "execute", one.reference, commit=kills + 1, after=after_it)
            finished = died.code == 0
            if not finished:
                assert died.code == KILLED, died.err
                kills += 1
                again = process.run("requests", "execute", one.reference)
                closed_already = again.code == 1 and "closed" in again.err
                assert again.code == 0 or (after_it and closed_already), (kills, again.err)
            now = watch.effects()
            assert change(before, now) == expected, kills
            if finished:
                break
    assert finished and kills >= LEAST_COMMITS
    assert cc("ledger", "verify")["discrepancies"] == []


@pytest.mark.faults
def test_killed_at_each_of_its_points_in_turn_one_erasure_still_ends_once(cc: CommandLine) -> None:
    twin, one = open_customers(cc, 0, 2)
    with watching(cc) as watch, stem(cc) as process:
        before = watch.effects()
        assert process.run("requests", "execute", twin.reference).code == 0
        after = watch.effects()
        for point in points(archived=False):
            died = process.run("requests", "execute", one.reference, crash_at=point)
            assert died.code == KILLED, (point, died.err)
        assert process.run("requests", "execute", one.reference).code == 0
        assert change(after, watch.effects()) == change(before, after)
    assert cc("ledger", "verify")["ok"]
