"""The flow map: where data come from, what is done with them, who receives them and in which country (Art. 30)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from registry.documents.shown import shown
from registry.pictures.labels import Label, clipped, close_width, write
from registry.pictures.svg import Drawing, Picture, Twin, path

PRINT_WIDTH = 700.0
_HEAD, _GAP, _LINE, _PAD, _SIDE = 34.0, 13.0, 18.0, 12.0, 5.0
_TITLE_LINES, _SUB_LINES = 3, 2


class BoxKind(StrEnum):
    """What a box tells beside its words."""

    PLAIN = "plain"
    THIRD = "third"
    """Outside the European Economic Area."""
    GAP = "gap"
    """A gap between the register and reality."""


@dataclass(frozen=True, slots=True)
class Box:
    """A source, an activity or a recipient: a name and a line under it."""

    id: str
    title: str
    sub: str = ""
    kind: BoxKind = BoxKind.PLAIN


@dataclass(frozen=True, slots=True)
class Link:
    """From a source to an activity or from an activity to a recipient, by their ids."""

    source: str
    target: str
    gap: bool = False


@dataclass(frozen=True, slots=True)
class FlowMap:
    """What the map shows; texts are in the page's language, ids are unique in the whole map."""

    key: str
    """Begins the ids of the picture; unique on its page."""
    title: str
    desc: str
    headings: tuple[str, str, str]
    sources: tuple[Box, ...]
    activities: tuple[Box, ...]
    recipients: tuple[Box, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class _Spot:
    box: Box
    lines: tuple[str, ...]
    under: tuple[str, ...]
    y: float

    @property
    def height(self) -> float:
        return _LINE * (len(self.lines) + len(self.under)) + 16

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def flow_map(chart: FlowMap, width: float = 1040) -> Picture:
    """Draw the map: activities in the order given, sources and recipients near what they are linked to.

    Raises: ValueError for a link from or to nothing that is chart.
    """
    return _Map(chart, width).drawn()


def for_print(chart: FlowMap) -> Picture:
    """Redraw the map for paper, narrower and with its lines broken anew.

    A PDF reader says the title alone, so the caller writes the whole message there.
    """
    return _Map(chart, PRINT_WIDTH).drawn()


def table(chart: FlowMap, header: tuple[str, ...]) -> Twin:
    """Return the table twin: for each activity its line, its sources and its recipients with their lines."""
    names = {box.id: box for box in (*chart.sources, *chart.recipients)}
    rows = []
    for one in chart.activities:
        into = [_said(names[link.source]) for link in chart.links if link.target == one.id]
        out = [_said(names[link.target]) for link in chart.links if link.source == one.id]
        rows.append((one.title, one.sub, " ; ".join(into), " ; ".join(out)))
    return header, tuple(rows)


def _said(box: Box) -> str:
    return f"{box.title} ({box.sub})" if box.sub else box.title


class _Map:
    def __init__(self, chart: FlowMap, width: float) -> None:
        self.chart = chart
        self.wide = round(min((width - 2 * _SIDE) * 0.275, 300.0))
        self.lefts = (_SIDE, (width - self.wide) / 2, width - _SIDE - self.wide)
        columns = [self.fitted(boxes) for boxes in (chart.sources, chart.activities, chart.recipients)]
        high = max(_HEAD + sum(spot.height + _GAP for spot in spots) for spots in columns)
        middle = _stacked(columns[1], _spaced(columns[1], high), high)
        self.spots = {spot.box.id: spot for spot in middle}
        self.check()
        for spots in (columns[0], columns[2]):
            self.spots |= {spot.box.id: spot for spot in _stacked(spots, self.wanted(spots, high), high)}
        self.drawing = Drawing(chart.key, width, high, title=chart.title, desc=chart.desc)

    def check(self) -> None:
        outside = {box.id for box in self.chart.sources} | {box.id for box in self.chart.recipients}
        for link in self.chart.links:
            if len({link.source, link.target} & outside) != 1 or len({link.source, link.target} & set(self.spots)) != 1:
                raise ValueError("a link joins an activity to a source or a recipient of the map")

    def fitted(self, boxes: Sequence[Box]) -> list[_Spot]:
        room = self.wide - 2 * _PAD
        return [
            _Spot(box, broken(box.title, room, _TITLE_LINES), broken(box.sub, room, _SUB_LINES), 0.0) for box in boxes
        ]

    def wanted(self, spots: Sequence[_Spot], high: float) -> list[float]:
        """Return the middle of what each box is linked to; what is linked to nothing goes to the bottom."""
        middles = []
        for spot in spots:
            linked = [
                self.spots[other].middle
                for link in self.chart.links
                for other in (link.source, link.target)
                if spot.box.id in (link.source, link.target) and other in self.spots
            ]
            middles.append(sum(linked) / len(linked) if linked else high)
        return middles

    def drawn(self) -> Picture:
        columns = (self.chart.sources, self.chart.activities, self.chart.recipients)
        for heading, x, boxes in zip(self.chart.headings, self.lefts, columns, strict=True):
            if not boxes:
                continue
            write(self.drawing, Label(clipped(heading, self.wide), x, 16), "t-ink", "ink", bold=True)
        lefts = self.columns()
        for link in self.chart.links:
            self.link(link, lefts)
        for name, spot in self.spots.items():
            self.box(spot, lefts[name], activity=lefts[name] == self.lefts[1])
        return self.drawing.picture()

    def columns(self) -> Mapping[str, float]:
        groups = (self.chart.sources, self.chart.activities, self.chart.recipients)
        return {box.id: x for boxes, x in zip(groups, self.lefts, strict=True) for box in boxes}

    def link(self, link: Link, lefts: Mapping[str, float]) -> None:
        start, end = self.spots[link.source], self.spots[link.target]
        left, right = lefts[link.source] + self.wide, lefts[link.target]
        turn = (left + right) / 2
        line = path("M", left, start.middle, "C", turn, start.middle, turn, end.middle, right - 7, end.middle)
        head = path("M", right, end.middle, "l", -8, -4.5, "v", 9, "z")
        if link.gap:
            self.drawing.add(
                "path", "z-bad", d=line, fill="none", stroke="late", stroke_width=2, stroke_dasharray="5 4"
            )
            self.drawing.add("path", "z-arrow-bad", d=head, fill="late")
        else:
            self.drawing.add("path", "z-edge", d=line, fill="none", stroke="line_strong", stroke_width=1.5)
            self.drawing.add("path", "z-arrow", d=head, fill="line_strong")

    def box(self, spot: _Spot, x: float, *, activity: bool) -> None:
        css, fill, stroke, thick, dashes = _FRAMES[spot.box.kind]
        self.drawing.add(
            "rect", css, x=x, y=spot.y, width=self.wide, height=spot.height, rx=1.0 if activity else 6.0, fill=fill,
            stroke=stroke, stroke_width=thick, stroke_dasharray=dashes,
        )  # fmt: skip
        y = spot.y + 22
        for line in spot.lines:
            write(self.drawing, Label(line, x + _PAD, y), "t-ink", "ink")
            y += _LINE
        # muted words would be too pale on the tint of a third country
        css, colour = ("t-ink", "ink") if spot.box.kind is BoxKind.THIRD else ("t-muted", "muted")
        for line in spot.under:
            write(self.drawing, Label(line, x + _PAD, y), css, colour)
            y += _LINE


_FRAMES: Mapping[BoxKind, tuple[str, str, str, float, str | None]] = {
    BoxKind.PLAIN: ("z-box", "paper", "line_strong", 1.5, None),
    BoxKind.THIRD: ("z-third", "soon_tint", "soon", 2.0, None),
    BoxKind.GAP: ("z-box z-bad", "paper", "late", 2.0, "5 4"),
}


def broken(words: str, room: float, most: int) -> tuple[str, ...]:
    """Break words into at most so many lines of `room` pixels; what is left over is cut with an ellipsis."""
    lines: list[str] = []
    line = ""
    rest = shown(words).split()
    while rest:
        longer = f"{line} {rest[0]}".strip()
        if close_width(longer) <= room or not line:
            line = longer
            rest.pop(0)
        elif len(lines) == most - 1:
            break
        else:
            lines.append(line)
            line = ""
    if line:
        lines.append(" ".join([line, *rest]))
    return tuple(clipped(one, room) for one in lines)


def _spaced(spots: Sequence[_Spot], high: float) -> list[float]:
    """Return middles that spread boxes over the whole height, so that lines run flat."""
    free = high - _HEAD - _GAP * len(spots) - sum(spot.height for spot in spots)
    extra = free / max(len(spots), 1)
    middles, edge = [], _HEAD
    for spot in spots:
        middles.append(edge + (extra + spot.height) / 2)
        edge += extra + spot.height + _GAP
    return middles


def _stacked(spots: Sequence[_Spot], wanted: Sequence[float], high: float) -> list[_Spot]:
    """Place boxes one under the other, each as near to its wanted middle as the others and the height let it."""
    order = sorted(range(len(spots)), key=lambda place: wanted[place])
    ys, edge = [0.0] * len(spots), _HEAD - _GAP
    for place in order:
        ys[place] = max(wanted[place] - spots[place].height / 2, edge + _GAP)
        edge = ys[place] + spots[place].height
    edge = high
    for place in reversed(order):
        ys[place] = min(ys[place], edge - spots[place].height - _GAP)
        edge = ys[place]
    return [_Spot(spots[place].box, spots[place].lines, spots[place].under, ys[place]) for place in order]
