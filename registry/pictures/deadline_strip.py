"""The deadline strip: every open due date of about two months on one axis, the late ones first (R-12-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from registry.pictures.labels import Box, Label, Room, held, write
from registry.pictures.marks import Kind, draw_mark
from registry.pictures.svg import Drawing, Picture, Twin, path

_SIDE, _HEAD, _STEP = 12.0, 44.0, 20.0
_LEAST, _MOST = 3, 6


@dataclass(frozen=True, slots=True)
class Mark:
    """One due date."""

    day: date
    kind: Kind
    label: str
    """Its reference; written beside the mark where there is room."""
    cells: tuple[str, ...] = ()
    """The other cells of its row in the table twin, such as right, date and days left."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The label of a day on the axis."""

    day: date
    label: str


@dataclass(frozen=True, slots=True)
class DeadlineStrip:
    """What a strip shows; texts are in the page's language, days are civil days of the controller."""

    key: str
    """Begins the ids of the picture; unique on its page."""
    title: str
    desc: str
    start: date
    end: date
    """The last day that is drawn."""
    today: date
    today_label: str
    today_short: str
    """Today as the axis writes a day, such as `9`."""
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...] = ()
    late_label: str = ""
    """How many are late, such as `1 en retard`; empty when none is."""
    weekends: frozenset[date] = field(default_factory=frozenset)
    holidays: frozenset[date] = field(default_factory=frozenset)


def deadline_strip(strip: DeadlineStrip, width: float = 1040) -> Picture:
    """Draw a strip. What was due before its first day stands on that day; what is due after its last is not drawn."""
    return _Strip(strip, width).drawn()


def table(strip: DeadlineStrip, header: tuple[str, ...]) -> Twin:
    """Return the table twin: one row for each due date in order, also those that the strip is too short for."""
    ordered = sorted(strip.marks, key=lambda one: (one.day, one.label))
    return header, tuple((one.label, *one.cells) for one in ordered)


class _Strip:
    def __init__(self, strip: DeadlineStrip, width: float) -> None:
        self.strip = strip
        self.stacks = _stacked(strip)
        highest = max((len(marks) for marks in self.stacks.values()), default=0)
        # one level more for the count of the late above their stack
        self.axis = _HEAD + _STEP * min(max(_LEAST, highest + 1), _MOST + 1)
        self.day_wide = (width - 2 * _SIDE) / ((strip.end - strip.start).days + 1)
        self.drawing = Drawing(strip.key, width, self.axis + 30, title=strip.title, desc=strip.desc)
        self.room = Room(width, margin=4)

    def left(self, day: date) -> float:
        return _SIDE + (day - self.strip.start).days * self.day_wide

    def middle(self, day: date) -> float:
        return self.left(day) + self.day_wide / 2

    def drawn(self) -> Picture:
        self.ground()
        self.today()
        self.marks()
        self.late_count()
        self.references()
        self.ticks()
        return self.drawing.picture()

    def ground(self) -> None:
        strip, drawing, axis = self.strip, self.drawing, self.axis
        band_end = min(strip.today + timedelta(days=8), strip.end + timedelta(days=1))
        band_start = max(strip.today, strip.start)
        if band_start < band_end:
            drawing.add(
                "rect", "z-soon", x=self.left(band_start), y=22, height=axis - 22, fill="soon_tint",
                width=self.left(band_end) - self.left(band_start),
            )  # fmt: skip
        for day in sorted(strip.weekends | strip.holidays):
            if strip.start <= day <= strip.end:
                css, fill = ("z-holiday", "line_strong") if day in strip.holidays else ("z-off", "line")
                drawing.add("rect", css, x=self.left(day), y=axis, width=self.day_wide, height=7, fill=fill)
        line = path("M", _SIDE, axis, "H", drawing.width - _SIDE)
        drawing.add("path", "z-line", d=line, stroke="line_strong", stroke_width=1.5)

    def today(self) -> None:
        strip, axis = self.strip, self.axis
        if not strip.start <= strip.today <= strip.end:
            return
        x = self.middle(strip.today)
        self.drawing.add("path", "z-now", d=path("M", x, 20, "V", axis + 9), stroke="ink", stroke_width=2)
        self.room.take(Box(x - 2, 20, x + 2, axis + 9))
        label = held(Label(strip.today_label, x, 13, "middle"), self.drawing.width)
        self.room.take(label.box)
        write(self.drawing, label, "t-ink", "ink", bold=True)
        for anchor, where in (("start", x + 2), ("end", x - 2)):
            placed = self.room.place([Label(strip.today_short, where, axis + 22, anchor)])
            if placed:
                write(self.drawing, placed, "t-ink", "ink", bold=True)
                return

    def marks(self) -> None:
        for day, marks in self.stacks.items():
            x = self.middle(day)
            shown = marks if len(marks) <= _MOST else marks[: _MOST - 1]
            for level, one in enumerate(shown):
                draw_mark(self.drawing, one.kind, x, self.level(level))
                self.room.take(Box(x - 9, self.level(level) - 9, x + 9, self.level(level) + 9))
            if len(shown) < len(marks):
                more = held(Label(f"+{len(marks) - len(shown)}", x, self.level(len(shown)) + 5, "middle"), 1e9)
                self.room.take(more.box)
                write(self.drawing, more, "t-ink", "ink", bold=True)

    def level(self, level: int) -> float:
        return self.axis - 14 - _STEP * level

    def late_count(self) -> None:
        late = [day for day, marks in self.stacks.items() if any(one.kind is Kind.LATE for one in marks)]
        if not late or not self.strip.late_label:
            return
        placed = self.room.place(self.places_of_count(self.middle(max(late))))
        if placed:
            write(self.drawing, placed, "c-late", "late", bold=True)

    def places_of_count(self, x: float) -> Iterator[Label]:
        words, now = self.strip.late_label, self.middle(self.strip.today)
        levels = round((self.axis - _HEAD) / _STEP)
        for level in range(1, levels + 1):
            y = self.level(level)
            yield Label(words, x, y, "middle")
            yield Label(words, x + 8, y, "end")
            if x < now:
                yield Label(words, now - 8, y, "end")
        yield Label(words, now - 8, 30, "end")
        yield Label(words, now + 8, 30, "start")
        # beside the word "today", where nothing else ever stands
        wide = Label(self.strip.today_label, now, 13, "middle").box
        yield Label(words, wide.left - 10, 13, "end")
        yield Label(words, max(wide.right, wide.right - wide.left) + 10, 13)

    def references(self) -> None:
        alone = [marks[0] for marks in self.stacks.values() if len(marks) == 1]
        for one in sorted(alone, key=lambda mark: (mark.kind is not Kind.LATE, mark.day)):
            if one.day < self.strip.start:
                continue
            x, y = self.middle(one.day), self.level(0) + 5
            placed = self.room.place([Label(one.label, x + 13, y)])
            if placed:
                write(self.drawing, placed, "t-muted", "muted")

    def ticks(self) -> None:
        for tick in self.strip.ticks:
            if not self.strip.start <= tick.day <= self.strip.end:
                continue
            x = self.left(tick.day)
            line = path("M", x, self.axis, "v", 9)
            self.drawing.add("path", "z-line", d=line, stroke="line_strong")
            placed = (
                None if tick.day == self.strip.today else self.room.place([Label(tick.label, x + 2, self.axis + 22)])
            )
            if placed:
                write(self.drawing, placed, "t-muted", "muted")


def _stacked(strip: DeadlineStrip) -> dict[date, list[Mark]]:
    """Group the marks by the day they are drawn on, the gravest lowest."""
    order = list(Kind)
    stacks: dict[date, list[Mark]] = {}
    for one in sorted(strip.marks, key=lambda mark: (mark.day, order.index(mark.kind), mark.label)):
        if one.day <= strip.end:
            stacks.setdefault(max(one.day, strip.start), []).append(one)
    return stacks
