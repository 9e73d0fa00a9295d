"""Notices: what Art. 13 asks of one, and how its text is cut into the sections that answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from consentcore.policyset import LegalBasis

_HEADING = re.compile(r"^(#{1,3}) (.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a notice must say; `bases` limits it to purposes on those bases (None: always)."""

    name: str
    article: str
    bases: frozenset[LegalBasis] | None = None


_OBJECTION = frozenset({LegalBasis.PUBLIC_TASK, LegalBasis.LEGITIMATE_INTEREST})

ITEMS = (
    Item("controller", "13(1)(a)"),
    Item("dpo", "13(1)(b)"),
    Item("purposes", "13(1)(c)"),
    Item("legitimate_interests", "13(1)(d)", frozenset({LegalBasis.LEGITIMATE_INTEREST})),
    Item("recipients", "13(1)(e)"),
    Item("transfers", "13(1)(f)"),
    Item("retention", "13(2)(a)"),
    Item("rights", "13(2)(b)"),
    Item("withdrawal", "13(2)(c)", frozenset({LegalBasis.CONSENT})),
    Item("complaint", "13(2)(d)"),
    Item("provision", "13(2)(e)"),
    Item("automated_decisions", "13(2)(f)"),
    Item("objection", "21(4)", _OBJECTION),
)
"""What a notice must say, in the order of the law (R-13-1); `objection` must stand apart from the rest."""


def title_of(text: str) -> str | None:
    """Return the title, which is the first line as `# Title`; None where the text does not begin with one."""
    first = _HEADING.match(text)
    return first.group(2) if first and first.group(1) == "#" else None


def sections_of(text: str) -> dict[str, str]:
    """Cut a text at its headings: heading -> what stands under it until the next; of equal headings the first."""
    headings = list(_HEADING.finditer(text))
    ends = [following.start() for following in headings[1:]] + [len(text)]
    found: dict[str, str] = {}
    for heading, end in zip(headings, ends, strict=True):
        found.setdefault(heading.group(2), text[heading.end() : end].strip())
    return found
