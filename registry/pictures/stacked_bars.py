"""Stacked bars: quantities by period or kind, such as the records that reach their term month by month (R-5-5)."""

from __future__ import annotations

from dataclasses import dataclass

from registry.pictures.axes import Plot, Say, grouped, round_steps
from registry.pictures.labels import Label, Room, text_width, write
from registry.pictures.legend import BAR_COLOURS
from registry.pictures.svg import Drawing, Picture, Twin

MOST_SERIES = len(BAR_COLOURS)
_ROW = 20.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One column: a value of zero or more for each series, the first lowest."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class StackedBars:
    """What the bars show; texts are in the page's language."""

    key: str
    """Begins the ids of the picture; unique on its page."""
    title: str
    desc: str
    series: tuple[str, ...]
    """One to four names."""
    bars: tuple[Bar, ...]


def stacked_bars(chart: StackedBars, say: Say = grouped, *, width: float = 520, height: float = 230) -> Picture:
    """Draw the bars, each with its total where there is room; above them the legend, where there are several series.

    Raises: ValueError for no series, more than four, or a bar with another number of values or one below zero.
    """
    _check(chart)
    drawing = Drawing(chart.key, width, height, title=chart.title, desc=chart.desc)
    named = chart.series if len(chart.series) > 1 else ()
    totals = [sum(bar.values) for bar in chart.bars]
    steps = round_steps(max(totals, default=0))
    keys = _keys(drawing, named, text_width(say(steps[-1])) + 10)
    plot = Plot(drawing, steps, say, top=keys + 18, right=4)
    slot = (plot.right - plot.left) / max(len(chart.bars), 1)
    places = [plot.left + slot * (place + 0.5) for place in range(len(chart.bars))]
    room = Room(width, margin=1)
    for bar, total, x in zip(chart.bars, totals, places, strict=True):
        _bar(drawing, plot, bar, x, min(slot * 0.62, 64))
        placed = room.place([Label(say(total), x, plot.y(total) - 5, "middle")])
        if placed:
            write(drawing, placed, "t-ink", "ink", bold=True)
    plot.columns([bar.label for bar in chart.bars], places)
    return drawing.picture()


def table(chart: StackedBars, header: tuple[str, ...], say: Say = grouped) -> Twin:
    """Return the table twin: one row for each bar, its values and, with more than one series, their sum."""
    rows = []
    for bar in chart.bars:
        total = (say(sum(bar.values)),) if len(chart.series) > 1 else ()
        rows.append((bar.label, *(say(one) for one in bar.values), *total))
    return header, tuple(rows)


def _check(chart: StackedBars) -> None:
    if not 1 <= len(chart.series) <= MOST_SERIES:
        raise ValueError(f"bars have one to {MOST_SERIES} series; put the smallest together as others")
    if any(len(bar.values) != len(chart.series) or min(bar.values) < 0 for bar in chart.bars):
        raise ValueError("each bar has one value of zero or more for each series")


def _keys(drawing: Drawing, series: tuple[str, ...], left: float) -> float:
    """Write the legend in as many rows as it needs; return how high it is."""
    x, row = left, 0
    for place, name in zip(BAR_COLOURS, series, strict=False):
        wide = 18 + text_width(name)
        if x > left and x + wide > drawing.width:
            x, row = left, row + 1
        y = 6 + _ROW * row
        drawing.add("rect", f"s-{place}", x=x, y=y, width=12, height=12, fill=f"series_{place}")
        write(drawing, Label(name, x + 18, y + 11), "t-ink", "ink")
        x += wide + 18
    return 6 + _ROW * (row + 1) if series else 0


def _bar(drawing: Drawing, plot: Plot, bar: Bar, x: float, wide: float) -> None:
    below = 0.0
    for place, value in zip(BAR_COLOURS, bar.values, strict=False):
        top, bottom = plot.y(below + value), plot.y(below)
        if value > 0:
            # the white gap between segments; a thin segment keeps at least a pixel
            gap = 1.5 if below else 0.0
            high = max(bottom - top - gap, min(bottom - top, 1.0))
            drawing.add(
                "rect", f"s-{place}", x=x - wide / 2, y=top, width=wide, height=high, fill=f"series_{place}"
            )  # fmt: skip
        below += value
