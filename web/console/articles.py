"""Articles of law as notes beside a sentence: `RGPD, art. 12 §3`, `GDPR, Art. 12(3)`."""

from __future__ import annotations

import re

from web.shell.language import language

_REGULATION = "1182/71 "
_NO_BREAK = "\u00a0"
_POINT = re.compile(r"(\d+)(?:\((\d+)\))?(?:\(([a-z])\))?")


def article_note(articles: str) -> str:
    """Return one or several articles, separated by commas, with the act that they stand in.

    Without another mark it is the GDPR; `1182/71 3(4)` is the regulation on periods.
    """
    french = language() == "fr"
    act, numbers = ("RGPD" if french else "GDPR"), articles
    if articles.startswith(_REGULATION):
        act, numbers = ("Règl. 1182/71" if french else "Reg. 1182/71"), articles.removeprefix(_REGULATION)
    return f"{act}, " + ", ".join(_one(number.strip(), french=french) for number in numbers.split(","))


def _one(article: str, *, french: bool) -> str:
    found = _POINT.fullmatch(article)
    if not french:
        return f"Art.{_NO_BREAK}{article}"
    if found is None:
        return f"art.{_NO_BREAK}{article}"
    parts = [found[1], f"§{found[2]}" if found[2] else None, found[3]]
    return f"art.{_NO_BREAK}" + _NO_BREAK.join(part for part in parts if part)
