"""Reads a drawn picture back: its words and marks with the place that they take."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from functools import cache
from xml.etree import ElementTree

from fontTools.ttLib import TTFont

from registry.documents.fonts import FOLDER
from registry.pictures.svg import Picture

SVG = "{http://www.w3.org/2000/svg}"
EM = 0.56 * 14
HOSTILE = '<script>alert(1)</script>]]>" onload="x" & \u202egnp.exe\x00<!--'
Words = tuple[str, float, float, float]
"""The words, their left and right edge, and their base line."""


def parsed(picture: Picture) -> ElementTree.Element:
    """Parse a picture and check what holds for every one."""
    # our own text, and the test is that a plain parser takes it
    root = ElementTree.fromstring(picture.svg)  # noqa: S314
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {"svg", "title", "desc", "rect", "circle", "path", "text"}
        assert not any(name == "style" or name.startswith("on") or "href" in name for name in element.attrib)
    assert root.get("viewBox") == f"0 0 {picture.width:g} {round(picture.height, 1):g}"
    return root


def named(root: ElementTree.Element, key: str) -> tuple[str, str]:
    """Return title and description, checked to be what the picture is labelled by."""
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert title is not None
    assert title.get("id") == f"{key}-t"
    if desc is None:
        assert root.get("aria-labelledby") == f"{key}-t"
        return title.text or "", ""
    assert desc.get("id") == f"{key}-d"
    assert root.get("aria-labelledby") == f"{key}-t {key}-d"
    return title.text or "", desc.text or ""


def words(root: ElementTree.Element) -> list[Words]:
    """Return every text with the room that it takes."""
    found = []
    for text in root.iter(f"{SVG}text"):
        said, x, y = text.text or "", float(text.attrib["x"]), float(text.attrib["y"])
        wide = len(said) * EM
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[text.get("text-anchor", "start")]
        found.append((said, left, left + wide, y))
    return found


def overlapping(found: Iterable[Words]) -> list[tuple[str, str]]:
    """Return the pairs of texts that lie on each other, a tenth of a pixel left to rounding."""
    return [
        (one[0], other[0])
        for one, other in itertools.combinations(found, 2)
        if one[1] < other[2] - 0.2 and other[1] < one[2] - 0.2 and abs(one[3] - other[3]) < 14.8
    ]


def points(root: ElementTree.Element) -> list[tuple[float, float]]:
    """Return the corners of every shape."""
    found = []
    for shape in root.iter():
        at = {name: float(value) for name, value in shape.attrib.items() if re.fullmatch(r"-?[\d.]+", value)}
        if shape.tag == f"{SVG}rect":
            found += [(at["x"], at["y"]), (at["x"] + at["width"], at["y"] + at["height"])]
        elif shape.tag == f"{SVG}circle":
            found += [(at["cx"] - at["r"], at["cy"] - at["r"]), (at["cx"] + at["r"], at["cy"] + at["r"])]
        elif shape.tag == f"{SVG}path":
            found += list(_along(shape.attrib["d"]))
    return found


def _along(d: str) -> Iterable[tuple[float, float]]:
    x = y = 0.0
    for letter, rest in re.findall(r"([A-Za-z])([^A-Za-z]*)", d):
        numbers = [float(one) for one in rest.split()]
        if letter in "Hh":
            x = numbers[0] + (x if letter == "h" else 0)
        elif letter in "Vv":
            y = numbers[0] + (y if letter == "v" else 0)
        elif letter in "MLC":
            x, y = numbers[-2:]
        elif letter == "l":
            x, y = x + numbers[0], y + numbers[1]
        yield x, y


def assert_inside(picture: Picture) -> None:
    """Check that every shape and every text lies inside the picture, the texts as wide as their letters really are."""
    root = parsed(picture)
    for x, y in points(root):
        assert -0.2 <= x <= picture.width + 0.2
        assert -0.2 <= y <= picture.height + 0.2
    for text in root.iter(f"{SVG}text"):
        said, x, y = text.text or "", float(text.attrib["x"]), float(text.attrib["y"])
        wide = real_width(said)
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[text.get("text-anchor", "start")]
        assert left >= -1, said
        assert left + wide <= picture.width + 1, said
        assert 10 <= y <= picture.height, said


@cache
def _advances() -> dict[int, float]:
    with TTFont(FOLDER / "source-sans-3-latin-700-normal.woff2") as font:
        wide, unit = font["hmtx"], font["head"].unitsPerEm
        return {code: wide[name][0] / unit for code, name in font.getBestCmap().items()}


def real_width(said: str) -> float:
    """Return how wide words are in the bold face, at 14 pixels."""
    return 14 * sum(_advances().get(ord(one), 0.56) for one in said.replace("\u202f", " "))
