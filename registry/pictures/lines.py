"""Lines over time with their names at their ends, such as the rate of consent of each form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from registry.pictures.axes import Plot, Say, grouped, round_steps
from registry.pictures.labels import ASCENT, DESCENT, Label, clipped, text_width, write
from registry.pictures.legend import DASHES, draw_line
from registry.pictures.svg import Drawing, Picture, Twin, path
from registry.pictures.tokens import contrast, light

MOST_LINES = len(DASHES)
_APART = ASCENT + DESCENT + 2
_READABLE = 4.5


@dataclass(frozen=True, slots=True)
class Line:
    """One series: a value for each column, None where nothing is known."""

    label: str
    """Its name with its last value, such as `Formulaire 52 %`."""
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """What the lines show; texts are in the page's language."""

    key: str
    """Begins the ids of the picture; unique on its page."""
    title: str
    desc: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    """One to four."""


def lines(chart: Lines, say: Say = grouped, *, whole: bool = True, width: float = 520, height: float = 230) -> Picture:
    """Draw the lines from zero up; `whole` says that the grid has whole numbers only.

    Raises: ValueError for no line, more than four, or a line with another number of values or one below zero.
    """
    _check(chart)
    drawing = Drawing(chart.key, width, height, title=chart.title, desc=chart.desc)
    known = [one for line in chart.lines for one in line.values if one is not None]
    names = min(max(text_width(line.label) for line in chart.lines) + 16, width * 0.45)
    plot = Plot(drawing, round_steps(max(known, default=0), whole=whole), say, top=16, right=names)
    count = max(len(chart.columns) - 1, 1)
    places = [plot.left + (plot.right - plot.left) * place / count for place in range(len(chart.columns))]
    ends: list[tuple[int, float, float]] = []
    for place, line in enumerate(chart.lines):
        points = _points(plot, line, places)
        _draw(drawing, points, place)
        last = next((one for one in reversed(points) if one is not None), None)
        if last:
            ends.append((place, *last))
    _name(drawing, plot, chart, ends, names - 14)
    plot.columns(chart.columns, places)
    return drawing.picture()


def table(chart: Lines, header: tuple[str, ...], say: Say = grouped) -> Twin:
    """Return the table twin: one row for each column of the axis, empty where nothing is known."""
    rows = []
    for place, column in enumerate(chart.columns):
        values = (line.values[place] for line in chart.lines)
        rows.append((column, *("" if one is None else say(one) for one in values)))
    return header, tuple(rows)


def _check(chart: Lines) -> None:
    if not 1 <= len(chart.lines) <= MOST_LINES:
        raise ValueError(f"a picture has one to {MOST_LINES} lines; draw the others in a second one")
    for line in chart.lines:
        if len(line.values) != len(chart.columns) or any(one is not None and one < 0 for one in line.values):
            raise ValueError("each line has one value of zero or more, or None, for each column")


def _points(plot: Plot, line: Line, places: Sequence[float]) -> list[tuple[float, float] | None]:
    return [None if one is None else (x, plot.y(one)) for one, x in zip(line.values, places, strict=True)]


def _draw(drawing: Drawing, points: Sequence[tuple[float, float] | None], place: int) -> None:
    steps: list[str | float] = []
    before = None
    for point in points:
        if point is not None:
            steps += ["L" if before else "M", *point]
        before = point
    if steps:
        draw_line(drawing, path(*steps), place)


def _name(drawing: Drawing, plot: Plot, chart: Lines, ends: list[tuple[int, float, float]], room: float) -> None:
    """Write each name at the height of its last value, moved as little as keeps the names apart."""
    heights = spread([y for _, _, y in ends], _APART, plot.top, plot.bottom)
    for (place, x, y), height in zip(ends, heights, strict=True):
        colour = f"series_{place + 1}"
        drawing.add("circle", f"s-{place + 1}", cx=x, cy=y, r=4, fill=colour)
        # a colour that only a line may have would be too pale for a word
        readable = contrast(light()[colour], light()["paper"]) >= _READABLE
        css, ink = (f"e-{place + 1}", colour) if readable else ("t-ink", "ink")
        label = Label(clipped(chart.lines[place].label, room), plot.right + 10, height + 5)
        write(drawing, label, css, ink, bold=True)


def spread(wanted: Sequence[float], apart: float, least: float, most: float) -> list[float]:
    """Return heights near the wanted ones, in their order, at least `apart` from each other and not below `most`."""
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    found = [0.0] * len(wanted)
    above = least - apart
    for place in order:
        found[place] = above = max(wanted[place], above + apart)
    below = most + apart
    for place in reversed(order):
        found[place] = below = min(found[place], below - apart)
    return found
