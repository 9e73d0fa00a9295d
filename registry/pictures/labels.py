"""Where words fit in a picture: an estimate of their width, and a memory of what is already taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from registry.documents.shown import shown
from registry.pictures.svg import TEXT_SIZE, Drawing

EM_PER_LETTER = 0.56
"""No text is taken for narrower than this; Source Sans 3 is a little narrower on average."""
ASCENT, DESCENT = 11.0, 4.0
"""What letters of 14 pixels take above and below their base line."""
_WIDE, _CAPITAL, _USUAL, _NARROW = 0.84, 0.66, 0.56, 0.36
_LAST_NARROW_SCRIPT = 0x2FFF
"""Beyond it stand scripts whose letters are as wide as high."""
_NARROW_LETTERS = frozenset("fijlrtI.,:;!|()[]'’- \u00a0\u202f")


@dataclass(frozen=True, slots=True)
class Box:
    """A taken rectangle, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other: Box) -> bool:
        """Tell whether two rectangles overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a place: `y` is their base line, `anchor` is start, middle or end."""

    words: str
    x: float
    y: float
    anchor: str = "start"

    @property
    def box(self) -> Box:
        """The rectangle that the words take."""
        wide = text_width(self.words)
        left = self.x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return Box(left, self.y - ASCENT, left + wide, self.y + DESCENT)


class Room:
    """What is taken in a picture: labels are placed in order of weight, each where it first fits."""

    def __init__(self, width: float, *, margin: float = 0.0) -> None:
        """Begin with an empty picture of this width, where words stay `margin` pixels apart."""
        self._width, self._margin = width, margin
        self._taken: list[Box] = []

    def take(self, box: Box) -> None:
        """Mark a rectangle as taken."""
        self._taken.append(box)

    def fits(self, box: Box) -> bool:
        """Tell whether a rectangle is inside the picture and free."""
        wider = Box(box.left - self._margin, box.top, box.right + self._margin, box.bottom)
        inside = box.left >= 0 and box.right <= self._width
        return inside and not any(wider.touches(one) for one in self._taken)

    def place(self, candidates: Iterable[Label]) -> Label | None:
        """Take the first candidate that fits; None where none does."""
        for one in candidates:
            if self.fits(one.box):
                self.take(one.box)
                return one
        return None


def text_width(words: str, size: float = TEXT_SIZE) -> float:
    """Estimate the width of words in pixels, rather too wide than too narrow."""
    return max(len(shown(words)) * EM_PER_LETTER * size, close_width(words, size))


def close_width(words: str, size: float = TEXT_SIZE) -> float:
    """Estimate the width of words letter by letter, for breaking them into lines; capitals and `m` are wide."""
    return sum(_letter(one) for one in shown(words)) * size


def _letter(letter: str) -> float:
    if letter in _NARROW_LETTERS:
        return _NARROW
    if ord(letter) > _LAST_NARROW_SCRIPT:
        return 1.0
    if letter in "mwMW@%":
        return _WIDE
    return _CAPITAL if letter.isupper() else _USUAL


def clipped(words: str, room: float) -> str:
    """Return words cut to fit `room` pixels, with an ellipsis where something is missing."""
    words = shown(words)
    if close_width(words) <= room:
        return words
    while words and close_width(words + "…") > room:
        words = words[:-1]
    return words.rstrip() + "…"


def write(drawing: Drawing, label: Label, css: str, colour: str, *, bold: bool = False) -> None:
    """Write a placed label."""
    drawing.text(label.words, label.x, label.y, css, colour, anchor=label.anchor, bold=bold)


def held(label: Label, width: float) -> Label:
    """Return a label moved sideways so that it stays inside a picture of this width."""
    box = label.box
    if box.left < 0:
        return Label(label.words, 0, label.y)
    if box.right > width:
        return Label(label.words, width, label.y, "end")
    return label
