"""The explained clock ends where the stored one does, and says why on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentcore.policyset import PolicySet
from consentcore.requests.clock_lines import ClockLine, ExplainedClock, LineKind, Why, explain, holiday_name
from consentcore.requests.deadlines import due_dates
from consentcore.requests.tables import SubjectRequest
from tests.builders.policies import shipped

POLICY: PolicySet = shipped()


def received(at: datetime, country: str = "FR", policy: PolicySet = POLICY) -> SubjectRequest:
    """Return a request with the dates that receiving it stores."""
    due = due_dates(at, country, policy)
    return SubjectRequest(
        reference="K7QX-3TZM",
        received_at=at,
        due_on=due.due_on,
        due_on_unrolled=due.due_on_unrolled,
        extended_due_on=due.extended_due_on,
        rule_pack=due.rule_pack,
        country=due.country,
    )


def clock_of(day: str, language: str = "en") -> ExplainedClock:
    return explain(received(datetime.fromisoformat(f"{day}T11:00:00+00:00")), POLICY, language)


def moves(lines: tuple[ClockLine, ...]) -> list[tuple[str, str | None, str | None]]:
    return [
        (line.day.isoformat(), line.why.value if line.why else None, line.holiday)
        for line in lines
        if line.kind is LineKind.MOVED
    ]


@pytest.mark.parametrize(
    ("day", "unrolled", "due", "why", "extended"),
    [
        ("2026-01-31", "2026-02-28", "2026-03-02", ["saturday", "sunday"], "2026-04-30"),
        ("2026-03-05", "2026-04-05", "2026-04-07", ["sunday", "holiday"], "2026-06-05"),
        ("2026-04-14", "2026-05-14", "2026-05-15", ["holiday"], "2026-07-15"),
        ("2026-12-01", "2027-01-01", "2027-01-04", ["holiday", "saturday", "sunday"], "2027-03-01"),
        ("2028-01-31", "2028-02-29", "2028-02-29", [], "2028-05-02"),
    ],
)
def test_the_vectors_of_the_law_are_explained(day: str, unrolled: str, due: str, why: list[str], extended: str) -> None:
    clock = clock_of(day)
    by_kind = {line.kind: line for line in clock.lines}
    assert by_kind[LineKind.RECEIVED].day.isoformat() == day
    assert by_kind[LineKind.STARTS].day == date.fromisoformat(day) + timedelta(days=1)
    assert by_kind[LineKind.PERIOD].day.isoformat() == unrolled
    assert by_kind[LineKind.PERIOD].period == "P1M"
    assert [found for _, found, _ in moves(clock.lines)] == why
    assert clock.lines[-1] == ClockLine(LineKind.END, date.fromisoformat(due), "12(3)")
    assert clock.extension[0].kind is LineKind.NOTICE_BY and clock.extension[0].day.isoformat() == due
    assert clock.extension[-1].day.isoformat() == extended
    assert clock.pack_known


def test_a_holiday_is_named_in_the_language_of_the_page() -> None:
    french = clock_of("2026-10-11", "fr")
    assert moves(french.lines) == [("2026-11-11", "holiday", "Armistice")]
    assert moves(clock_of("2026-10-11").lines) == [("2026-11-11", "holiday", "Armistice Day")]
    assert french.moved[0].article == "1182/71 3(4)"


def test_a_country_that_does_not_speak_the_language_names_its_holiday_itself() -> None:
    clock = explain(received(datetime(2026, 9, 3, 12, tzinfo=UTC), "DE"), POLICY, "fr")
    assert moves(clock.lines) == [
        ("2026-10-03", "saturday", "Tag der Deutschen Einheit"),
        ("2026-10-04", "sunday", None),
    ]
    assert holiday_name(date(2026, 10, 3), "DE", "en") == "German Unity Day"


def test_a_shorter_month_is_said() -> None:
    assert next(line for line in clock_of("2026-01-31").lines if line.kind is LineKind.PERIOD).shorter_month
    assert not next(line for line in clock_of("2026-03-05").lines if line.kind is LineKind.PERIOD).shorter_month


def test_the_day_of_receipt_is_the_controllers() -> None:
    late = explain(received(datetime(2026, 1, 30, 23, 30, tzinfo=UTC)), POLICY, "en")
    assert late.lines[0].day == date(2026, 1, 31)
    assert late.lines[0].at == datetime(2026, 1, 30, 23, 30, tzinfo=UTC)


def test_a_pack_that_is_gone_is_said_and_changes_no_date() -> None:
    dsr = received(datetime(2026, 10, 11, 11, tzinfo=UTC))
    newer = {
        country: replace(pack, id=f"{pack.country}@9", version=9, reply="P2M")
        for country, pack in POLICY.deadlines.items()
    }
    clock = explain(dsr, replace(POLICY, deadlines=newer), "en")
    assert not clock.pack_known and clock.rule_pack == "FR@1"
    assert next(line for line in clock.lines if line.kind is LineKind.PERIOD).period is None
    assert moves(clock.lines) == [("2026-11-11", "holiday", "Armistice Day")]
    assert clock.lines[-1].day == dsr.due_on
    assert [line.kind for line in clock.extension] == [LineKind.NOTICE_BY, LineKind.END]
    assert clock.extension[-1].day == dsr.extended_due_on


def test_a_move_that_no_calendar_explains_today_is_owned_up_to() -> None:
    dsr = received(datetime(2026, 10, 12, 11, tzinfo=UTC))
    dsr.due_on = date(2026, 11, 13)  # as if Thursday 12 November had been a holiday at receipt
    clock = explain(dsr, POLICY, "en")
    assert moves(clock.lines) == [("2026-11-12", Why.AT_RECEIPT.value, None)]
    assert clock.lines[-1].day == date(2026, 11, 13)


@given(
    day=st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    hour=st.integers(0, 23),
    country=st.sampled_from(["FR", "DE", "BE", "LU", "IT"]),
)
def test_each_day_between_is_explained_and_the_end_is_the_stored_one(day: date, hour: int, country: str) -> None:
    dsr = received(datetime(day.year, day.month, day.day, hour, tzinfo=UTC), country)
    clock = explain(dsr, POLICY, "fr")
    assert clock.lines[-1].day == dsr.due_on and clock.extension[-1].day == dsr.extended_due_on
    for lines in (clock.lines, clock.extension):
        period = next(line for line in lines if line.kind is LineKind.PERIOD)
        days = [line.day for line in lines if line.kind is LineKind.MOVED]
        assert days == [period.day + timedelta(days=count) for count in range(len(days))]
        assert period.day + timedelta(days=len(days)) == lines[-1].day
        assert all(line.why is not Why.AT_RECEIPT for line in lines if line.kind is LineKind.MOVED)
