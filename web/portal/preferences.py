"""P2, what a person receives: what stands, what can be changed, and the proof of what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from consentcore import __version__
from consentcore.consent.record import Evidence
from consentcore.outbox.put import Message, put
from consentcore.policyset import Channel
from consentcore.requests.finding import find_persons
from consentcore.requests.intake import Intake, IntakeChannel, receive
from consentcore.requests.tables import Right
from consentcore.suppression.entries import entries_at
from consentcore.suppression.tables import MARKETING
from registry.wording import LANGUAGES, text_in
from web.portal import signals
from web.portal.mails import choices_saved
from web.portal.offers import NO, YES, Row, Section, form_sha256, rows_of, sections, words
from web.portal.saying import Said, SharedPoint, say
from web.portal.visitor import Visitor, visitor
from web.shell import visits
from web.shell.language import gettext as _
from web.shell.language import language, local, long_day
from web.shell.wired import service, visit
from web.transaction import reading, unit

PAGES = Blueprint("preferences", __name__, url_prefix="/preferences")


@PAGES.app_template_filter("local_day")
def local_day(instant: datetime) -> str:
    """Write the day on which an instant fell where the controller is."""
    return long_day(local(instant).date())


@PAGES.get("/")
def page() -> str:
    """Show every purpose with the choice that stands and since when."""
    return _shown({})


@PAGES.post("/")
def save() -> Response | tuple[str, int]:
    """Record the answers that differ from what stands, in one unit, and write what was recorded."""
    found, wired = _confirmed(), service()
    now = wired.now()
    try:
        with unit(wired.sessions) as session:
            persons = _active(session, found)
            rows = rows_of(session, persons, wired.policy, now)
            changed = [(row, answer) for row, answer in _answers(rows) if answer != row.answer]
            evidence = _evidence(found, sections(rows, wired.policy, language()))
            signals.heed(session, persons, wired.policy, now)
            done = [
                say(session, persons, row, answer, wired.policy, _proven(evidence, row, answer), language(), now)
                for row, answer in changed
            ]
            _note(session, found, persons, [row for row, _answer in changed], done, now)
    except SharedPoint:
        return _shown({"form": _("Somebody else is reached there too, so a yes is not possible from this page.")}), 422
    return redirect(url_for("preferences.saved" if persons else "preferences.page"), code=303)


@PAGES.get("/saved")
def saved() -> str | Response:
    """Say what was changed just now, with the receipt of each consent."""
    current, policy = visit(), service().policy
    kept: list[dict[str, Any]] | None = None if current is None else current.content.get("saved")
    if kept is None:
        return redirect(url_for("preferences.page"), code=303)
    return render_template("preferences_saved.html", lines=[_line(one, language()) for one in kept], policy=policy)


@PAGES.post("/object")
def object_to_all() -> Response:
    """Put an address on the opposition list for all marketing, whoever is reached there (Art. 21(3))."""
    found, wired = _confirmed(), service()
    intake = Intake((Right.OBJECTION,), email=found.email, channel=IntakeChannel.PORTAL, scope=MARKETING)
    with unit(wired.sessions) as session:
        signals.heed_at(session, found.email)
        if not _opposed_since(session, found):
            receive(session, wired.policy, intake, wired.now())
    return redirect(url_for("preferences.page"), code=303)


def _confirmed() -> Visitor:
    found = visitor()
    if found is None or not found.confirmed:  # the access rule lets nobody else through
        abort(403)
    return found


def _active(session: Session, found: Visitor) -> tuple[UUID, ...]:
    return find_persons(session, service().keyring, found.normalised).active


def _opposed_since(session: Session, found: Visitor) -> datetime | None:
    entries = entries_at(session, service().keyring, Channel.EMAIL, found.normalised)
    return next((one.since for one in entries if one.scope == MARKETING), None)


def _shown(errors: dict[str, str]) -> str:
    found, wired = _confirmed(), service()
    with reading(wired.sessions) as session:
        reached = find_persons(session, wired.keyring, found.normalised)
        if not reached.active:
            return render_template(
                "preferences_none.html",
                email=found.email,
                archived=bool(reached.archived),
                opposed_since=_opposed_since(session, found),
                errors=errors,
            )
        rows = rows_of(session, reached.active, wired.policy, wired.now())
    return render_template(
        "preferences.html",
        email=found.email,
        sections=sections(rows, wired.policy, language()),
        shared=len(reached.active) > 1,
        typed=request.form,
        signal=_signal(rows),
        errors=errors,
    )


def _signal(rows: Sequence[Row]) -> list[dict[str, str | None]]:
    """Return what the signal of this browser is about, with the answer that stands; nothing without the signal."""
    if not signals.signalled():
        return []
    ids = {purpose.id for purpose in signals.sharing(service().policy)}
    return [
        {"title": words(row.purpose.title, language()), "answer": row.answer} for row in rows if row.purpose.id in ids
    ]


def _answers(rows: Sequence[Row]) -> list[tuple[Row, str]]:
    """Return the answers that were sent; one of the two twins answers everything."""
    whole = request.form.get("all", "")
    given = [(row, whole if whole in (YES, NO) else request.form.get(row.key, "")) for row in rows]
    return [(row, answer) for row, answer in given if answer in (YES, NO)]


def _evidence(found: Visitor, shown: Sequence[Section]) -> Evidence:
    buttons = [_("Yes"), _("No"), _("Refuse all"), _("Accept all"), _("Save my choices")]
    details = {"page": "portal/preferences", "version": __version__, "locale": language()}
    if request.form.get("all") in (YES, NO):
        details["button"] = _("Refuse all") if request.form["all"] == NO else _("Accept all")
    return Evidence(
        "portal",
        contact_point=found.email,
        form_sha256=form_sha256(shown, language(), buttons),
        actor="data subject",
        details=details,
    )


def _proven(evidence: Evidence, row: Row, answer: str) -> Evidence:
    """Return the evidence of an answer: who got in by a code to this very address confirmed it (double opt-in)."""
    if answer != YES or row.channel is not Channel.EMAIL or row.channel not in row.purpose.double_opt_in:
        return evidence
    return replace(evidence, method="email_code", details={**evidence.details, "confirmed_by": "code to the address"})


def _note(
    session: Session, found: Visitor, persons: Sequence[UUID], rows: Sequence[Row], done: Sequence[Said], now: datetime
) -> None:
    """Keep what was changed for the next page, and write it to the address."""
    current, wired = visit(), service()
    kept = [
        {
            "purpose": row.purpose.id,
            "channel": row.channel.value if row.channel else None,
            "answer": said.answer,
            "records": [str(one) for one in said.record_ids] if len(persons) == 1 else [],
        }
        for row, said in zip(rows, done, strict=True)
    ]
    visits.keep(session, {**(current.content if current else {}), "saved": kept})
    if kept:
        lines = {lang: [_in_words(one, lang) for one in kept] for lang in LANGUAGES}
        subject, body = choices_saved(wired.policy.controller, lines)
        person = persons[0] if len(persons) == 1 else None
        put(session, wired.keyring, Message("choices_saved", found.email, subject, body, person), now)


def _row(kept: dict[str, Any]) -> Row:
    channel = Channel(kept["channel"]) if kept["channel"] else None
    return Row(service().policy.purpose(kept["purpose"]), channel)


def _in_words(kept: dict[str, Any], lang: str) -> str:
    row = _row(kept)
    answers = {"fr": {YES: "oui", NO: "non"}, "en": {YES: "yes", NO: "no"}}[lang]
    colon = " : " if lang == "fr" else ": "
    return f"{text_in(row.purpose.title, lang)}, {row.channel_words(lang)}{colon}{answers[kept['answer']]}"


def _line(kept: dict[str, Any], lang: str) -> dict[str, Any]:
    row = _row(kept)
    return {
        "title": words(row.purpose.title, lang),
        "channel": row.channel_words(lang),
        "yes": kept["answer"] == YES,
        "records": kept["records"],
    }
