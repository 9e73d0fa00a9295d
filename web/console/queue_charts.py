"""The pictures of the queue: how running requests stand under each right, and how those that ended went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from consentcore.requests.figures import Course, Standing
from consentcore.requests.tables import Outcome
from registry.pictures.sankey import Flow, Node, Sankey, Tone, sankey
from registry.pictures.sankey import table as sankey_table
from registry.pictures.stacked_bars import Bar, StackedBars, stacked_bars
from registry.pictures.stacked_bars import table as bars_table
from registry.pictures.svg import Picture, Twin
from web.console.request_words import channel_in_words, outcome_in_words, right_in_words
from web.shell.language import decimal
from web.shell.language import gettext as _

LEAST_ENDED = 3
"""Fewer requests that ended make no picture."""
TONES = {
    Outcome.DONE: Tone.GOOD,
    Outcome.PARTIAL: Tone.PART,
    Outcome.REFUSED: Tone.BAD,
    Outcome.NOT_FOUND: Tone.PLAIN,
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with the table that says the same."""

    title: str
    picture: Picture
    twin: Twin


def chart_of_rights(found: Sequence[Standing]) -> Chart | None:
    """Draw the running requests by right; None where there are none."""
    if not found:
        return None
    series = (_("In time"), _("Within 7 days"), _("Late"))
    title = _("Open requests by right")
    bars = tuple(Bar(right_in_words(one.right), (one.in_time, one.soon, one.late)) for one in found)
    words = [
        f"{right_in_words(one.right)}: "
        + ", ".join(f"{name} {decimal(n)}" for name, n in zip(series, (one.in_time, one.soon, one.late), strict=True))
        for one in found
    ]
    shape = StackedBars("rights", title, "; ".join(words), series, bars)
    return Chart(
        title,
        stacked_bars(shape, decimal, width=1040),
        bars_table(shape, (_("Right"), *series, _("Together")), decimal),
    )


def chart_of_courses(found: Sequence[Course]) -> Chart | None:
    """Draw how requests went from channel over right to outcome; None where too few ended to show anything."""
    if sum(one.number for one in found) < LEAST_ENDED:
        return None
    channels, rights, outcomes = Counter[str](), Counter[str](), Counter[str]()
    to_right, to_outcome = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    names: dict[str, str] = {}
    for one in found:
        source, middle, end = f"c-{one.channel}", f"r-{one.right}", f"o-{one.outcome}"
        names |= {
            source: channel_in_words(one.channel),
            middle: right_in_words(one.right),
            end: outcome_in_words(one.outcome),
        }
        channels[source] += one.number
        rights[middle] += one.number
        outcomes[end] += one.number
        to_right[source, middle] += one.number
        to_outcome[middle, end] += one.number
    nodes = [
        Node(key, column, f"{names[key][:1].upper()}{names[key][1:]} · {decimal(number)}")
        for column, counted in enumerate((channels, rights, outcomes))
        for key, number in counted.items()
    ]
    flows = [Flow(source, target, number) for (source, target), number in to_right.items()]
    flows += [
        Flow(source, target, number, TONES[Outcome(target.removeprefix("o-"))])
        for (source, target), number in to_outcome.items()
    ]
    title = _("What became of the requests of the last twelve months")
    desc = "; ".join(f"{names[a]}, {names[b]}: {decimal(number)}" for (a, b), number in to_outcome.items())
    shape = Sankey("courses", title, desc, tuple(nodes), tuple(flows))
    height = 60.0 + 46 * max(len(channels), len(rights), len(outcomes))
    return Chart(title, sankey(shape, height=height), sankey_table(shape, (_("From"), _("To"), _("Number")), decimal))
