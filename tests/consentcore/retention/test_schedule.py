"""The last day on which data are kept, and what one comparison with a cutoff says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentcore.errors import BadInput
from consentcore.policyset import Controller, Phase, RetentionRule, RuleStatus
from consentcore.retention.schedule import due_on, end_of, fiscal_year_end, is_due, latest_start_due, today_of

CONTROLLER = Controller(
    name="Exemplia",
    address="1 rue de l'Exemple",
    email="contact@exemplia.example",
    phone="+33 1 99 00 12 34",
    country="FR",
    timezone="Europe/Paris",
    languages=("fr",),
    dpo_name="Camille",
    dpo_email="dpo@exemplia.example",
)
DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
ENDS = st.dates(date(2023, 1, 1), date(2024, 12, 31)).map(lambda day: day.strftime("%m-%d"))


def rule(period: str | None, starts: str = "fiscal_year_end_of_issue") -> RetentionRule:
    return RetentionRule("r", "invoice", None, starts, period, Phase.ERASE, "a law", "17(3)(b)", RuleStatus.LAW)


@pytest.mark.parametrize(
    ("issued", "year_end", "kept_until"),
    [
        ("2021-03-05", "12-31", "2031-12-31"),
        ("2021-12-31", "12-31", "2031-12-31"),
        ("2022-01-01", "12-31", "2032-12-31"),
        ("2021-03-05", "03-31", "2031-03-31"),
        ("2021-04-01", "03-31", "2032-03-31"),
        ("2021-06-30", "06-30", "2031-06-30"),
        ("2024-02-29", "02-28", "2035-02-28"),
        ("2024-02-29", "02-29", "2034-02-28"),
        ("2023-02-28", "02-29", "2033-02-28"),
    ],
)
def test_an_invoice_is_kept_ten_years_from_the_close_of_its_year(issued: str, year_end: str, kept_until: str) -> None:
    controller = replace(CONTROLLER, fiscal_year_end=year_end)
    assert due_on(rule("P10Y"), date.fromisoformat(issued), controller) == date.fromisoformat(kept_until)


@pytest.mark.parametrize(
    ("start", "period", "last_day"),
    [("2023-11-08", "P3Y", "2026-11-08"), ("2024-02-29", "P1Y", "2025-02-28"), ("2024-01-31", "P1M", "2024-02-29")],
)
def test_other_periods_run_from_the_event_itself(start: str, period: str, last_day: str) -> None:
    found = due_on(rule(period, "last_contact_from_person"), date.fromisoformat(start), CONTROLLER)
    assert found == date.fromisoformat(last_day)


def test_the_last_day_is_kept_and_the_next_is_not() -> None:
    last = date(2031, 12, 31)
    assert not is_due(last, last)
    assert is_due(last, date(2032, 1, 1))
    assert not is_due(None, date(9999, 1, 1))


@pytest.mark.parametrize("year_end", ["", "13-01", "2-30-1", "xx-yy", "12/31"])
def test_a_year_end_that_is_none_is_refused(year_end: str) -> None:
    with pytest.raises(BadInput):
        fiscal_year_end(date(2021, 1, 1), year_end)


@given(DAYS, ENDS)
def test_a_day_lies_in_the_year_that_closes_next(day: date, year_end: str) -> None:
    close = fiscal_year_end(day, year_end)
    assert day <= close < day + timedelta(days=367)


@given(
    DAYS,
    DAYS,
    ENDS,
    st.sampled_from(["P10Y", "P3Y", "P1M", "P13M", "P2W", "P1D", "P1Y6M"]),
    st.sampled_from(["fiscal_year_end_of_issue", "last_contact_from_person"]),
)
def test_data_are_due_exactly_from_the_cutoff_back(
    start: date, today: date, year_end: str, period: str, starts: str
) -> None:
    controller = replace(CONTROLLER, fiscal_year_end=year_end)
    one = rule(period, starts)
    cutoff = latest_start_due(one, today, controller)
    assert cutoff is not None
    assert is_due(due_on(one, start, controller), today) == (start <= cutoff)
    assert is_due(due_on(one, cutoff, controller), today)
    assert not is_due(due_on(one, cutoff + timedelta(days=1), controller), today)


@pytest.mark.parametrize("period", [None, "P9000Y"])
def test_what_has_no_end_in_sight_is_never_due(period: str | None) -> None:
    assert latest_start_due(rule(period), date(2026, 11, 9), CONTROLLER) is None


def test_days_are_those_of_the_controller() -> None:
    assert today_of(CONTROLLER, datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2027, 1, 1)
    assert end_of(date(2026, 12, 31), CONTROLLER) == datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    assert end_of(date(2026, 7, 14), CONTROLLER) == datetime(2026, 7, 14, 22, 0, tzinfo=UTC)
