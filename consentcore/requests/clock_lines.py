"""The clock of a request, explained line by line: how its last day came about (Art. 12(3), Reg. 1182/71, R-12-7).

What was stored at receipt counts. The rule pack is looked up to say which period was applied; the calendar, to say why
a day was moved. Neither changes a date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import holidays

from consentcore.policyset import DeadlinePack, PolicySet
from consentcore.requests.deadlines import civil_date, from_pack
from consentcore.requests.tables import SubjectRequest

REPLY = "12(3)"
STARTS_NEXT_DAY = "1182/71 3(1)"
ENDS_SAME_DAY = "1182/71 3(2)(c)"
MOVES_ON = "1182/71 3(4)"
_SATURDAY, _SUNDAY = 5, 6
_LONGEST_MOVE = 31


class LineKind(StrEnum):
    """What a line says."""

    RECEIVED = "received"
    STARTS = "starts"
    """The first day that counts."""
    PERIOD = "period"
    """The period has run, before any move."""
    MOVED = "moved"
    """A day on which no period ends."""
    END = "end"
    NOTICE_BY = "notice_by"
    """The last day on which a reasoned letter about an extension can leave."""


class Why(StrEnum):
    """Why no period ends on a day."""

    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"
    AT_RECEIPT = "at_receipt"
    """The calendar of today knows no reason; the one at receipt did."""


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One line: what it says of which day, under which article (of the GDPR, or `1182/71` and the article)."""

    kind: LineKind
    day: date
    article: str
    at: datetime | None = None
    """The instant of receipt."""
    why: Why | None = None
    holiday: str | None = None
    """The holiday's name in the language asked for, where the calendar has it; else as the country calls it."""
    period: str | None = None
    """The ISO 8601 period that was applied; None when the pack that said so is gone."""
    shorter_month: bool = False
    """Whether the month has no such day, so that its last one counts."""


@dataclass(frozen=True, slots=True)
class ExplainedClock:
    """The lines up to the last day to answer, and those of the extended period, which nobody has asked for yet."""

    lines: tuple[ClockLine, ...]
    extension: tuple[ClockLine, ...]
    rule_pack: str
    pack_known: bool
    """Whether the policies still hold the pack that was applied at receipt."""

    @property
    def moved(self) -> tuple[ClockLine, ...]:
        """The days on which the period could not end."""
        return tuple(line for line in self.lines if line.kind is LineKind.MOVED)


def explain(dsr: SubjectRequest, policy: PolicySet, language: str) -> ExplainedClock:
    """Return the clock of a request line by line, from what was stored at receipt; reads nothing else.

    The last line is `dsr.due_on`, that of the extension `dsr.extended_due_on`, whatever calendar and policies say now.
    Raises: BadInput when the controller's time zone is unknown.
    """
    pack = _applied_pack(dsr, policy)
    country = (pack.holiday_country if pack else None) or dsr.country
    received_on = civil_date(dsr.received_at, policy.controller.timezone)
    unrolled = dsr.due_on_unrolled
    lines = (
        ClockLine(LineKind.RECEIVED, received_on, REPLY, at=dsr.received_at),
        ClockLine(LineKind.STARTS, received_on + timedelta(days=1), STARTS_NEXT_DAY),
        ClockLine(
            LineKind.PERIOD,
            unrolled,
            ENDS_SAME_DAY if unrolled.day != received_on.day else REPLY,
            period=pack.reply if pack else None,
            shorter_month=unrolled.day != received_on.day,
        ),
        *_moves(unrolled, dsr.due_on, country, language),
        ClockLine(LineKind.END, dsr.due_on, REPLY),
    )
    return ExplainedClock(
        lines, _extension(dsr, policy, pack, country, language), dsr.rule_pack, pack_known=pack is not None
    )


def _extension(
    dsr: SubjectRequest, policy: PolicySet, pack: DeadlinePack | None, country: str, language: str
) -> tuple[ClockLine, ...]:
    notice = ClockLine(LineKind.NOTICE_BY, dsr.due_on, REPLY)
    end = ClockLine(LineKind.END, dsr.extended_due_on, REPLY)
    if pack is None:
        return (notice, end)
    unrolled = from_pack(dsr.received_at, pack, dsr.country, policy.controller.timezone).extended_due_on_unrolled
    if not unrolled <= dsr.extended_due_on <= unrolled + timedelta(days=_LONGEST_MOVE):  # counted otherwise at receipt
        return (notice, end)
    period = ClockLine(LineKind.PERIOD, unrolled, REPLY, period=pack.extension)
    return (notice, period, *_moves(unrolled, dsr.extended_due_on, country, language), end)


def _applied_pack(dsr: SubjectRequest, policy: PolicySet) -> DeadlinePack | None:
    return next((pack for pack in policy.deadlines.values() if pack.id == dsr.rule_pack), None)


def _moves(unrolled: date, due_on: date, country: str, language: str) -> list[ClockLine]:
    days = range(max(0, (due_on - unrolled).days))
    return [_moved(unrolled + timedelta(days=count), country, language) for count in days]


def _moved(day: date, country: str, language: str) -> ClockLine:
    name = holiday_name(day, country, language)
    if day.weekday() == _SATURDAY:
        why = Why.SATURDAY
    elif day.weekday() == _SUNDAY:
        why = Why.SUNDAY
    else:
        why = Why.HOLIDAY if name else Why.AT_RECEIPT
    return ClockLine(LineKind.MOVED, day, MOVES_ON, why=why, holiday=name)


def holiday_name(day: date, country: str, language: str) -> str | None:
    """Return what a public holiday is called in a language, or in the country's own; None on any other day."""
    return _named(country, day.year, language).get(day)


@lru_cache(maxsize=256)
def _named(country: str, year: int, language: str) -> dict[date, str]:
    try:
        calendar = holidays.country_holidays(country, years=year)
        chosen = next((one for one in calendar.supported_languages if one.partition("_")[0] == language), None)
        chosen = chosen or calendar.default_language
        return dict(holidays.country_holidays(country, years=year, language=chosen).items())
    except NotImplementedError:  # the calendar that was used at receipt is gone
        return {}
