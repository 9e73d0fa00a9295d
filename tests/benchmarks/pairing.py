"""Two ways of doing the same thing, timed in turn in one run, so that load on the machine hits both alike."""

from __future__ import annotations

import gc
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

ROUNDS = 9
LEAST_SECONDS = 1.0  # of a pair whose rounds are short: then there are more of them
MORE_ROUNDS = 3  # times as many again before a ratio counts as missed: a loaded machine needs longer for a quiet moment

Work = Callable[[], int]
"""Does the work once and returns how many operations that was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One operation done by us and by hand.

    `share` is the least part of the raw rate that is wanted, `times` the most of the raw duration; neither: reported.
    `clock` is that of the processor where nothing but this process works: others then cost neither way anything.
    """

    operation: str
    ours: Work
    raw: Work
    share: float | None = None
    times: float | None = None
    clock: Callable[[], float] = time.perf_counter


def clock_for(kind: str) -> Callable[[], float]:
    """Return the clock for reads on a kind of database: a server works beside this process, SQLite inside it."""
    return time.process_time if kind == "sqlite" else time.perf_counter


@dataclass(frozen=True, slots=True)
class Measured:
    """Best rates of both ways, in operations per second."""

    pair: Pair
    ours: float
    raw: float

    @property
    def holds(self) -> bool:
        """Whether the wanted ratio is met; a pair that is only reported always holds."""
        if self.pair.times is not None:
            return self.raw <= self.ours * self.pair.times
        return self.pair.share is None or self.ours >= self.raw * self.pair.share

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table."""
        if self.pair.times is not None:
            ratio, wanted = f"{self.raw / self.ours:.2f}x", f"<= {self.pair.times}x"
        else:
            ratio, wanted = f"{self.ours / self.raw:.2f}", "-" if self.pair.share is None else f">= {self.pair.share}"
        verdict = "reported" if wanted == "-" else "holds" if self.holds else "MISSED"
        return (self.pair.operation, _rate(self.ours), _rate(self.raw), ratio, wanted, verdict)


def arguments() -> Namespace:
    """Read the command line that every benchmark takes."""
    parser = ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of each pair; the best counts")
    parser.add_argument("--full", action="store_true", help="the long runs too: a million rows")
    return parser.parse_args()


def measure(pair: Pair, rounds: int) -> Measured:
    """Time both ways in alternating rounds and keep the best rate of each."""
    pair.ours(), pair.raw()
    best = {True: 0.0, False: 0.0}
    start = time.perf_counter()
    for attempt in count(1):
        for is_ours in (True, False) if attempt % 2 else (False, True):
            best[is_ours] = max(best[is_ours], _timed(pair.ours if is_ours else pair.raw, pair.clock))
        spent = time.perf_counter() - start
        longer = 1 if Measured(pair, best[True], best[False]).holds else 1 + MORE_ROUNDS
        if attempt >= rounds * longer and spent >= LEAST_SECONDS * longer:
            break
    return Measured(pair, best[True], best[False])


def report(pairs: Iterable[Pair], rounds: int) -> bool:
    """Measure pairs, print their table and tell whether every wanted ratio is met."""
    measured = [measure(pair, rounds) for pair in pairs]
    show(("operation", "ours/s", "raw/s", "ratio", "wanted", "verdict"), [one.cells() for one in measured])
    return all(one.holds for one in measured)


def show(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, ["-" * width for width in widths], *rows):
        first, *others = zip(row, widths, strict=True)
        print(first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others), sep="  ", flush=True)


def _timed(work: Work, clock: Callable[[], float]) -> float:
    gc.collect()
    start = clock()
    done = work()
    return done / (clock() - start)


def _rate(value: float) -> str:
    return f"{value:,.0f}"
