"""The flow map: boxes apart, words inside their boxes, third countries and gaps told by more than colour."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.pictures.flow_map import Box, BoxKind, FlowMap, Link, broken, flow_map, for_print, table
from tests.registry.pictures.drawn import HOSTILE, SVG, assert_inside, named, overlapping, parsed, words

MAP = FlowMap(
    "map",
    "Carte des traitements",
    "Deux activités",
    ("Sources", "Activités et base", "Destinataires et pays"),
    (Box("site", "Formulaires du site", "clients"), Box("file", "Fichier loué", "sans activité", BoxKind.GAP)),
    (Box("news", "Lettre d’information", "consentement"), Box("orders", "Commandes", "contrat")),
    (Box("mailer", "Envois", "France"), Box("desk", "Zendesk", "États-Unis", BoxKind.THIRD)),
    (
        Link("site", "news"), Link("site", "orders"), Link("file", "news", gap=True), Link("news", "mailer"),
        Link("orders", "desk"),
    ),
)  # fmt: skip


def test_boxes_and_lines_say_more_than_colour() -> None:
    picture = flow_map(MAP)
    root = parsed(picture)
    assert named(root, "map") == ("Carte des traitements", "Deux activités")
    frames = {one.get("class"): one for one in root if one.tag == f"{SVG}rect"}
    assert frames["z-box z-bad"].get("stroke-dasharray")
    assert frames["z-third"].get("stroke-width") == "2"
    lines = [one.get("class") for one in root if one.get("fill") == "none"]
    assert sorted(lines) == ["z-bad", "z-edge", "z-edge", "z-edge", "z-edge"]
    assert flow_map(MAP) == picture
    assert (picture.width, for_print(MAP).width) == (1040, 700)


def test_the_twin_joins_what_belongs_together() -> None:
    header, rows = table(MAP, ("Activité", "Base", "Sources", "Destinataires"))
    assert header[0] == "Activité"
    assert rows[0] == (
        "Lettre d’information", "consentement", "Formulaires du site (clients) ; Fichier loué (sans activité)",
        "Envois (France)",
    )  # fmt: skip


def test_a_link_to_nothing_is_refused() -> None:
    for link in (Link("site", "nobody"), Link("site", "mailer"), Link("news", "orders")):
        with pytest.raises(ValueError, match="link"):
            flow_map(replace(MAP, links=(link,)))


def test_hostile_and_empty_maps() -> None:
    hostile = Box("x", HOSTILE, HOSTILE * 9, BoxKind.THIRD)
    assert_inside(flow_map(replace(MAP, title=HOSTILE, recipients=(hostile,), links=())))
    empty = flow_map(replace(MAP, sources=(), activities=(), recipients=(), links=()))
    assert words(parsed(empty)) == []


def test_long_words_break_and_are_cut() -> None:
    assert broken("un deux trois", 40, 3) == ("un", "deux", "trois")
    assert broken("", 100, 2) == ()
    (cut,) = broken("a" * 60, 100, 2)
    assert cut.endswith("…")
    assert broken("un deux trois quatre cinq", 40, 2)[1].endswith("…")


names = st.sampled_from(
    ["Cabinet", "Exemple Factures, hébergeur du logiciel", "Direction générale des finances publiques"]
)
places = st.tuples(st.integers(0, 7), st.integers(0, 7))


@given(sizes=st.tuples(*[st.integers(0, 8)] * 3), title=names, pairs=st.lists(places, max_size=20), paper=st.booleans())
@settings(deadline=None, max_examples=40, database=None)
def test_boxes_stand_apart_whatever_is_linked(
    sizes: tuple[int, int, int], title: str, pairs: list[tuple[int, int]], paper: bool
) -> None:
    groups = [
        tuple(Box(f"{side}{n}", title, "France") for n in range(size)) for side, size in zip("sar", sizes, strict=True)
    ]
    links = [Link(f"s{one}", f"a{other}") for one, other in pairs if one < sizes[0] and other < sizes[1]]
    links += [Link(f"a{other}", f"r{one}") for one, other in pairs if one < sizes[2] and other < sizes[1]]
    shown = replace(MAP, sources=groups[0], activities=groups[1], recipients=groups[2], links=tuple(links))
    picture = for_print(shown) if paper else flow_map(shown)
    assert_inside(picture)
    root = parsed(picture)
    assert overlapping(words(root)) == []
    boxes = [[float(one.attrib[name]) for name in ("x", "y", "height")] for one in root if one.tag == f"{SVG}rect"]
    assert len(boxes) == sum(sizes)
    for x in {one[0] for one in boxes}:
        column = sorted((y, high) for left, y, high in boxes if left == x)
        for (above, high), (below, _) in itertools.pairwise(column):
            assert above + high + 12 <= below
