"""Retention: what is due to go and under which rule, what will be, letting it go, and what went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from marshmallow import fields
from werkzeug.wrappers import Response

from consentcore.retention.journal import Disposed, disposed
from web.console.person_signed_in import signed_in
from web.console.retention_forecast import forecast
from web.console.retention_words import rule_title, shown_due, shown_rules
from web.jobs.sweeps import due_items, noon, record_start, run_sweep
from web.security.permissions import Permission
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import later, today
from web.shell.wired import service
from web.transaction import reading, unit

PAGES = Blueprint("retention", __name__, url_prefix="/retention")
MOST_BATCHES = 25
"""Batches that one click lets go, so that the page answers in time; whoever clicks again goes on."""
FURTHEST = timedelta(days=20 * 366)
_WORD = later("delete")


class Run(Form):
    """The typed word by which a run is confirmed."""

    word = fields.Str(load_default="")


@PAGES.get("/")
def page() -> str | tuple[str, int]:
    """Show what is due today, and what will be on a chosen day."""
    form, on = _asked_day()
    shown = _shown(form, on)
    return shown if form.ok else (shown, 422)


@PAGES.post("/run")
def run() -> Response | tuple[str, int]:
    """Let go what is due, batch by batch as the command line does; the log says who started it."""
    form, wired = read_form(Run), service()
    if form.values.get("word", "").casefold() != _(_WORD).casefold():
        return _shown(form.failed("word", _("Type the word “%(word)s” to confirm", word=_(_WORD))), None), 422
    now = wired.now()
    with unit(wired.sessions) as session:
        record_start(session, now, signed_in().id)
    done = run_sweep(wired, now, most_batches=MOST_BATCHES)
    outcome = "part" if not done.finished else "all" if done.done else "nothing"
    return redirect(url_for("retention.page", ran=outcome, _anchor="h-journal"), code=303)


def _shown(form: Filled, on: date | None) -> str:
    wired, now = service(), service().now()
    with reading(wired.sessions) as session:
        due = shown_due(due_items(session, wired, now), wired.policy)
        then = shown_due(due_items(session, wired, noon(wired, on)), wired.policy) if on else []
        ahead = forecast(session, wired, today())
        journal = disposed(session)
    return render_template(
        "retention.html",
        form=form,
        errors=form.errors,
        due=due,
        total=sum(one.count for one in due),
        on=on,
        then=then,
        ahead=ahead,
        rules=shown_rules(wired.policy),
        journal=[(one, rule_title(one.rule, wired.policy)) for one in journal],
        last_run=_last_run(journal),
        ran=request.args.get("ran", ""),
        word=_(_WORD),
        may_run=signed_in().may(Permission.RETENTION_RUN),
    )


def _last_run(journal: Sequence[Disposed]) -> list[Disposed]:
    return [one for one in journal if one.at == journal[0].at] if journal else []


def _asked_day() -> tuple[Filled, date | None]:
    typed = request.args.get("on", "").strip()[:10]
    form = Filled({"on": typed})
    if not typed:
        return EMPTY, None
    try:
        on = date.fromisoformat(typed)
    except ValueError:
        return form.failed("on", _("Enter a day, such as 2027-11-09")), None
    if not today() <= on <= today() + FURTHEST:
        return form.failed("on", _("Choose a day from today on, within the next twenty years")), None
    return form, on
