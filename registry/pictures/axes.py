"""The axes that bars and lines share: round steps upwards, as many labels below as there is room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10

from registry.pictures.labels import Label, Room, clipped, text_width, write
from registry.pictures.svg import Drawing, path

Say = Callable[[float], str]
"""Writes a number in the page's language, such as `1 514` or `52 %`."""
_STEPS = (1, 2, 2.5, 5, 10)


def grouped(value: float) -> str:
    """Write a whole number with narrow no-break spaces between thousands, as French and SI do."""
    return f"{round(value):,}".replace(",", "\u202f")


def round_steps(most: float, *, whole: bool = True) -> tuple[float, ...]:
    """Return the values of the grid lines from 0 to at least `most`, three to six of them."""
    rough = max(most, 1.0 if whole else 1e-9) / 4
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * one for one in _STEPS if unit * one >= rough * 0.999)
    if whole:
        step = max(ceil(step), 1)
    return tuple(step * place for place in range(max(ceil(most / step - 1e-9), 1) + 1))


class Plot:
    """The ground of bars and lines: where values and columns stand."""

    def __init__(self, drawing: Drawing, steps: Sequence[float], say: Say, *, top: float, right: float) -> None:
        """Draw the grid with its labels from `top` down to the axis, leaving `right` pixels free."""
        self.drawing, self.top, self.bottom = drawing, top, drawing.height - 26
        self.most = steps[-1] or 1
        words = [say(one) for one in steps]
        self.left = min(max(text_width(one) for one in words) + 10, drawing.width / 4)
        self.right = drawing.width - right
        for value, word in zip(steps, words, strict=True):
            y = self.y(value)
            css, stroke = ("z-line", "line_strong") if value == 0 else ("z-grid", "line")
            drawing.add("path", css, d=path("M", self.left, y, "H", self.right), stroke=stroke)
            write(drawing, Label(clipped(word, self.left - 8), self.left - 8, y + 5, "end"), "t-muted", "muted")

    def y(self, value: float) -> float:
        """Return where a value stands."""
        return self.bottom - (self.bottom - self.top) * value / self.most

    def columns(self, words: Sequence[str], places: Sequence[float]) -> None:
        """Write the labels under the axis: the first, then every one, every second, every third that fits."""
        if not words:
            return
        wide = max(text_width(one) for one in words) + 10
        apart = places[1] - places[0] if len(places) > 1 else wide
        every = max(1, ceil(wide / max(apart, 0.1)))
        room = Room(self.drawing.width, margin=2)
        for word, x in list(zip(words, places, strict=True))[::every]:
            y = self.bottom + 20
            edge = Label(word, self.drawing.width, y, "end")
            placed = room.place([Label(word, x, y, "middle"), Label(word, 0, y), edge])
            if placed:
                write(self.drawing, placed, "t-muted", "muted")
