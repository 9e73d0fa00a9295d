"""The marks of a due date: each state has its own shape beside its colour (WCAG 2.2, 1.4.1)."""

from __future__ import annotations

from enum import StrEnum

from registry.pictures.svg import Drawing, path


class Kind(StrEnum):
    """How a due date stands; the value is also the name of its colour."""

    LATE = "late"
    SOON = "soon"
    OK = "ok"
    PAUSED = "paused"
    EXTENDED = "extended"


def draw_mark(drawing: Drawing, kind: Kind, x: float, y: float) -> None:
    """Draw a mark around a point: late diamond, soon triangle, in-time disc, paused ring, extended square."""
    css = f"c-{kind.value}"
    if kind is Kind.LATE:
        drawing.add("path", css, d=diamond(x, y, 8.5), fill="late")
    elif kind is Kind.SOON:
        drawing.add("path", css, d=path("M", x, y - 7, "l", 8, 13, "h", -16, "z"), fill="soon")
    elif kind is Kind.OK:
        drawing.add("circle", css, cx=x, cy=y, r=6.5, fill="ok")
    elif kind is Kind.PAUSED:
        drawing.add("circle", css, cx=x, cy=y, r=5.8, fill="paper", stroke="paused", stroke_width=2.5)
    else:
        drawing.add("rect", css, x=x - 6, y=y - 6, width=12, height=12, rx=1.5, fill="extended")


def diamond(x: float, y: float, half: float) -> str:
    """Return the path of a diamond around a point."""
    return path("M", x, y - half, "l", half, half, "l", -half, half, "l", -half, -half, "z")
