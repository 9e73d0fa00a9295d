"""The small keys of legends: decoration beside a word, hidden from assistive technology."""

from __future__ import annotations

from registry.pictures.marks import Kind, draw_mark
from registry.pictures.svg import Drawing, Picture, path

DASHES = (None, "6 4", "2 3", "10 3 2 3")
"""The dash of each series of lines, so that colour is not the only sign."""
BAR_COLOURS = (1, 3, 2, 4)
"""The series of colours of bars from the lowest up: neighbours differ in lightness."""
_SIZE = 18


def mark_key(kind: Kind) -> Picture:
    """Draw the key of a due date's state, 16 pixels square."""
    drawing = Drawing("key", _SIZE, _SIZE)
    draw_mark(drawing, kind, _SIZE / 2, _SIZE / 2)
    return drawing.picture("cc-key")


def swatch_key(place: int) -> Picture:
    """Draw the key of a series of bars; `place` counts from 0."""
    drawing = Drawing("key", _SIZE, _SIZE)
    series = BAR_COLOURS[place % len(BAR_COLOURS)]
    drawing.add("rect", f"s-{series}", x=2, y=2, width=14, height=14, fill=f"series_{series}")
    return drawing.picture("cc-key")


def line_key(place: int) -> Picture:
    """Draw the key of a line with its dash; `place` counts from 0."""
    drawing = Drawing("key", _SIZE, _SIZE)
    draw_line(drawing, path("M", 0, 9, "H", 18), place)
    return drawing.picture("cc-key")


def draw_line(drawing: Drawing, d: str, place: int) -> None:
    """Draw the line of a series in its colour and dash."""
    at = place % len(DASHES)
    drawing.add(
        "path", f"l-{at + 1}", d=d, fill="none", stroke=f"series_{at + 1}", stroke_width=2.3,
        stroke_dasharray=DASHES[at], stroke_linejoin="round",
    )  # fmt: skip
