"""The rulebook as Markdown: one table for each channel, a column for each kind of purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from consentcore.consent.rulebook import Ruling

_HEAD = """# What a decision answers

Written by `consentcore consent rules` from the rules that decide (`consentcore/consent/judging.py`) and the policies
that come with the package; a test puts a person into each situation and holds `decide` against it. `yes` permits,
`no` forbids; the word is the reason that decides, others that would forbid too follow after a comma. Calls are judged
at an hour when they are allowed; outside of it each of them is `no: outside_hours`.
"""


def markdown(rulings: Iterable[Ruling]) -> str:
    """Return the tables of all rulings, in their order."""
    parts = [_HEAD]
    for channel, of_channel in groupby(rulings, key=lambda one: one.channel):
        found = list(of_channel)
        kinds = list(dict.fromkeys(one.purposes for one in found))
        parts.append(f"\n## Channel `{channel.value}`\n\n" + "".join(_table(found, kinds)))
    return "".join(parts)


def _table(found: list[Ruling], kinds: list[tuple[str, ...]]) -> Iterator[str]:
    first = {kind: next(one for one in found if one.purposes == kind) for kind in kinds}
    heads = [f"{', '.join(kind)} ({first[kind].basis.value}, {first[kind].rule.value})" for kind in kinds]
    yield "| Situation | " + " | ".join(heads) + " |\n"
    yield "|---" * (len(kinds) + 1) + "|\n"
    for situation in dict.fromkeys(one.situation for one in found):
        cells = {one.purposes: one for one in found if one.situation == situation}
        said = [_cell(cells[kind]) for kind in kinds]
        yield f"| {situation} | " + " | ".join(said) + " |\n"


def _cell(ruling: Ruling) -> str:
    return ("yes: " if ruling.allowed else "no: ") + ", ".join(reason.value for reason in ruling.reasons)
