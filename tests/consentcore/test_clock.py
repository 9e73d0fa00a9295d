"""Instants are aware, and months keep their day or the last one there is (Reg. 1182/71 art. 3(2)(c))."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentcore.clock import add_period, ensure_utc, iso, parse_instant, to_second
from consentcore.errors import BadInput

INSTANTS = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2500, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(INSTANTS)
def test_what_is_written_is_read_again(instant: datetime) -> None:
    assert parse_instant(iso(instant)) == instant


@pytest.mark.parametrize("text", ["2026-11-09T09:00:00", "2026-11-09", "yesterday", "", "2026-13-01T00:00:00Z"])
def test_a_time_without_zone_or_sense_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_instant(text)


def test_an_offset_is_brought_to_utc() -> None:
    paris = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=2)))
    assert iso(ensure_utc(paris)) == "2026-03-29T01:30:00Z"
    assert to_second(paris.replace(microsecond=999_999)).microsecond == 0


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2028-01-31", "P1M", "2028-02-29"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2026-12-31", "P2M", "2027-02-28"),
        ("2026-11-09", "P3Y", "2029-11-09"),
        ("2026-11-09", "P1Y2M1W3D", "2028-01-19"),
    ],
)
def test_periods_keep_the_day_or_take_the_last(start: str, period: str, end: str) -> None:
    begun = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert add_period(begun, period).date().isoformat() == end


@pytest.mark.parametrize("period", ["", "P", "3Y", "PT5H", "P-1Y", "P1.5Y", "P99999Y", "P8000Y"])
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(BadInput):
        add_period(datetime(2026, 1, 1, tzinfo=UTC), period)
