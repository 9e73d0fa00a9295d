"""A breach is entered once, sealed, and its clock counts elapsed hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.clock import parse_instant
from consentcore.errors import BadInput, ConfigurationError, NotFound
from consentcore.ledger.tables import LogEvent
from consentcore.policyset import PolicySet
from registry.breaches import Nature, breaches
from registry.breaches import open as open_breach
from registry.tables import BreachRow
from tests.builders.databases import Database

SUMMARY = "Un envoi à Jeanne Delorme est parti chez un autre client"


@pytest.mark.parametrize(
    ("aware_at", "notify_by"),
    [
        ("2026-10-23T18:30:00+02:00", "2026-10-26T16:30:00Z"),  # the night of 25 October has 25 hours in Paris
        ("2026-03-27T18:30:00+01:00", "2026-03-30T17:30:00Z"),  # that of 29 March has 23
        ("2026-11-06T23:59:59Z", "2026-11-09T23:59:59Z"),  # over a week-end, without a roll
    ],
)
def test_seventy_two_hours_elapse_whatever_the_clocks_do(
    bound: sessionmaker[Session], policy: PolicySet, aware_at: str, notify_by: str
) -> None:
    aware = parse_instant(aware_at)
    with bound.begin() as session:
        opened = open_breach(session, policy, aware, "confidentiality", SUMMARY, datetime(2027, 1, 1, tzinfo=UTC))
    assert opened.notify_by == parse_instant(notify_by)
    assert opened.notify_by - aware == timedelta(hours=72)


def test_a_breach_is_sealed_logged_and_read_back(
    bound: sessionmaker[Session], policy: PolicySet, now: datetime
) -> None:
    with bound.begin() as session:
        opened = open_breach(session, policy, now, "availability, confidentiality", SUMMARY, now)
    with bound() as session:
        (row,) = session.scalars(select(BreachRow)).all()
        (header,) = session.scalars(select(LogEvent.header).where(LogEvent.id == row.event_id)).all()
        (read,) = breaches(session)
    assert b"Jeanne" not in row.summary
    assert b'"type":"breach.opened"' in header
    assert opened.reference.encode() in header
    assert b"Jeanne" not in header
    assert read == opened
    assert read.nature == (Nature.CONFIDENTIALITY, Nature.AVAILABILITY)
    assert read.rule_pack == "FR@1"


@pytest.mark.parametrize(
    ("nature", "summary", "ahead"),
    [
        ("leak", SUMMARY, 0),
        ("", SUMMARY, 0),
        ("integrity", "  ", 0),
        ("integrity", "x" * 10_001, 0),
        ("integrity", "\ud800", 0),
        ("integrity", SUMMARY, 1),
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(
    bound: sessionmaker[Session], policy: PolicySet, now: datetime, nature: str, summary: str, ahead: int
) -> None:
    with bound() as session:
        with pytest.raises(BadInput) as refused:
            open_breach(session, policy, now + timedelta(seconds=ahead), nature, summary, now)
        assert "Jeanne" not in str(refused.value)
        assert session.scalars(select(BreachRow)).all() == []


def test_without_deadlines_no_clock_is_made_up(bound: sessionmaker[Session], policy: PolicySet, now: datetime) -> None:
    with bound() as session, pytest.raises(NotFound):
        open_breach(session, replace(policy, deadlines={}), now, "integrity", SUMMARY, now)


def test_an_unbound_session_is_refused(database: Database, policy: PolicySet, now: datetime) -> None:
    with Session(database.engine) as session, pytest.raises(ConfigurationError):
        open_breach(session, policy, now, "integrity", SUMMARY, now)
