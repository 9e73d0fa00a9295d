"""The clock bar: a legal term from the day of receipt to the last day to answer, and where today stands (R-12-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from registry.pictures.labels import Label, Room, held, text_width, write
from registry.pictures.marks import Kind, diamond
from registry.pictures.svg import Drawing, Picture, Twin, path

_SIDE, _BAR, _TOP, _BELOW = 10.0, 31.0, 13.0, 56.0
_MOST_OVER = 0.4
"""A long delay is drawn cut short, so that the term itself stays readable."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day that needs a word, such as the holiday that moved the end."""

    day: date
    label: str


@dataclass(frozen=True, slots=True)
class ClockBar:
    """What a clock shows; texts are in the page's language, days are civil days of the controller."""

    key: str
    """Begins the ids of the picture; unique on its page."""
    title: str
    desc: str
    tone: Kind
    """How the term stands; the colour of what has passed."""
    received: Moment
    today: Moment
    end: Moment
    off_days: tuple[Moment, ...] = ()
    """Holidays and days of rest that moved the end."""
    first_end: Moment | None = None
    """The end before it was extended; None where it was not."""


def clock_bar(clock: ClockBar, width: float = 660) -> Picture:
    """Draw a clock; words that find no room are left out, the end first has room, then the receipt."""
    return _Clock(clock, width).drawn()


def table(clock: ClockBar, header: tuple[str, ...], dates: dict[date, str] | None = None) -> Twin:
    """Return the table twin: one row for each day of the clock in order; `dates` says how days are written in full."""
    moments = [clock.received, *clock.off_days, clock.end, clock.today]
    moments += [clock.first_end] if clock.first_end else []
    ordered = sorted(moments, key=lambda one: one.day)
    return header, tuple(((dates or {}).get(one.day, one.day.isoformat()), one.label) for one in ordered)


class _Clock:
    def __init__(self, clock: ClockBar, width: float) -> None:
        self.clock = clock
        self.term = max((clock.end.day - clock.received.day).days, 1)
        self.over = max((clock.today.day - clock.end.day).days, 0)
        self.drawn_over = min(float(self.over), self.term * _MOST_OVER)
        self.after = min(max(text_width(clock.end.label) + 12, 2 * _SIDE), width / 4) if not self.over else 2 * _SIDE
        self.day_wide = (width - _SIDE - self.after) / (self.term + self.drawn_over)
        self.drawing = Drawing(clock.key, width, 62, title=clock.title, desc=clock.desc)
        self.room = Room(width, margin=3)

    def x(self, day: date) -> float:
        days = min(max((day - self.clock.received.day).days, 0), self.term + self.over)
        return _SIDE + self.day_wide * min(float(days), self.term + self.drawn_over)

    def drawn(self) -> Picture:
        self.bar()
        self.points()
        self.words()
        return self.drawing.picture()

    def bar(self) -> None:
        clock, drawing = self.clock, self.drawing
        end, now = self.x(clock.end.day), self.x(clock.today.day)
        colour = clock.tone.value
        drawing.add("rect", "z-track", x=_SIDE, y=27, width=end - _SIDE, height=8, rx=4, fill="line")
        done = min(now, end) - _SIDE
        if done > 0:
            drawing.add("rect", f"b-{colour}", x=_SIDE, y=27, width=done, height=8, rx=4, fill=colour)
        if self.over:
            d = path("M", end, _BAR, "H", now)
            drawing.add("path", "l-late", d=d, stroke="late", stroke_width=4, stroke_dasharray="7 4")
        drawing.add("circle", f"b-{colour}", cx=_SIDE, cy=_BAR, r=7, fill=colour)
        if self.over > self.drawn_over:
            self.cut((end + now) / 2)

    def cut(self, x: float) -> None:
        d = path("M", x - 5, 38, "l", 6, -14, "h", 6, "l", -6, 14, "z")
        self.drawing.add("path", "z-cut", d=d, fill="paper")
        d = path("M", x - 5, 38, "l", 6, -14, "M", x + 1, 38, "l", 6, -14)
        self.drawing.add("path", "z-line", d=d, stroke="line_strong", stroke_width=1.5)

    def points(self) -> None:
        clock, drawing = self.clock, self.drawing
        now = self.x(clock.today.day)
        drawing.add("path", "z-now", d=path("M", now, 18, "v", 26), stroke="ink", stroke_width=2)
        for one in self.marked():
            drawing.add(
                "circle",
                "z-paper",
                cx=self.x(one.day),
                cy=_BAR,
                r=5,
                fill="paper",
                stroke="line_strong",
                stroke_width=2,
            )
        drawing.add("path", "c-ink", d=diamond(self.x(clock.end.day), _BAR, 9.5), fill="ink")

    def marked(self) -> list[Moment]:
        return [*([self.clock.first_end] if self.clock.first_end else []), *self.clock.off_days]

    def words(self) -> None:
        clock, drawing = self.clock, self.drawing
        now, end = self.x(clock.today.day), self.x(clock.end.day)
        today = held(Label(clock.today.label, now - 4, _TOP, "end"), drawing.width)
        write(drawing, today, "t-ink", "ink", bold=True)
        self.put(_around(clock.end.label, end + 2, end, end + 2), "t-ink", "ink", bold=True)
        self.put(iter([Label(clock.received.label, 2, _BELOW)]), "t-muted", "muted")
        for one in self.marked():
            x = self.x(one.day)
            near = end - x < text_width(one.label) / 2 + 20
            self.put(_around(one.label, x - 6, x, x - 6, ended_first=near), "t-muted", "muted")

    def put(self, places: Iterator[Label], css: str, colour: str, *, bold: bool = False) -> None:
        placed = self.room.place(places)
        if placed:
            write(self.drawing, placed, css, colour, bold=bold)


def _around(words: str, start: float, middle: float, end: float, *, ended_first: bool = False) -> Iterator[Label]:
    if ended_first:
        yield Label(words, end, _BELOW, "end")
    else:
        yield Label(words, start, _BELOW)
    yield Label(words, middle, _BELOW, "middle")
    yield Label(words, end, _BELOW, "end")
