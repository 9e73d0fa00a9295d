"""The writer of pictures lets nothing through that is not a drawing."""

from __future__ import annotations

import pytest
from jinja2 import Environment

from registry.pictures.legend import line_key, mark_key, swatch_key
from registry.pictures.marks import Kind
from registry.pictures.svg import Drawing, number, path
from tests.registry.pictures.drawn import HOSTILE, named, parsed, words


def test_hostile_words_stay_words() -> None:
    drawing = Drawing("k", 520, 40, title=HOSTILE, desc=HOSTILE)
    drawing.text(HOSTILE, 1, 20, "t-ink", "ink")
    picture = drawing.picture()
    root = parsed(picture)
    shown = '<script>alert(1)</script>]]>" onload="x" & [U+202E]gnp.exe[U+0000]<!--'
    assert named(root, "k") == (shown, shown)
    assert [said for said, *_ in words(root)] == [shown]
    assert "<script" not in picture.svg


def test_a_template_shows_a_picture_as_it_is() -> None:
    picture = mark_key(Kind.LATE)
    page = Environment(autoescape=True).from_string("{{ one }}{{ one.svg }}").render(one=picture)
    assert page == picture.svg * 2


@pytest.mark.parametrize("key", ["", "1a", 'a"b', "a b", "é"])
def test_a_key_that_is_no_id_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Drawing(key, 10, 10)


@pytest.mark.parametrize(
    ("shape", "attributes"),
    [("script", {}), ("image", {}), ("rect", {"style": "x"}), ("rect", {"onload": "x"}), ("path", {"href": "x"})],
)
def test_other_shapes_and_attributes_are_refused(shape: str, attributes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="pictures do not"):
        Drawing("k", 10, 10).add(shape, "c-ink", **attributes)


def test_attributes_are_escaped_and_colours_are_named() -> None:
    drawing = Drawing("k", 10, 10, title="t")
    drawing.add("rect", 'c"', fill="late", stroke='"><script>', rx=None)
    (rect,) = [one for one in parsed(drawing.picture()) if one.tag.endswith("rect")]
    assert rect.attrib == {"class": 'c"', "fill": "#a3231c", "stroke": '"><script>'}


def test_numbers_are_short_and_stable() -> None:
    assert [number(one) for one in (12.0, -0.04, 0.06, 1 / 3, 520)] == ["12", "0", "0.1", "0.3", "520"]
    assert path("M", 1, 2.5, "H", -3.25, "z") == "M1 2.5H-3.2z"


def test_keys_are_decoration() -> None:
    keys = [mark_key(kind) for kind in Kind] + [make(place) for place in range(4) for make in (swatch_key, line_key)]
    for key in keys:
        root = parsed(key)
        assert root.get("aria-hidden") == "true"
        assert root.get("role") is None
        assert "id=" not in key.svg
    assert len({key.svg for key in keys}) == len(keys)
