"""Whoever is signed in: language and light, password, sessions, signing out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from consentcore.errors import BadInput
from registry.wording import LANGUAGES
from web.console.person_signed_in import signed_in
from web.security import passwords, sessions, staff
from web.shell import visits
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import later
from web.shell.wired import service, visit
from web.transaction import reading, unit

PAGES = Blueprint("account", __name__, url_prefix="/account")
WHY_REFUSED = {
    "password_length": later("Choose 12 to 128 characters"),
    "password_simple": later("Choose at least five different characters"),
    "password_address": later("Choose a password that does not hold your address"),
}


class Preferences(Form):
    """Language and light."""

    language = fields.Str(required=True, validate=validate.OneOf(LANGUAGES))
    theme = fields.Str(required=True, validate=validate.OneOf(staff.THEMES))


class Password(Form):
    """The password as it is and as it shall be."""

    current = fields.Str(required=True, error_messages={"required": later("Enter your present password")})
    password = fields.Str(required=True, error_messages={"required": later("Enter the new password")})


@PAGES.get("/")
def page() -> str:
    """Show the account."""
    return _shown(EMPTY)


@PAGES.post("/preferences")
def preferences() -> Response | tuple[str, int]:
    """Keep language and light."""
    form = read_form(Preferences)
    if not form.ok:
        return _shown(form), 422
    with unit(service().sessions) as session:
        staff.set_preferences(session, signed_in().id, form.values["language"], form.values["theme"])
    return _back()


@PAGES.post("/password")
def password() -> Response | tuple[str, int]:
    """Change the password; every session ends but a new one for this browser."""
    form, me, wired = read_form(Password), signed_in(), service()
    if not form.ok:
        return _shown(form), 422
    with unit(wired.sessions) as session:
        if staff.check(session, wired.keyring, me.email, form.values["current"]) is None:
            return _shown(form.failed("current", _("This is not your present password"))), 422
        try:
            passwords.hashed(form.values["password"], me.email)
        except BadInput as refused:
            return _shown(form.failed("password", _(WHY_REFUSED[refused.code]))), 422
        staff.set_password(session, wired.keyring, me.id, form.values["password"], wired.now())
        visits.start(session, staff_id=me.id)
    return _back()


@PAGES.post("/sessions/end-others")
def end_others() -> Response:
    """End every other session of this account."""
    current = visit()
    if current is not None:
        with unit(service().sessions) as session:
            sessions.end_others(session, current)
    return _back()


@PAGES.post("/sign-out")
def sign_out() -> Response:
    """End this session."""
    with unit(service().sessions) as session:
        visits.end(session)
    return redirect(url_for("sign_in.page"), code=303)


def _back() -> Response:
    return redirect(url_for("account.page"), code=303)


def _shown(form: Filled) -> str:
    wired = service()
    with reading(wired.sessions) as session:
        count = sessions.count_of(session, signed_in().id, wired.now())
    return render_template("account.html", form=form, errors=form.errors, sessions=count, themes=staff.THEMES)
