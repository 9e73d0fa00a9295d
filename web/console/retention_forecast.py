"""What will reach its term month by month: the plan asked at the ends of the months to come, as stacked bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from babel.dates import format_date
from sqlalchemy.orm import Session

from registry.pictures.stacked_bars import MOST_SERIES, Bar, StackedBars, stacked_bars, table
from registry.pictures.svg import Picture, Twin
from web.console.retention_words import rule_title
from web.jobs.sweeps import by_rule, due_items, noon
from web.shell.language import decimal, language, long_day, ngettext
from web.shell.language import gettext as _
from web.wiring import Service

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Forecast:
    """The months ahead: how much goes in all, drawn and as a table; no picture where nothing goes."""

    total: int
    picture: Picture | None
    twin: Twin | None
    first: date | None
    """First day of the first month in which something reaches its term."""


def forecast(session: Session, wired: Service, today: date) -> Forecast:
    """Ask what will be due at each of the next month's ends if nothing happens until then; changes nothing."""
    ends = month_ends(today, MONTHS)
    due = [by_rule(due_items(session, wired, noon(wired, day))) for day in (today, *ends)]
    rules = _most_first(due)
    gained = [_gained(before, after) for before, after in pairwise(due)]
    total = sum(sum(month.values()) for month in gained)
    if not total:
        return Forecast(0, None, None, None)
    chart = _chart(wired, rules, [first_of(day) for day in ends], gained, total)
    header = (_("Month"), *chart.series, *((_("Total"),) if len(chart.series) > 1 else ()))
    first = next(first_of(day) for day, month in zip(ends, gained, strict=True) if any(month.values()))
    return Forecast(total, stacked_bars(chart, decimal, width=1040), table(chart, header, decimal), first)


def month_ends(today: date, count: int) -> list[date]:
    """Return the last days of this month and of those that follow."""
    found = []
    day = today.replace(day=1)
    for _month in range(count):
        following = (day + timedelta(days=32)).replace(day=1)
        found.append(following - timedelta(days=1))
        day = following
    return found


def first_of(day: date) -> date:
    """Return the first day of the month of a day."""
    return day.replace(day=1)


def _gained(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {rule: max(count - before.get(rule, 0), 0) for rule, count in after.items()}


def _most_first(due: list[dict[str, int]]) -> list[str]:
    last = due[-1]
    return sorted(last, key=lambda rule: (due[0].get(rule, 0) - last[rule], rule))


def _chart(
    wired: Service, rules: list[str], months: list[date], gained: list[dict[str, int]], total: int
) -> StackedBars:
    shown = rules if len(rules) <= MOST_SERIES else rules[: MOST_SERIES - 1]
    names = [rule_title(rule, wired.policy) for rule in shown]
    bars = []
    for month, counts in zip(months, gained, strict=True):
        values = [float(counts.get(rule, 0)) for rule in shown]
        if len(rules) > len(shown):
            values.append(float(sum(count for rule, count in counts.items() if rule not in shown)))
        bars.append(Bar(_month_name(month, months[0]), tuple(values)))
    if len(rules) > len(shown):
        names.append(_("other rules"))
    title = _("What reaches its term, month by month")
    desc = ngettext(
        "%(num)s item from %(first)s to the end of %(last)s.",
        "%(num)s items from %(first)s to the end of %(last)s.",
        total,
        first=long_day(months[0]),
        last=format_date(months[-1], "MMMM y", locale=language()),
    )
    return StackedBars("forecast", title, desc, tuple(names), tuple(bars))


def _month_name(month: date, first: date) -> str:
    pattern = "MMM y" if month.month == 1 or month == first else "MMM"
    return format_date(month, pattern, locale=language())
