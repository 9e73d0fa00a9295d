"""The clock bar: at every position of today, whatever is written can be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.pictures.clock_bar import ClockBar, Moment, clock_bar, table
from registry.pictures.marks import Kind
from tests.registry.pictures.drawn import HOSTILE, assert_inside, named, overlapping, parsed, words

RECEIVED = date(2026, 10, 11)
CLOCK = ClockBar(
    key="ck",
    title="Délai d’un mois",
    desc="Reçue le 11 octobre, échéance le 12 novembre",
    tone=Kind.SOON,
    received=Moment(RECEIVED, "reçue 11 oct."),
    today=Moment(date(2026, 11, 9), "aujourd’hui"),
    end=Moment(date(2026, 11, 12), "12 nov."),
    off_days=(Moment(date(2026, 11, 11), "11 nov. férié"),),
)


def test_the_clock_says_receipt_today_holiday_and_end() -> None:
    picture = clock_bar(CLOCK)
    root = parsed(picture)
    assert picture.width == 660
    assert named(root, "ck") == (CLOCK.title, CLOCK.desc)
    assert {one[0] for one in words(root)} == {"reçue 11 oct.", "aujourd’hui", "11 nov. férié", "12 nov."}
    assert sum(one.get("class") == "b-soon" for one in root) == 2
    assert not [one for one in root if one.get("class") == "l-late"]
    assert clock_bar(CLOCK) == picture


def test_a_delay_is_dashed_and_a_long_one_cut() -> None:
    short = parsed(clock_bar(replace(CLOCK, today=Moment(date(2026, 11, 15), "aujourd’hui"))))
    long = parsed(clock_bar(replace(CLOCK, today=Moment(date(2027, 5, 1), "aujourd’hui"))))
    for root, cut in ((short, False), (long, True)):
        (late,) = [one for one in root if one.get("class") == "l-late"]
        assert late.get("stroke-dasharray")
        assert any(one.get("class") == "z-cut" for one in root) is cut


def test_an_extension_shows_the_first_end() -> None:
    later = replace(
        CLOCK, tone=Kind.EXTENDED, end=Moment(date(2027, 1, 11), "11 janv."), off_days=(),
        first_end=Moment(date(2026, 11, 12), "d’abord 12 nov."),
    )  # fmt: skip
    root = parsed(clock_bar(later))
    assert "d’abord 12 nov." in [one[0] for one in words(root)]
    assert len([one for one in root if one.get("class") == "z-paper"]) == 1


def test_the_twin_is_in_order() -> None:
    header, rows = table(CLOCK, ("Jour", "Étape"), {RECEIVED: "11 octobre 2026"})
    assert header == ("Jour", "Étape")
    assert rows[0] == ("11 octobre 2026", "reçue 11 oct.")
    assert [row[1] for row in rows] == ["reçue 11 oct.", "aujourd’hui", "11 nov. férié", "12 nov."]


def test_hostile_labels_do_no_harm() -> None:
    hostile = replace(CLOCK, title=HOSTILE, desc=HOSTILE, end=Moment(CLOCK.end.day, HOSTILE))
    assert "<script>" in named(parsed(clock_bar(hostile)), "ck")[0]


@settings(deadline=None, max_examples=60, database=None)
@given(
    term=st.integers(1, 120),
    today=st.integers(-3, 700),
    off=st.lists(st.integers(0, 120), max_size=4),
    first=st.none() | st.integers(0, 120),
    width=st.sampled_from([520.0, 660.0]),
    tone=st.sampled_from(Kind),
)
def test_no_two_texts_overlap_wherever_today_is(
    term: int, today: int, off: list[int], first: int | None, width: float, tone: Kind
) -> None:
    def after(days: int, label: str) -> Moment:
        return Moment(RECEIVED + timedelta(days=days), label)

    clock = replace(
        CLOCK, tone=tone, end=after(term, "12 nov."), today=after(today, "aujourd’hui"),
        off_days=tuple(after(one, "11 nov. férié") for one in off if one <= term),
        first_end=None if first is None or first > term else after(first, "d’abord 12 nov."),
    )  # fmt: skip
    picture = clock_bar(clock, width)
    assert_inside(picture)
    said = words(parsed(picture))
    assert overlapping(said) == []
    assert {"12 nov.", "aujourd’hui", "reçue 11 oct."} <= {one[0] for one in said}
