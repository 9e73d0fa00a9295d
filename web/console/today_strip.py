"""The due dates of open requests on one axis of about two months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from babel.dates import format_date

from consentcore.requests.queue import Line
from registry.pictures.deadline_strip import DeadlineStrip, Mark, Tick, deadline_strip, table
from registry.pictures.legend import mark_key
from registry.pictures.marks import Kind
from registry.pictures.svg import Picture, Twin
from web.console.queue_rows import CLOCK_WORDS, day_and_month, is_holiday
from web.console.request_words import clock_state, rights_in_words
from web.shell.language import gettext, language, long_day, ngettext, short_day, today
from web.shell.language import gettext as _

DAYS = 59
"""From its first day to its last."""


def strip_of(lines: Sequence[Line]) -> tuple[Picture, Twin]:
    """Draw the due dates of open requests, and return the table that says the same."""
    day = today()
    start = day - timedelta(days=day.weekday() + 7)
    end = start + timedelta(days=DAYS)
    days = [start + timedelta(days=number) for number in range(DAYS + 1)]
    marks = tuple(_mark(line) for line in lines)
    late = sum(one.kind is Kind.LATE for one in marks)
    strip = DeadlineStrip(
        key="due",
        title=_("Due dates from %(start)s to %(end)s", start=long_day(start), end=long_day(end)),
        desc="; ".join(f"{one.label} {', '.join(one.cells)}" for one in marks),
        start=start,
        end=end,
        today=day,
        today_label=_("Today"),
        today_short=str(day.day),
        marks=marks,
        ticks=tuple(_tick(one, start) for one in days if one.weekday() == 0),
        late_label=ngettext("1 late", "%(num)s late", late) if late else "",
        weekends=frozenset(one for one in days if one.weekday() > 4),
        holidays=frozenset(one for one in days if is_holiday(one)),
    )
    return deadline_strip(strip), table(strip, (_("Reference"), _("Right"), _("Due"), _("Clock")))


def legend() -> list[tuple[Picture, str]]:
    """Return the marks of the strip with what they mean."""
    return [(mark_key(kind), gettext(CLOCK_WORDS[kind.value])) for kind in (Kind.LATE, Kind.SOON, Kind.OK)]


def _mark(line: Line) -> Mark:
    kind, sentence = clock_state(line.dsr, today())
    return Mark(
        line.dsr.due_on,
        Kind(kind),
        line.dsr.reference,
        (rights_in_words(line.rights), short_day(line.dsr.due_on), sentence),
    )


def _tick(day: date, start: date) -> Tick:
    first_of_month = day == start or (day - timedelta(days=7)).month != day.month
    return Tick(day, day_and_month(day) if first_of_month else format_date(day, "d", locale=language()))
