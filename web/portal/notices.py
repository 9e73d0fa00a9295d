"""The text of a notice, as it was or is shown: every version stays readable (Art. 13, R-13-2)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, render_template

from web.portal.offers import any_language
from web.shell.catalogue import typeset
from web.shell.language import language
from web.shell.wired import service

PAGES = Blueprint("notices", __name__, url_prefix="/notices")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a text: its kind is `h2`, `h3`, `p` or `ul`; a list has several lines, the others one."""

    kind: str
    lines: tuple[str, ...]


@PAGES.get("/<notice>/<int:version>")
def page(notice: str, version: int) -> str:
    """Show one version of a notice, in the page's language if it has it."""
    found = any_language(service().policy, notice, version, language())
    if found is None:
        abort(404)
    return render_template(
        "notice.html",
        notice=found,
        blocks=blocks_of(_set(found.text, found.language)),
        title=_set(found.title, found.language),
    )


def _set(text: str, lang: str) -> str:
    return typeset(text) if lang == "fr" else text


def blocks_of(text: str) -> list[Block]:
    """Cut a notice into headings, paragraphs and lists; its title, the first line, is left out.

    Nothing in it is taken as markup: templates escape every line.
    """
    blocks: list[Block] = []
    for part in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line.strip() for line in part.split("\n") if line.strip()]
        while lines and lines[0].startswith("#"):
            marks, _, words = lines.pop(0).partition(" ")
            if marks != "#":
                blocks.append(Block("h2" if marks == "##" else "h3", (words,)))
        if lines and all(line.startswith(("- ", "* ")) for line in lines):
            blocks.append(Block("ul", tuple(line[2:] for line in lines)))
        elif lines:
            blocks.append(Block("p", (" ".join(lines),)))
    return blocks
