"""How a ruling says that no ground of Art. 17(1) is met: written and read in one way, worded where it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from consentcore.policyset import Purpose

_COMPELLING = "compelling grounds recorded under 21(1)"
_STATED = re.compile(r"no 17\(1\) ground: purpose ([a-z][a-z0-9_]*), (.+)")


@dataclass(frozen=True, slots=True)
class StillNeeded:
    """Data that a purpose still needs; `compelling`: grounds were recorded against an objection (Art. 21(1))."""

    purpose: str
    article: str
    """The article that the purpose rests on, such as `6(1)(b)`; empty where the grounds are compelling ones."""
    compelling: bool


def stated(purpose: Purpose, *, compelling: bool = False) -> str:
    """Write the ground of a ruling."""
    return f"no 17(1) ground: purpose {purpose.id}, {_COMPELLING if compelling else purpose.basis.article}"


def still_needed(ground: str | None) -> StillNeeded | None:
    """Read the ground of a ruling; None where it says something else, such as the text of a law."""
    found = _STATED.fullmatch(ground or "")
    if found is None:
        return None
    compelling = found[2] == _COMPELLING
    return StillNeeded(found[1], "" if compelling else found[2], compelling)
