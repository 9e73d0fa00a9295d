"""The text of an information notice as blocks that a page or a sheet can show: headings, paragraphs, lists.

Notices are written in the plainest Markdown; whatever else a text may hold is shown as it stands, escaped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NARROW_SPACE = "\u202f"


@dataclass(frozen=True, slots=True)
class Block:
    """One block: `heading`, `text` or `list`."""

    kind: str
    lines: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """Split the text of a notice; its first heading is its title, which the page shows itself."""
    found: list[Block] = []
    for part in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line.strip() for line in part.split("\n") if line.strip()]
        if lines and not lines[0].startswith("# "):
            found.append(_block(lines))
    return found


def set_in(text: str, lang: str) -> str:
    """Set a text for paper: narrow no-break spaces before double punctuation and inside quotes, in French alone."""
    if lang != "fr":
        return text
    spaced = re.sub(r" ([;:?!»])", rf"{_NARROW_SPACE}\1", text).replace("« ", f"«{_NARROW_SPACE}")
    return spaced.replace("'", "’")


def _block(lines: list[str]) -> Block:
    if lines[0].startswith("## "):
        return Block("heading", (lines[0].removeprefix("## "),))
    if all(line.startswith("- ") for line in lines if not line.startswith("  ")):
        return Block("list", tuple(line.removeprefix("- ") for line in lines))
    return Block("text", (" ".join(lines),))
