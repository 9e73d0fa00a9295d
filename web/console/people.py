"""Finding a person by e-mail address, and the wordings that people were shown."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from consentcore.crm.contacts import EMAIL_INDEX
from consentcore.crypto.blindindex import normalise_email
from consentcore.subjects.matching import find_subjects
from web.console.articles import article_note
from web.console.masked_persons import MaskedPerson, masked_persons
from web.console.notice_text import blocks
from web.console.typography import language_name, set_here, set_in
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import later, local, long_day
from web.shell.wired import service
from web.transaction import reading


def civil_day(instant: datetime) -> str:
    """Write the day of an instant where the controller is, in full."""
    return long_day(local(instant).date())


PAGES = Blueprint("people", __name__, url_prefix="/people")
PAGES.add_app_template_filter(article_note, "article_note")
PAGES.add_app_template_filter(set_here, "set_here")
PAGES.add_app_template_filter(language_name, "language_name")
PAGES.add_app_template_filter(civil_day, "civil_day")
MOST_LISTED = 50


class Address(Form):
    """Where a person is reached."""

    email = fields.Str(
        required=True,
        validate=validate.Length(1, 254, error=later("Enter an e-mail address")),
        error_messages={"required": later("Enter an e-mail address")},
    )


@PAGES.get("/")
def page() -> str:
    """Ask for an address."""
    return _shown(EMPTY)


@PAGES.post("/")
def find() -> Response | str | tuple[str, int]:
    """Go to the one person reached at an address, list several masked, or say that nobody is known."""
    form, wired = read_form(Address), service()
    normalised = normalise_email(form.values["email"]) if form.ok else None
    if form.ok and normalised is None:
        form = form.failed("email", _("This is not an e-mail address"))
    if not form.ok:
        return _shown(form), 422
    with reading(wired.sessions) as session:
        found = find_subjects(session, wired.keyring, EMAIL_INDEX, normalised or "")
        if len(found) == 1:
            return redirect(url_for("person.page", subject_ref=found[0]), code=303)
        persons = masked_persons(session, wired.keyring, found[:MOST_LISTED])
    return _shown(form, persons, asked=True)


@PAGES.get("/notices/<notice_id>/<int:version>/<notice_language>")
def notice(notice_id: str, version: int, notice_language: str) -> str:
    """Show one version of a notice in one language, as it was shown to people."""
    found = service().policy.notices.get((notice_id, version, notice_language))
    if found is None:
        abort(404)
    return render_template(
        "notice.html",
        notice=found,
        blocks=blocks(set_in(found.text, found.language)),
        title=set_in(found.title, found.language),
    )


def _shown(form: Filled, persons: list[MaskedPerson] | None = None, *, asked: bool = False) -> str:
    return render_template("people.html", form=form, errors=form.errors, persons=persons or [], asked=asked)
