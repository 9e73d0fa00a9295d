"""Sankey: what enters a node leaves it, and every name can be read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.pictures.sankey import Flow, Node, Sankey, Tone, bands, placed, sankey, table
from tests.registry.pictures.drawn import HOSTILE, assert_inside, named, overlapping, parsed, words

CHART = Sankey(
    "paths",
    "Du canal à l’issue",
    "Trois demandes",
    (
        Node("web", 0, "Portail · 3"), Node("access", 1, "Accès · 3"), Node("done", 2, "Satisfaite · 2"),
        Node("no", 2, "Refusée · 1"),
    ),
    (Flow("web", "access", 3), Flow("access", "done", 2, Tone.GOOD), Flow("access", "no", 1, Tone.BAD)),
)  # fmt: skip


def test_bands_carry_the_outcome() -> None:
    picture = sankey(CHART)
    root = parsed(picture)
    assert named(root, "paths") == ("Du canal à l’issue", "Trois demandes")
    assert [one.get("class") for one in root if (one.get("class") or "").startswith("f-")] == [
        "f-plain",
        "f-good",
        "f-bad",
    ]
    assert {one[0] for one in words(root)} == {node.label for node in CHART.nodes}
    assert sankey(CHART) == picture
    assert table(CHART, ("De", "Vers", "Demandes"))[1][1] == ("Accès · 3", "Satisfaite · 2", "2")


def test_flows_between_other_columns_are_refused() -> None:
    for flow in (Flow("web", "done", 1), Flow("done", "access", 1), Flow("nobody", "web", 1), Flow("web", "access", 0)):
        with pytest.raises(ValueError, match="flow"):
            sankey(replace(CHART, flows=(flow,)))


def test_hostile_and_empty_pictures() -> None:
    assert_inside(sankey(replace(CHART, title=HOSTILE, nodes=(Node("web", 0, HOSTILE),), flows=())))
    assert_inside(sankey(replace(CHART, nodes=(), flows=())))


@st.composite
def balanced(draw: st.DrawFn) -> Sankey:
    """Requests from one to five channels over rights to outcomes."""
    sizes = [draw(st.integers(1, 5)) for _ in range(3)]
    nodes = tuple(
        Node(f"{column}-{place}", column, f"Étape {column}-{place}")
        for column in range(3)
        for place in range(sizes[column])
    )
    counted: dict[tuple[str, str], int] = {}
    for number in draw(st.lists(st.integers(1, 400), min_size=1, max_size=12)):
        way = [f"{column}-{draw(st.integers(0, sizes[column] - 1))}" for column in range(3)]
        for step in ((way[0], way[1]), (way[1], way[2])):
            counted[step] = counted.get(step, 0) + number
    return replace(CHART, nodes=nodes, flows=tuple(Flow(one, other, value) for (one, other), value in counted.items()))


@given(balanced())
@settings(deadline=None, max_examples=40, database=None)
def test_bands_fill_their_nodes_and_names_stand_apart(chart: Sankey) -> None:
    spots = placed(chart, 320)
    drawn = bands(chart, spots)
    for node in chart.nodes:
        y, high = spots[node.id]
        into = sum(one.thick for one in drawn if one.flow.target == node.id)
        out = sum(one.thick for one in drawn if one.flow.source == node.id)
        for total, present in ((into, node.column > 0), (out, node.column < 2)):
            assert not present or total == pytest.approx(high)
        for band in drawn:
            if band.flow.target == node.id:
                assert y - 1e-6 <= band.end <= y + high - band.thick + 1e-6
    picture = sankey(chart)
    assert_inside(picture)
    assert overlapping(words(parsed(picture))) == []
