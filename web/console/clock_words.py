"""The explained clock of a request in words, and its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from babel.dates import format_date

from consentcore.policyset import PolicySet
from consentcore.requests.clock_lines import ClockLine, ExplainedClock, LineKind, Why, explain
from consentcore.requests.intake import IntakeChannel
from consentcore.requests.tables import Status, SubjectRequest
from registry.pictures import clock_bar
from registry.pictures.clock_bar import ClockBar, Moment
from registry.pictures.marks import Kind
from registry.pictures.svg import Picture, Twin
from registry.wording import period_in_words
from web.console.articles import article_note
from web.console.request_words import clock_state
from web.shell.language import gettext, hour, language, later, local, long_day, today, week_day
from web.shell.language import gettext as _

BAR_WIDTH = 660
_RECEIVED: Mapping[IntakeChannel, str] = MappingProxyType(
    {
        IntakeChannel.PORTAL: later("Request received through the portal."),
        IntakeChannel.EMAIL: later("Request received by e-mail."),
        IntakeChannel.PHONE: later("Request received by telephone."),
        IntakeChannel.LETTER: later("Request received by letter."),
        IntakeChannel.IN_PERSON: later("Request received in person."),
        IntakeChannel.API: later("Request received through another system."),
    }
)
_TONES = MappingProxyType({"late": Kind.LATE, "soon": Kind.SOON, "ok": Kind.OK, "done": Kind.OK})


@dataclass(frozen=True, slots=True)
class Said:
    """One line as it is shown: the day, the sentence, the article as a note."""

    day: str
    sentence: str
    cite: str
    end: bool = False


@dataclass(frozen=True, slots=True)
class ShownClock:
    """The clock card: heading, state, picture with its table, lines, the lines of an extension, which rules."""

    heading: str
    kind: str
    state: str
    picture: Picture
    twin: Twin
    lines: tuple[Said, ...]
    extension: tuple[Said, ...]
    rules: str
    open: bool


def shown_clock(dsr: SubjectRequest, policy: PolicySet) -> ShownClock:
    """Put the clock of a request into the words of the page's language."""
    explained = explain(dsr, policy, language())
    kind, state = clock_state(dsr, today())
    is_open = dsr.status not in (Status.CLOSED, Status.REFUSED)
    ended_on = local(dsr.closed_at).date() if dsr.closed_at else None
    heading = (
        _("Answered on %(day)s", day=week_day(ended_on))
        if ended_on
        else _("Answer due on %(day)s", day=week_day(dsr.due_on))
    )
    bar = _bar(explained, dsr, kind, heading, ended_on)
    header = (_("Day"), _("What happens"))
    days = [bar.received, bar.today, bar.end, *bar.off_days]
    return ShownClock(
        heading=heading,
        kind=kind,
        state=state,
        picture=clock_bar.clock_bar(bar, BAR_WIDTH),
        twin=clock_bar.table(bar, header, {one.day: long_day(one.day) for one in days}),
        lines=tuple(_said(line, dsr) for line in explained.lines),
        extension=tuple(_said_of_extension(line, dsr) for line in explained.extension),
        rules=_rules(explained),
        open=is_open,
    )


def _bar(explained: ExplainedClock, dsr: SubjectRequest, kind: str, heading: str, ended_on: date | None) -> ClockBar:
    received = explained.lines[0].day
    off = [line for line in explained.moved if line.why is Why.HOLIDAY]
    sentence = _("The period runs from %(first)s to %(last)s.", first=long_day(received), last=long_day(dsr.due_on))
    now = Moment(ended_on, _("answered")) if ended_on else Moment(today(), _("today"))
    return ClockBar(
        key="clock",
        title=heading,
        desc=sentence,
        tone=_TONES[kind],
        received=Moment(received, _("received %(day)s", day=_day_month(received))),
        today=now,
        end=Moment(dsr.due_on, _day_month(dsr.due_on)),
        off_days=tuple(Moment(line.day, _("%(day)s holiday", day=_day_month(line.day))) for line in off),
    )


def _rules(explained: ExplainedClock) -> str:
    if explained.pack_known:
        return _("Rules %(pack)s, applied on receipt.", pack=explained.rule_pack)
    return _(
        "Rules %(pack)s were applied on receipt. The policies hold them no longer; the dates stand as stored.",
        pack=explained.rule_pack,
    )


def _said(line: ClockLine, dsr: SubjectRequest) -> Said:
    if line.kind is LineKind.MOVED:
        return Said(_("+ 1 day"), _moved(line), article_note(line.article))
    day, cite = _full(line.day), article_note(line.article)
    if line.kind is LineKind.RECEIVED:
        at = f"{day}, {hour(dsr.received_at)}"
        return Said(at, gettext(_RECEIVED[IntakeChannel(dsr.channel)]), "")
    if line.kind is LineKind.STARTS:
        return Said(day, _("The period starts the next day: the day of receipt does not count."), cite)
    if line.kind is LineKind.PERIOD:
        return Said(day, _period(line, dsr), cite)
    return Said(day, _("Last day to answer, until midnight."), "", end=True)


def _said_of_extension(line: ClockLine, dsr: SubjectRequest) -> Said:
    day, cite = _full(line.day), article_note(line.article)
    if line.kind is LineKind.NOTICE_BY:
        sentence = _("Last day on which a letter that gives the reasons can leave; after that nothing can be extended.")
        return Said(day, sentence, cite)
    if line.kind is LineKind.PERIOD:
        period = period_in_words(line.period, language())
        return Said(day, _("%(period)s more at most, counted from receipt.", period=period), cite)
    if line.kind is LineKind.END:
        return Said(day, _("Last day to answer, if the period is extended."), "", end=True)
    return _said(line, dsr)


def _period(line: ClockLine, dsr: SubjectRequest) -> str:
    if line.period is None:
        return _("The period that was applied on receipt leads to this day.")
    if line.period == "P1M" and not line.shorter_month:
        return _("One month later, the day of the same number.")
    period = period_in_words(line.period, language())
    if line.shorter_month:
        number = str(local(dsr.received_at).day)
        return _(
            "%(period)s later; that month has no day %(number)s, so its last day counts.", period=period, number=number
        )
    return _("%(period)s later, the day of the same number.", period=period)


def _moved(line: ClockLine) -> str:
    day = long_day(line.day)
    if line.why is Why.SATURDAY:
        return _("%(day)s is a Saturday, so the end moves to the next day.", day=day)
    if line.why is Why.SUNDAY:
        return _("%(day)s is a Sunday, so the end moves to the next day.", day=day)
    if line.why is Why.HOLIDAY:
        return _(
            "%(day)s is a public holiday (%(name)s), so the end moves to the next day.", day=day, name=line.holiday
        )
    return _("%(day)s was no working day in the calendar used on receipt.", day=day)


def _full(day: date) -> str:
    return format_date(day, "EEE d MMM y", locale=language())


def _day_month(day: date) -> str:
    return format_date(day, "d MMM", locale=language())
