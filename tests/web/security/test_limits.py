"""Attempts are counted in the database, alike for every process, and by keyed hash alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from web.security.limits import Limit, TooOften, spend
from web.security.tables import AttemptRow

LIMIT = Limit("test", 3, timedelta(minutes=15))


def test_a_limit_holds_and_ends(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> None:
    for _ in range(3):
        with bound.begin() as session:
            spend(session, keyring, LIMIT, "a@courriel.example", now)
    with bound.begin() as session, pytest.raises(TooOften):
        spend(session, keyring, LIMIT, "a@courriel.example", now)
    with bound.begin() as session:
        spend(session, keyring, LIMIT, "b@courriel.example", now)
        spend(session, keyring, Limit("other", 3, LIMIT.every), "a@courriel.example", now)
        spend(session, keyring, LIMIT, "a@courriel.example", now + LIMIT.every)


def test_who_tried_is_not_in_the_rows(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> None:
    with bound.begin() as session:
        spend(session, keyring, LIMIT, "a@courriel.example", now)
        (row,) = session.scalars(select(AttemptRow)).all()
        assert len(row.who) == 16
        assert b"courriel" not in row.who


def test_old_rows_go(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> None:
    with bound.begin() as session:
        spend(session, keyring, LIMIT, "a@courriel.example", now)
    with bound.begin() as session:
        spend(session, keyring, LIMIT, "b@courriel.example", now + timedelta(days=2))
        assert len(session.scalars(select(AttemptRow)).all()) == 1


def test_attempts_at_the_same_time_are_all_counted(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    limit = Limit("race", 5, timedelta(minutes=15))

    def one(_: int) -> bool:
        try:
            with bound.begin() as session:
                spend(session, keyring, limit, "a@courriel.example", now)
        except TooOften:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(24))) == 5
