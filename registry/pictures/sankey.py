"""A Sankey picture: how many go from one state to the next, such as requests from channel over right to outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from registry.pictures.axes import Say, grouped
from registry.pictures.labels import Label, clipped, text_width, write
from registry.pictures.svg import Drawing, Picture, Twin, path

_NODE, _GAP, _TOP, _APART = 14.0, 14.0, 12.0, 19.0


class Tone(StrEnum):
    """What a band means; the outcome colours it."""

    PLAIN = "plain"
    GOOD = "good"
    PART = "part"
    BAD = "bad"


_COLOURS = {Tone.PLAIN: "line_strong", Tone.GOOD: "accent", Tone.PART: "soon", Tone.BAD: "late"}


@dataclass(frozen=True, slots=True)
class Node:
    """One state; its label carries its count, such as `Portail · 121`."""

    id: str
    column: int
    label: str


@dataclass(frozen=True, slots=True)
class Flow:
    """So many from one node to one of the next column."""

    source: str
    target: str
    value: float
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Sankey:
    """What the picture shows; texts are in the page's language, nodes stand in the order given."""

    key: str
    """Begins the ids of the picture; unique on its page."""
    title: str
    desc: str
    nodes: tuple[Node, ...]
    flows: tuple[Flow, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """Where a flow is drawn: its thickness, and its upper edge at both ends."""

    flow: Flow
    start: float
    end: float
    thick: float


def sankey(chart: Sankey, width: float = 1040, height: float = 320) -> Picture:
    """Draw the bands under their nodes; `height` is that of the bands, names that stand close make the picture higher.

    Raises: ValueError for a flow of zero or less, or between nodes that are not of neighbouring columns.
    """
    _check(chart)
    spots = placed(chart, height)
    bottom = max((y + high for y, high in spots.values()), default=0)
    drawing = Drawing(chart.key, width, bottom + _TOP, title=chart.title, desc=chart.desc)
    columns = max((node.column for node in chart.nodes), default=0)
    left, right = (_beside(chart, column, width / 4) for column in (0, columns))
    apart = (width - left - right - _NODE) / max(columns, 1)
    xs = [left + apart * column for column in range(columns + 1)]
    at = {node.id: xs[node.column] for node in chart.nodes}
    for band in bands(chart, spots):
        d = _curve(at[band.flow.source] + _NODE, at[band.flow.target], band)
        tone = band.flow.tone
        drawing.add("path", f"f-{tone.value}", d=d, fill=_COLOURS[tone], fill_opacity=0.3)
    for node in chart.nodes:
        y, high = spots[node.id]
        drawing.add("rect", "z-node", x=at[node.id], y=y, width=_NODE, height=max(high, 1), fill="ink")
        room = (left if node.column == 0 else right if node.column == columns else apart - _NODE) - 10
        write(drawing, _named(node, at[node.id], y + high / 2 + 5, room), "t-ink", "ink")
    return drawing.picture()


def table(chart: Sankey, header: tuple[str, ...], say: Say = grouped) -> Twin:
    """Return the table twin: one row for each flow."""
    names = {node.id: node.label for node in chart.nodes}
    return header, tuple((names[one.source], names[one.target], say(one.value)) for one in chart.flows)


def placed(chart: Sankey, height: float) -> dict[str, tuple[float, float]]:
    """Return the upper edge and the height of each node: one scale for all, names at least a line apart."""
    sizes = {node.id: _size(chart, node.id) for node in chart.nodes}
    columns: dict[int, list[Node]] = {}
    for node in chart.nodes:
        columns.setdefault(node.column, []).append(node)
    fullest = max((sum(sizes[node.id] for node in nodes) for nodes in columns.values()), default=0) or 1
    gaps = max((len(nodes) - 1 for nodes in columns.values()), default=0) * _GAP
    scale = max(height - gaps, height / 2) / fullest
    spots = {}
    for nodes in columns.values():
        edge, middle = _TOP - _GAP, _TOP - _APART + 8
        for node in nodes:
            high = sizes[node.id] * scale
            y = max(edge + _GAP, middle + _APART - high / 2)
            spots[node.id] = (y, high)
            edge, middle = y + high, y + high / 2
    return spots


def bands(chart: Sankey, spots: dict[str, tuple[float, float]]) -> list[Band]:
    """Return the bands: at each node they lie in the order of their other ends, so that they cross seldom."""
    sizes = {node.id: _size(chart, node.id) for node in chart.nodes}
    starts, ends = ({name: y for name, (y, _) in spots.items()} for _ in range(2))
    from_place: dict[int, float] = {}
    thick: dict[int, float] = {}
    numbered = list(enumerate(chart.flows))
    for place, flow in sorted(numbered, key=lambda one: spots[one[1].target][0]):
        thick[place] = spots[flow.source][1] * flow.value / sizes[flow.source]
        from_place[place] = starts[flow.source]
        starts[flow.source] += thick[place]
    found = []
    for place, flow in sorted(numbered, key=lambda one: spots[one[1].source][0]):
        found.append(Band(flow, from_place[place], ends[flow.target], thick[place]))
        ends[flow.target] += thick[place]
    return found


def _check(chart: Sankey) -> None:
    columns = {node.id: node.column for node in chart.nodes}
    for flow in chart.flows:
        if flow.value <= 0:
            raise ValueError("a flow is more than zero")
        if columns.get(flow.target, -1) - columns.get(flow.source, -1) != 1 or flow.source not in columns:
            raise ValueError("a flow goes from a node to one of the next column")


def _size(chart: Sankey, name: str) -> float:
    into = sum(flow.value for flow in chart.flows if flow.target == name)
    out = sum(flow.value for flow in chart.flows if flow.source == name)
    return max(into, out)


def _beside(chart: Sankey, column: int, most: float) -> float:
    wide = max((text_width(node.label) for node in chart.nodes if node.column == column), default=0)
    return min(wide + 12, most)


def _named(node: Node, x: float, y: float, room: float) -> Label:
    words = clipped(node.label, room)
    return Label(words, x - 9, y, "end") if node.column == 0 else Label(words, x + _NODE + 9, y)


def _curve(left: float, right: float, band: Band) -> str:
    middle = (left + right) / 2
    thick = max(band.thick, 1.0)
    return path(
        "M", left, band.start, "C", middle, band.start, middle, band.end, right, band.end, "v", thick,
        "C", middle, band.end + thick, middle, band.start + thick, left, band.start + thick, "z",
    )  # fmt: skip
