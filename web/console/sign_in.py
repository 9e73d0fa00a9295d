"""Signing in to the console: address and password, counted, answered alike whatever was wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from consentcore.ledger.events import Event
from consentcore.ledger.log import queue
from registry.wording import LANGUAGES
from web.security import limits, staff
from web.security.events import STAFF_SIGN_IN_FAILED, STAFF_SIGNED_IN
from web.security.limits import Limit
from web.shell import visits
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import language, later
from web.shell.wired import service
from web.transaction import unit

PAGES = Blueprint("sign_in", __name__)
PER_ACCOUNT = Limit("sign_in", 10, timedelta(minutes=15))
PER_CONNECTION = Limit("sign_in_from", 50, timedelta(minutes=15))
_MISSING = later("Enter your address and your password")


class SignIn(Form):
    """Who wants to sign in."""

    email = fields.Str(required=True, validate=validate.Length(1, 254), error_messages={"required": _MISSING})
    password = fields.Str(required=True, validate=validate.Length(1, 1000), error_messages={"required": _MISSING})


@PAGES.get("/sign-in")
def page() -> str:
    """Show the form."""
    return _shown(EMPTY)


@PAGES.post("/sign-in")
def submit() -> Response | tuple[str, int] | Any:
    """Sign in, or say that address and password do not fit together."""
    form = read_form(SignIn)
    if not form.ok:
        return _shown(Filled(form.typed, {}, {"email": _(_MISSING)})), 422
    wired, now = service(), service().now()
    email = form.values["email"]
    with unit(wired.sessions) as session:
        limits.spend(session, wired.keyring, PER_CONNECTION, request.remote_addr or "-", now)
        limits.spend(session, wired.keyring, PER_ACCOUNT, email.casefold(), now)
    with unit(wired.sessions) as session:
        person = staff.check(session, wired.keyring, email, form.values["password"])
        if person is not None:
            visits.start(session, staff_id=person.id)
            queue(session, Event(type=STAFF_SIGNED_IN, at=now, data={"staff": str(person.id)}))
            return redirect(url_for("today.page"), code=303)
        known = staff.by_email(session, wired.keyring, email)
        if known is not None:
            queue(session, Event(type=STAFF_SIGN_IN_FAILED, at=now, data={"staff": str(known.id)}))
    return _shown(form.failed("email", _("This address and this password do not fit together"))), 422


def _shown(form: Filled) -> str:
    other = next(one for one in LANGUAGES if one != language())
    return render_template("sign_in.html", form=form, errors=form.errors, other=other)
