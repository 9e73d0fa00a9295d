"""The vectors of R-TIME-1, and what a calendar must never do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentcore.errors import BadInput
from consentcore.policyset import PolicySet
from consentcore.requests.deadlines import civil_date, due_dates, from_pack, months_after, rolled
from policies.loader import load

POLICY: PolicySet = load()
FR = POLICY.deadlines_for("FR")
NOON = {"hour": 11, "tzinfo": UTC}


@pytest.mark.parametrize(
    ("received", "unrolled", "due", "extended", "strict"),
    [
        ("2026-01-31", "2026-02-28", "2026-03-02", "2026-04-30", "2026-04-28"),
        ("2026-03-05", "2026-04-05", "2026-04-07", "2026-06-05", "2026-06-05"),
        ("2026-04-14", "2026-05-14", "2026-05-15", "2026-07-15", "2026-07-15"),
        ("2026-12-01", "2027-01-01", "2027-01-04", "2027-03-01", "2027-03-01"),
        ("2028-01-31", "2028-02-29", "2028-02-29", "2028-05-02", "2028-05-02"),
    ],
)
def test_the_vectors_of_the_law(received: str, unrolled: str, due: str, extended: str, strict: str) -> None:
    at = datetime.combine(date.fromisoformat(received), datetime.min.time()).replace(**NOON)
    plain = from_pack(at, replace(FR, strict=False), "FR", "Europe/Paris")
    assert plain.due_on_unrolled.isoformat() == unrolled
    assert plain.due_on.isoformat() == due
    assert plain.extended_due_on.isoformat() == extended
    assert plain.rule_pack == FR.id
    safe = from_pack(at, replace(FR, strict=True), "FR", "Europe/Paris")
    assert safe.extended_due_on.isoformat() == strict
    assert safe.due_on == plain.due_on


def test_strict_counts_from_the_unrolled_month() -> None:
    strict = from_pack(datetime(2028, 1, 31, 12, tzinfo=UTC), replace(FR, strict=True), "FR", "Europe/Paris")
    assert strict.extended_due_on_unrolled == date(2028, 4, 29)  # a Saturday


def test_the_day_of_receipt_is_the_controllers() -> None:
    late = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)  # half past midnight in Paris
    assert due_dates(late, "FR", POLICY).received_on == date(2026, 1, 31)
    assert from_pack(late, FR, "FR", "UTC").received_on == date(2026, 1, 30)
    assert civil_date(late, "America/Martinique") == date(2026, 1, 30)


def test_a_country_without_a_pack_takes_the_unions_and_its_own_holidays() -> None:
    german = due_dates(datetime(2026, 9, 3, 12, tzinfo=UTC), "DE", POLICY)
    assert german.rule_pack.startswith("EU@")
    assert german.due_on == date(2026, 10, 5)  # Saturday 3 October is the national day, then Sunday
    assert german.due_on_unrolled == date(2026, 10, 3)


@pytest.mark.parametrize("country", ["XX", "F", "", "../FR"])
def test_an_unknown_country_is_refused(country: str) -> None:
    with pytest.raises(BadInput):
        due_dates(datetime(2026, 9, 3, tzinfo=UTC), country, POLICY)


@pytest.mark.parametrize("period", ["P30D", "P1W", "P", "1M", "PT1H", "P-1M", "P1M2D"])
def test_thirty_days_are_no_month(period: str) -> None:
    with pytest.raises(BadInput):
        months_after(date(2026, 1, 31), period)


def test_unknown_zones_and_times_out_of_the_calendar_are_refused() -> None:
    with pytest.raises(BadInput):
        civil_date(datetime(2026, 1, 1, tzinfo=UTC), "Europe/Atlantis")
    with pytest.raises(BadInput):
        civil_date(datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "Asia/Tokyo")
    for year in (1, 1899, 2100, 9998):
        with pytest.raises(BadInput):
            due_dates(datetime(year, 6, 1, tzinfo=UTC), "FR", POLICY)


@given(st.dates(date(2000, 1, 1), date(2090, 12, 31)))
def test_an_end_is_a_working_day_and_never_early(received: date) -> None:
    due = from_pack(datetime.combine(received, datetime.min.time()).replace(**NOON), FR, "FR", "Europe/Paris")
    assert due.due_on_unrolled <= due.due_on < due.extended_due_on
    assert due.due_on.weekday() < 5
    assert rolled(due.due_on, "FR") == due.due_on
    assert 28 <= (due.due_on_unrolled - received).days <= 31
    shorter = due.due_on_unrolled.day < received.day and _is_last(due.due_on_unrolled)
    assert due.due_on_unrolled.day == received.day or shorter


def _is_last(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1
