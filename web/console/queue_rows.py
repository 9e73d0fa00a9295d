"""Requests as rows of a table: every cell in the page's language, persons by their initials alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date
from flask import url_for

from consentcore.requests.deadlines import rolled
from consentcore.requests.queue import Horizon, Line
from consentcore.requests.tables import SubjectRequest
from consentcore.requests.tasks import count_done
from web.console.request_words import (
    SOON_DAYS,
    channel_in_words,
    clock_state,
    outcome_in_words,
    rights_in_words,
)
from web.shell.language import days_away, gettext, language, later, local, short_day, today
from web.shell.language import gettext as _
from web.shell.masking import masked_email, masked_name
from web.shell.wired import service

CLOCK_WORDS = {"late": later("Late"), "soon": later("Within 7 days"), "ok": later("In time")}
SATURDAY, SUNDAY = 5, 6


@dataclass(frozen=True, slots=True)
class Row:
    """One request as a table shows it; `due_note` says how far the day is and why it was moved."""

    reference: str
    href: str
    rights: str
    person: str
    received: str
    channel: str
    due: str
    due_note: str
    kind: str
    """Of `ui.status`."""
    clock: str
    """How the clock stands; of a request that ended, how it ended."""
    done: int
    tasks: int
    """0 for a request that has ended."""


def horizon() -> Horizon:
    """Return the day it is where the controller is, and until when is soon."""
    return Horizon(today(), today() + timedelta(days=SOON_DAYS))


def rows_of(lines: Iterable[Line]) -> list[Row]:
    """Return requests as rows; called while their session is open."""
    return [_row(line) for line in lines]


def person_of(line: Line) -> str:
    """Return whom a request is about, masked: initials, else the address that asked."""
    if line.initials:
        return masked_name(*line.initials)
    return masked_email(line.email) if line.email else "—"


def moved_note(dsr: SubjectRequest) -> str:
    """Say why a last day was moved, such as `11 Nov is a public holiday`; empty where it was not."""
    if dsr.due_on == dsr.due_on_unrolled:
        return ""
    day = day_and_month(dsr.due_on_unrolled)
    if dsr.due_on_unrolled.weekday() == SATURDAY:
        return _("%(day)s is a Saturday", day=day)
    if dsr.due_on_unrolled.weekday() == SUNDAY:
        return _("%(day)s is a Sunday", day=day)
    return _("%(day)s is a public holiday", day=day)


def day_and_month(day: date) -> str:
    """Write a day as short as it goes: `11 nov.`."""
    return format_date(day, "d MMM", locale=language())


def in_full(day: date) -> str:
    """Write a day with its month in full: `16 novembre`, with the year where it is not this one."""
    pattern = "d\u00a0MMMM" if day.year == today().year else "d\u00a0MMMM y"
    return format_date(day, pattern, locale=language())


def is_holiday(day: date) -> bool:
    """Tell whether a weekday is a public holiday where the controller's deadlines are counted."""
    country = service().policy.controller.country
    pack = service().policy.deadlines_for(country)
    return day.weekday() < SATURDAY and rolled(day, pack.holiday_country or country) != day


def _row(line: Line) -> Row:
    dsr = line.dsr
    kind, sentence = clock_state(dsr, today())
    ended = kind == "done"
    note = [sentence if kind == "late" else days_away(dsr.due_on), moved_note(dsr)]
    return Row(
        reference=dsr.reference,
        href=url_for("request.page", reference=dsr.reference),
        rights=rights_in_words(line.rights),
        person=person_of(line),
        received=short_day(local(dsr.received_at).date()),
        channel=_capital(channel_in_words(dsr.channel)),
        due=short_day(dsr.due_on),
        due_note=_ended_note(dsr) if ended else " · ".join(part for part in note if part),
        kind="todo" if dsr.outcome in ("refused", "not_found") else kind,
        clock=outcome_in_words(dsr.outcome) if ended and dsr.outcome else gettext(CLOCK_WORDS.get(kind, sentence)),
        done=count_done(line.tasks),
        tasks=len(line.tasks),
    )


def _ended_note(dsr: SubjectRequest) -> str:
    return _("ended %(day)s", day=day_and_month(local(dsr.closed_at).date())) if dsr.closed_at else ""


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
