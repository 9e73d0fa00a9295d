"""The deadline strip: each state has its shape, the late are counted first, no label lies on another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.pictures.deadline_strip import DeadlineStrip, Mark, Tick, deadline_strip, table
from registry.pictures.marks import Kind
from tests.registry.pictures.drawn import HOSTILE, SVG, assert_inside, named, overlapping, parsed, words

START = date(2026, 11, 2)
DAYS = tuple(START + timedelta(days=place) for place in range(60))
STRIP = DeadlineStrip(
    key="due",
    title="Échéances",
    desc="Une en retard",
    start=DAYS[0],
    end=DAYS[-1],
    today=date(2026, 11, 9),
    today_label="Aujourd’hui",
    today_short="9",
    marks=(
        Mark(date(2026, 11, 6), Kind.LATE, "4H7K-Q2MX", ("ven. 6 nov.",)),
        Mark(date(2026, 11, 12), Kind.SOON, "9TWP-63RD", ("jeu. 12 nov.",)),
        Mark(date(2026, 11, 12), Kind.PAUSED, "K7QM-4XTP", ("jeu. 12 nov.",)),
        Mark(date(2026, 11, 23), Kind.OK, "6MRD-P9KT", ("lun. 23 nov.",)),
        Mark(date(2026, 12, 18), Kind.EXTENDED, "8PDK-5XJM", ("ven. 18 déc.",)),
        Mark(date(2027, 2, 1), Kind.EXTENDED, "ZZZZ-9999", ("lun. 1 févr.",)),
    ),
    ticks=tuple(Tick(day, f"{day.day} nov.") for day in DAYS if day.weekday() == 0),
    late_label="1 en retard",
    weekends=frozenset(day for day in DAYS if day.weekday() > 4),
    holidays=frozenset({date(2026, 11, 11)}),
)


def test_each_state_has_its_shape_and_the_late_are_counted() -> None:
    picture = deadline_strip(STRIP)
    root = parsed(picture)
    assert named(root, "due") == ("Échéances", "Une en retard")
    assert picture.width == 1040
    shapes = {one.get("class"): one.tag.removeprefix(SVG) for one in root if (one.get("class") or "").startswith("c-")}
    assert shapes == {"c-late": "text", "c-soon": "path", "c-paused": "circle", "c-ok": "circle", "c-extended": "rect"}
    said = [one[0] for one in words(root)]
    assert "1 en retard" in said
    assert "8PDK-5XJM" in said
    # two share the day, and one is due after the last day
    assert not {"9TWP-63RD", "K7QM-4XTP", "ZZZZ-9999"} & set(said)
    assert deadline_strip(STRIP) == picture


def test_days_of_rest_stand_under_the_axis() -> None:
    root = parsed(deadline_strip(STRIP))
    off = [one for one in root if one.get("class") == "z-off"]
    (holiday,) = [one for one in root if one.get("class") == "z-holiday"]
    assert len(off) == len(STRIP.weekends)
    assert float(holiday.attrib["x"]) > float(off[1].attrib["x"])
    (band,) = [one for one in root if one.get("class") == "z-soon"]
    day = (1040 - 24) / 60
    assert abs(float(band.attrib["width"]) - 8 * day) < 0.2


def test_the_twin_has_every_due_date() -> None:
    header, rows = table(STRIP, ("Référence", "À rendre"))
    assert header == ("Référence", "À rendre")
    assert rows[0] == ("4H7K-Q2MX", "ven. 6 nov.")
    assert rows[-1] == ("ZZZZ-9999", "lun. 1 févr.")
    assert len(rows) == len(STRIP.marks)


def test_a_high_stack_says_how_many_more() -> None:
    marks = tuple(Mark(DAYS[30], Kind.OK, f"R{place}") for place in range(40))
    picture = deadline_strip(replace(STRIP, marks=marks, late_label=""))
    assert_inside(picture)
    root = parsed(picture)
    assert sum(one.get("class") == "c-ok" for one in root) == 5
    assert "+35" in [one[0] for one in words(root)]


def test_hostile_labels_do_no_harm() -> None:
    marks = (Mark(DAYS[20], Kind.LATE, HOSTILE),)
    root = parsed(deadline_strip(replace(STRIP, title=HOSTILE, late_label=HOSTILE, today_label=HOSTILE, marks=marks)))
    assert named(root, "due")[0].startswith("<script>")


def test_nothing_due_draws_the_axis_alone() -> None:
    picture = deadline_strip(replace(STRIP, marks=(), late_label="", ticks=()))
    assert_inside(picture)
    assert [one[0] for one in words(parsed(picture))] == ["Aujourd’hui", "9"]


marks = st.builds(
    Mark, st.integers(-40, 90).map(lambda place: START + timedelta(days=place)), st.sampled_from(Kind),
    st.sampled_from(["4H7K-Q2MX", "B4GT-W7C3", "R1"]),
)  # fmt: skip


@settings(deadline=None, max_examples=40, database=None)
@given(
    drawn=st.lists(marks, max_size=60),
    today=st.sampled_from(DAYS),
    late=st.sampled_from(["1 en retard", "128 en retard", ""]),
    width=st.sampled_from([660.0, 1040.0]),
)
def test_no_label_lies_on_another_and_all_is_inside(drawn: list[Mark], today: date, late: str, width: float) -> None:
    strip = replace(STRIP, marks=tuple(drawn), today=today, today_short=str(today.day), late_label=late)
    picture = deadline_strip(strip, width)
    assert_inside(picture)
    said = words(parsed(picture))
    assert overlapping(said) == []
    if late and any(one.kind is Kind.LATE and one.day <= strip.end for one in drawn):
        assert late in [one[0] for one in said]
