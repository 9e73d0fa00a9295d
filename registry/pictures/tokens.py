"""The colours and faces of every document and screen, in one table; no colour is written anywhere else.

Each pair keeps at least 4.5:1 (WCAG 2.2, 1.4.3), lines of controls and series of charts 3:1 (1.4.11).
"""

from __future__ import annotations

from dataclasses import dataclass

FONT_STACK = '"Source Sans 3", "Source Sans 3 Ext", "Source Sans 3 Greek", "Source Sans 3 Cyrillic", sans-serif'
"""One family name for each set of characters: subset files under one name make the PDF draw wrong glyphs."""


@dataclass(frozen=True, slots=True)
class Token:
    """A colour by its use: on light ground and in the dark."""

    name: str
    light: str
    dark: str
    on: str | None = None
    """Name of the token that it is read on; None for grounds and decoration."""
    least_ratio: float = 4.5


TOKENS: tuple[Token, ...] = (
    Token("paper", "#ffffff", "#18242a"),
    Token("ground", "#f3f5f3", "#10191c"),
    Token("sunk", "#eaeeec", "#213036"),
    Token("ink", "#17252b", "#e6ecea", on="paper"),
    Token("muted", "#51615f", "#a9b8b4", on="ground"),
    Token("accent", "#0b5563", "#7fc8d6", on="paper"),
    Token("accent_hover", "#083e49", "#a5dbe5", on="paper"),
    Token("accent_tint", "#e2eff1", "#173942"),
    Token("on_accent", "#ffffff", "#0b1a1e", on="accent"),
    Token("line", "#d3dad7", "#33423f"),
    Token("line_strong", "#71807c", "#7f918c", on="paper", least_ratio=3.0),
    Token("late_tint", "#fbe9e6", "#43201d"),
    Token("late", "#a3231c", "#ff9d92", on="late_tint"),
    Token("soon_tint", "#fcefd6", "#3c2c0d"),
    Token("soon", "#8a5300", "#f2bd5c", on="soon_tint"),
    Token("ok_tint", "#e3f2e8", "#173526"),
    Token("ok", "#1d6b45", "#7fd3a4", on="ok_tint"),
    Token("paused_tint", "#eeebf8", "#2d2750"),
    Token("paused", "#5a4a9c", "#bfb2f5", on="paused_tint"),
    Token("extended_tint", "#e5eef8", "#1b3352"),
    Token("extended", "#1f5290", "#9cc3f3", on="extended_tint"),
    Token("idle_tint", "#eaeeec", "#26343a"),
    Token("idle", "#4a5956", "#b7c4c0", on="idle_tint"),
    Token("focus", "#ffc94d", "#10191c"),
    Token("focus_ink", "#17252b", "#ffc94d", on="focus", least_ratio=3.0),
    Token("series_1", "#0b5563", "#7fc8d6", on="paper", least_ratio=3.0),
    Token("series_2", "#8a5300", "#f2bd5c", on="paper", least_ratio=3.0),
    Token("series_3", "#4a8c99", "#5f9fab", on="paper", least_ratio=3.0),
    Token("series_4", "#5a4a9c", "#bfb2f5", on="paper", least_ratio=3.0),
)
CHART_SERIES = tuple(token.light for token in TOKENS if token.name.startswith("series_"))


def dark() -> dict[str, str]:
    """Return the dark colours by name: the console alone has them."""
    return {token.name: token.dark for token in TOKENS}


def light() -> dict[str, str]:
    """Return the light colours by name: paper, mail and portal have no others."""
    return {token.name: token.light for token in TOKENS}


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours written `#rrggbb` (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
