"""The style sheet of the tokens is the one that pages load, and it recolours every class that pictures use."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from registry.pictures.style_sheet import style_sheet
from registry.pictures.tokens import TOKENS

ROOT = Path(__file__).parents[3]
NEUTRAL = {"c-ink"}


def test_the_committed_file_is_the_written_one() -> None:
    committed = (ROOT / "web" / "static" / "css" / "tokens.css").read_text("utf-8")
    assert committed == style_sheet()


def test_the_command_writes_it() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "registry.pictures.style_sheet"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert run.stdout == style_sheet()


def test_each_scheme_has_each_colour() -> None:
    text = style_sheet()
    for token in TOKENS:
        name = f" --cc-{token.name.replace('_', '-')}:"
        assert text.count(f"{name}{token.light};") >= 2
        assert text.count(f"{name}{token.dark};") >= 2
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("under", ["[data-bs-theme=dark]", "[data-bs-theme=auto]"])
def test_every_class_of_pictures_changes_in_the_dark(under: str) -> None:
    known = set(re.findall(rf"{re.escape(under)} \.([a-z0-9-]+)", style_sheet()))
    used = set()
    for file in (ROOT / "registry" / "pictures").glob("*.py"):
        if file.name != "style_sheet.py":
            used |= set(re.findall(r'"((?:[cz]|t)-[a-z-]*[a-z])[" ]', file.read_text("utf-8")))
    assert {"t-ink", "z-now", "z-box", "c-late"} <= used
    assert used <= known
    numbered = {f"{kind}-{place}" for kind in "sel" for place in range(1, 5)}
    states = {f"{kind}-{one}" for kind in "cb" for one in ("late", "soon", "ok", "paused", "extended")}
    assert numbered | states | {"f-plain", "f-good", "f-part", "f-bad", "l-late"} <= known


def test_charts_stay_light_under_forced_colours_and_on_paper() -> None:
    text = style_sheet()
    for found in re.finditer(r"\.t-ink", text):
        assert "(forced-colors:none)" in text[: found.start()].rpartition("@media")[2]
    assert "color-scheme:light" in text.partition("@media print")[2]
