"""Bars and lines: true heights, round steps, names that can be read."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.pictures import lines as line_chart
from registry.pictures import stacked_bars as bar_chart
from registry.pictures.axes import grouped, round_steps
from registry.pictures.lines import Line, Lines, lines, spread
from registry.pictures.stacked_bars import Bar, StackedBars, stacked_bars
from tests.registry.pictures.drawn import HOSTILE, SVG, assert_inside, named, overlapping, parsed, words

BARS = StackedBars(
    "bars", "Fiches arrivant à terme", "Trois mois", ("à effacer", "à archiver"),
    (Bar("déc.", (1200, 300)), Bar("janv.", (2200, 0)), Bar("févr.", (0, 1))),
)  # fmt: skip
RATES = Lines(
    "rates", "Taux de consentement", "Deux formulaires", ("janv.", "févr.", "mars"),
    (Line("Formulaire 52 %", (41, 45, 52)), Line("Caisse 40 %", (None, 39, 40))),
)  # fmt: skip


def test_segments_are_as_high_as_their_values() -> None:
    root = parsed(stacked_bars(BARS))
    assert named(root, "bars") == ("Fiches arrivant à terme", "Trois mois")
    rects = [one for one in root if one.tag == f"{SVG}rect" and one.get("width") != "12"]
    high = [float(one.attrib["height"]) for one in rects]
    # nothing is drawn for zero; the white gap takes a pixel and a half
    assert len(high) == 4
    assert high[0] / high[2] == pytest.approx(1200 / 2200, abs=0.01)
    assert (high[1] + 1.5) / high[0] == pytest.approx(300 / 1200, abs=0.01)
    assert [one[0] for one in words(root)][:2] == ["à effacer", "à archiver"]
    assert "1\u202f500" in [one[0] for one in words(root)]
    assert stacked_bars(BARS) == stacked_bars(BARS)


def test_tables_say_the_same() -> None:
    assert bar_chart.table(BARS, ("Mois", "Effacer", "Archiver", "Total"))[1][0] == (
        "déc.", "1\u202f200", "300", "1\u202f500",
    )  # fmt: skip
    rows = line_chart.table(RATES, ("Mois", "Formulaire", "Caisse"), lambda one: f"{one} %")[1]
    assert rows[0] == ("janv.", "41 %", "")
    assert rows[2] == ("mars", "52 %", "40 %")


def test_each_line_has_its_dash_and_a_readable_name() -> None:
    three = replace(RATES, lines=(*RATES.lines, Line("Salon 39 %", (1, 2, 39))))
    root = parsed(lines(three, lambda one: f"{one:g} %"))
    assert named(root, "rates")[0] == "Taux de consentement"
    drawn = [one for one in root if (one.get("class") or "").startswith("l-")]
    assert len({one.get("stroke-dasharray") for one in drawn}) == 3
    names = {one.text: one.get("class") for one in root if one.get("font-weight") == "700"}
    # the third colour is for shapes alone: 3.8:1 is too pale for a word
    assert names == {"Formulaire 52 %": "e-1", "Caisse 40 %": "e-2", "Salon 39 %": "t-ink"}


def test_a_hole_breaks_the_line() -> None:
    holed = replace(RATES, lines=(Line("x", (1, None, 2)),))
    (line,) = [one for one in parsed(lines(holed)) if one.get("class") == "l-1"]
    assert line.attrib["d"].count("M") == 2
    parsed(lines(replace(RATES, lines=(Line("x", (None, None, None)),))))


def test_what_cannot_be_drawn_is_refused() -> None:
    for bad in (
        replace(BARS, series=("a",) * 5), replace(BARS, series=()), replace(BARS, bars=(Bar("x", (1,)),)),
        replace(BARS, bars=(Bar("x", (1, -1)),)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"one to|each"):
            stacked_bars(bad)
    for bad_lines in (replace(RATES, lines=()), replace(RATES, lines=(Line("x", (1,)),))):
        with pytest.raises(ValueError, match=r"one to|each"):
            lines(bad_lines)


def test_hostile_labels_do_no_harm() -> None:
    assert_inside(stacked_bars(replace(BARS, title=HOSTILE, bars=(Bar(HOSTILE[:20], (1, 1)),))))
    parsed(lines(replace(RATES, title=HOSTILE, lines=(Line(HOSTILE, (1, 2, 3)),))))


def test_nothing_to_show_is_an_empty_ground() -> None:
    assert_inside(stacked_bars(replace(BARS, bars=())))
    assert_inside(lines(replace(RATES, columns=(), lines=(Line("x", ()),))))


@pytest.mark.parametrize(
    ("most", "steps"),
    [(0, (0, 1)), (1, (0, 1)), (3, (0, 1, 2, 3)), (52, (0, 20, 40, 60)), (3420, (0, 1000, 2000, 3000, 4000))],
)
def test_steps_are_round(most: float, steps: tuple[float, ...]) -> None:
    assert round_steps(most) == steps


@given(st.floats(0, 1e9))
@settings(deadline=None, max_examples=40, database=None)
def test_steps_reach_the_highest_value(most: float) -> None:
    steps = round_steps(most)
    assert steps[-1] >= most * 0.999
    assert 2 <= len(steps) <= 6


def test_thousands_are_set_apart() -> None:
    assert grouped(1514.0) == "1\u202f514"


@given(st.lists(st.floats(16, 200), max_size=4))
@settings(deadline=None, max_examples=40, database=None)
def test_names_at_the_ends_stand_apart(wanted: list[float]) -> None:
    found = sorted(spread(wanted, 17, 16, 204))
    assert all(after - before >= 16.99 for before, after in itertools.pairwise(found))
    assert all(16 - 1e-9 <= one <= 204 + 1e-9 for one in found)


@given(
    count=st.integers(1, 30),
    series=st.integers(1, 4),
    most=st.sampled_from([1, 37, 5_000, 3_000_000]),
    width=st.sampled_from([520.0, 1040.0]),
)
@settings(deadline=None, max_examples=30, database=None)
def test_no_label_of_bars_lies_on_another(count: int, series: int, most: int, width: float) -> None:
    bars = tuple(Bar(f"mois {place}", ((place * 7 + 3) % (most + 1),) * series) for place in range(count))
    picture = stacked_bars(replace(BARS, series=("à effacer",) * series, bars=bars), width=width)
    assert_inside(picture)
    assert overlapping(words(parsed(picture))) == []


@given(
    values=st.lists(st.lists(st.none() | st.integers(0, 900), min_size=12, max_size=12), min_size=1, max_size=4),
)
@settings(deadline=None, max_examples=30, database=None)
def test_no_label_of_lines_lies_on_another(values: list[list[int | None]]) -> None:
    made = tuple(Line(f"Formulaire {place}", tuple(one)) for place, one in enumerate(values))
    picture = lines(replace(RATES, columns=tuple(f"mois {place}" for place in range(12)), lines=made))
    assert_inside(picture)
    assert overlapping(words(parsed(picture))) == []
