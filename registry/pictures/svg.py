"""A small safe writer of SVG: presentation attributes alone, everything escaped, numbers to a tenth.

A page under `style-src 'self'` and a PDF draw the same text; the classes let a page recolour it in the dark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup, escape

from registry.documents.shown import shown
from registry.pictures.tokens import FONT_STACK, light

TEXT_SIZE = 14
"""Pixels; a picture as wide as its slot keeps them."""
FONTS = f"'Source Sans 3 Variable',{FONT_STACK}".replace('"', "'").replace(", ", ",")
Twin = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
"""The table that says what a picture shows: its header and its rows, as texts."""

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_SHAPES = frozenset({"rect", "circle", "path"})
_ATTRIBUTES = frozenset(
    {"x", "y", "width", "height", "rx", "cx", "cy", "r", "d", "fill", "fill-opacity", "stroke", "stroke-width"}
    | {"stroke-dasharray", "stroke-linejoin"}
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished drawing; a template shows it as it is."""

    svg: Markup
    width: float
    """Pixels, equal to the width of the `viewBox`."""
    height: float

    def __html__(self) -> str:
        return self.svg


def number(value: float) -> str:
    """Write a coordinate to a tenth, without a needless zero: `12.0` is `12`."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def path(*steps: str | float) -> str:
    """Write the data of a path from letters and coordinates: `path("M", 0, 4.5, "H", 9)` is `M0 4.5H9`."""
    text = ""
    for step in steps:
        if isinstance(step, str):
            text += step
        else:
            text += number(step) if text[-1:].isalpha() else f" {number(step)}"
    return text


class Drawing:
    """One picture while it is drawn: shapes first, then `picture`."""

    def __init__(self, key: str, width: float, height: float, *, title: str = "", desc: str = "") -> None:
        """Begin a picture; `key` begins its ids and is unique on its page, without `title` it is mere decoration.

        Raises: ValueError for a key that is no id.
        """
        if not _KEY.fullmatch(key):
            raise ValueError("the key of a picture is an id: a letter, then letters, digits, - and _")
        self._key, self._title, self._desc = key, title, desc
        self.width, self.height = width, height
        self.colour = light()
        self._parts: list[str] = []

    def add(self, shape: str, css: str, **attributes: str | float | None) -> None:
        """Draw a shape; `fill="late"` names a token or a colour, `stroke_width` is `stroke-width`, None is left out.

        Raises: ValueError for a shape or an attribute that pictures do not use.
        """
        if shape not in _SHAPES:
            raise ValueError(f"pictures do not draw {shape}")
        self._parts.append(f"<{shape}{self._written(css, attributes)}/>")

    def text(
        self, words: str, x: float, y: float, css: str, colour: str, *, anchor: str = "", bold: bool = False
    ) -> None:
        """Write words with their base line at `y`; `anchor` is start (usual), middle or end."""
        extra = _attribute("text-anchor", anchor) if anchor and anchor != "start" else ""
        extra += _attribute("font-weight", "700") if bold else ""
        place = _attribute("class", css) + _attribute("x", number(x)) + _attribute("y", number(y))
        fill = _attribute("fill", self.colour.get(colour, colour))
        self._parts.append(f"<text{place}{extra}{fill}>{plain(words)}</text>")

    def _written(self, css: str, attributes: dict[str, str | float | None]) -> str:
        text = _attribute("class", css)
        for name, value in attributes.items():
            written = name.replace("_", "-")
            if written not in _ATTRIBUTES:
                raise ValueError(f"pictures do not write the attribute {written}")
            if value is not None:
                text += _attribute(written, self.colour.get(value, value) if isinstance(value, str) else number(value))
        return text

    def picture(self, css: str = "cc-chart") -> Picture:
        """Close the picture: `role="img"` with title and description, or hidden from assistive technology."""
        box = _attribute("class", css) + _attribute("viewBox", f"0 0 {number(self.width)} {number(self.height)}")
        head = self._named() if self._title else ' width="16" height="16" aria-hidden="true" focusable="false">'
        text = f"<svg{box}{head}{''.join(self._parts)}</svg>"
        # every value in it was escaped when it was written
        return Picture(Markup(text), self.width, self.height)  # noqa: S704

    def _named(self) -> str:
        ids, words = f"{self._key}-t", f'<title id="{self._key}-t">{plain(self._title)}</title>'
        if self._desc:
            ids += f" {self._key}-d"
            words += f'<desc id="{self._key}-d">{plain(self._desc)}</desc>'
        font = _attribute("font-family", FONTS) + _attribute("font-size", str(TEXT_SIZE))
        space = 'xmlns="http://www.w3.org/2000/svg"'
        return f' role="img"{_attribute("aria-labelledby", ids)} {space}{font}>{words}'


def plain(words: str) -> str:
    """Return words as they may stand in SVG: escaped, on one line, with disguised characters written out."""
    return str(escape(shown(words).replace("\n", " ")))


def _attribute(name: str, value: str) -> str:
    return f' {name}="{escape(value)}"'
