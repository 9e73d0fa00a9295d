"""Writes the style sheet of the tokens: `python -m registry.pictures.style_sheet > web/static/css/tokens.css`.

Its second part recolours the classes of charts in the dark; on paper and under forced colours charts stay light.
"""

from __future__ import annotations

import sys

from registry.pictures.tokens import TOKENS, dark, light

_STATES = ("late", "soon", "ok", "paused", "extended")
_SERIES = ("series_1", "series_2", "series_3", "series_4")
_FLOWS = {"plain": "line_strong", "good": "accent", "part": "soon", "bad": "late"}


def style_sheet() -> str:
    """Return the whole text of `tokens.css`: the same colours for light, dark and device, then charts in the dark."""
    night = "[data-bs-theme=dark]", "[data-bs-theme=auto]"
    return "\n".join(
        [
            "/* Written by `python -m registry.pictures.style_sheet`; change registry/pictures/tokens.py instead. */",
            _rule(":root,[data-bs-theme=light]", "light", light()),
            _rule(night[0], "dark", dark()),
            "@media (prefers-color-scheme:dark){",
            _rule(night[1], "dark", dark()),
            "}",
            "@media print{",
            _rule(f":root,{night[0]},{night[1]}", "light", light()),
            "}",
            "@media (forced-colors:none){",
            *_charts(night[0]),
            "}",
            "@media (forced-colors:none) and (prefers-color-scheme:dark){",
            *_charts(night[1]),
            "}",
            "",
        ]
    )


def _rule(selector: str, scheme: str, colours: dict[str, str]) -> str:
    lines = [f" {_variable(token.name)}:{colours[token.name]};" for token in TOKENS]
    return "\n".join([f"{selector}{{", f" color-scheme:{scheme};", *lines, "}"])


def _variable(name: str) -> str:
    return "--cc-" + name.replace("_", "-")


def _charts(under: str) -> list[str]:
    return [f"{_each(under, selector)}{{{_declared(colours)}}}" for selector, colours in _chart_classes()]


def _each(under: str, selector: str) -> str:
    return ",".join(f"{under} {one}" for one in selector.split(","))


def _declared(colours: dict[str, str]) -> str:
    return ";".join(
        f"{name}:{value if value == 'none' else f'var({_variable(value)})'}" for name, value in colours.items()
    )


def _chart_classes() -> list[tuple[str, dict[str, str]]]:
    rules: list[tuple[str, dict[str, str]]] = [
        (".t-ink,.c-ink,.z-node", {"fill": "ink"}),
        (".t-muted", {"fill": "muted"}),
        (".z-now", {"stroke": "ink"}),
        (".z-grid", {"stroke": "line"}),
        (".z-line,.z-edge", {"stroke": "line_strong"}),
        (".z-off,.z-track", {"fill": "line"}),
        (".z-holiday,.z-arrow", {"fill": "line_strong"}),
        (".z-soon", {"fill": "soon_tint"}),
        (".z-cut", {"fill": "paper"}),
        (".z-gap", {"stroke": "paper"}),
        (".z-paper", {"fill": "paper", "stroke": "line_strong"}),
        (".z-box", {"fill": "sunk", "stroke": "line_strong"}),
        (".z-third", {"fill": "soon_tint", "stroke": "soon"}),
        (".z-bad", {"stroke": "late"}),
        (".z-arrow-bad", {"fill": "late"}),
    ]
    rules += [(f".c-{one},.b-{one}", {"fill": one}) for one in _STATES if one != "paused"]
    rules += [(".c-paused", {"fill": "paper", "stroke": "paused"}), (".b-paused", {"fill": "paused"})]
    rules += [(".l-late", {"stroke": "late"})]
    for one in _SERIES:
        place = one.rpartition("_")[2]
        rules += [(f".s-{place},.e-{place}", {"fill": one}), (f".l-{place}", {"stroke": one})]
    rules += [(f".f-{flow}", {"fill": colour}) for flow, colour in _FLOWS.items()]
    return rules


if __name__ == "__main__":
    sys.stdout.write(style_sheet())
