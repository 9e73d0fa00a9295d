"""C1, Today: what is to be done, in which order, and how requests, log and mail stand."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, render_template, url_for
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from consentcore.requests.queue import Counts, Filters, Group, Horizon, counts, next_due, page_of
from web.console.person_signed_in import signed_in
from web.console.queue_rows import horizon, in_full, rows_of
from web.console.today_rows import breaches_running, todo
from web.console.today_state import log_state, outbox_state
from web.console.today_strip import legend, strip_of
from web.security.permissions import Permission
from web.shell.language import gettext as _
from web.shell.language import hour, local, moment, ngettext, today, week_day
from web.shell.wired import service
from web.transaction import reading

PAGES = Blueprint("today", __name__)
DRAWN = 100
LISTED = 15


@PAGES.get("/")
def page() -> str:
    """Show what is to be done today."""
    wired, me, span = service(), signed_in(), horizon()
    now = wired.now()
    with reading(wired.sessions) as session:
        numbers, outbox = counts(session, span), outbox_state(session)
        running = page_of(session, Filters(Group.RUNNING), span, size=DRAWN)
        strip, twin = strip_of(running.lines) if running.lines else (None, None)
        lines = todo(session, me, span, outbox, now)
        return render_template(
            "today.html",
            day=_capital(week_day(span.today)),
            lead=_lead(session, numbers, span, now),
            lines_in_words=Markup('<span class="cc-muted">{}</span>').format(
                ngettext("One line", "%(num)s lines", len(lines))
            )
            if lines
            else "",
            todo=lines,
            nothing=_nothing(session),
            counts=numbers,
            strip=strip,
            twin=twin if running.total > LISTED else None,
            legend=legend(),
            rows=rows_of(running.lines[:LISTED]),
            log=log_state(session, url_for("log.page") if me.may(Permission.LOG_READ) else None),
            outbox=outbox,
            may_enter=me.may(Permission.REQUESTS_HANDLE),
        )


def _lead(session: Session, numbers: Counts, span: Horizon, now: datetime) -> Markup:
    """Say the worst first: what is late, which breach runs, what is due soon."""
    said: list[str] = []
    if numbers.late:
        said.append(_strong(ngettext("One request is late.", "%(num)s requests are late.", numbers.late)))
    for breach in breaches_running(session, now)[:1]:
        if breach.notify_by > now:
            said.append(_("A breach is to be notified before %(when)s.", when=_strong(_near(breach.notify_by))))
        else:
            said.append(_strong(_("The time to notify a breach is over.")))
    if numbers.soon:
        day = in_full(span.soon_until)
        said.append(
            ngettext("One request is due by %(day)s.", "%(num)s requests are due by %(day)s.", numbers.soon, day=day)
        )
    if not said:
        said.append(_("Nothing is late, and nothing is due in the next seven days.") if numbers.running else "")
        said.append(_nothing(session))
    return Markup(" ").join(escape(one) for one in said if one)


def _nothing(session: Session) -> str:
    due = next_due(session)
    if due is None:
        return _("No request is open.")
    return _("The next due date is %(day)s, request %(reference)s.", day=week_day(due[1]), reference=due[0])


def _near(instant: datetime) -> str:
    """Write an instant by its day's name where that is today or tomorrow."""
    days = (local(instant).date() - today()).days
    if days == 0:
        return _("today %(hour)s", hour=hour(instant))
    return _("tomorrow %(hour)s", hour=hour(instant)) if days == 1 else moment(instant)


def _strong(text: str) -> Markup:
    return Markup("<strong>{}</strong>").format(text)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
