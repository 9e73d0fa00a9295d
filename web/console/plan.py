"""C4, the plan of an erasure: made by one person, approved by another, who types the reference to confirm."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from marshmallow import fields
from werkzeug.wrappers import Response

from consentcore.requests import erasure, lifecycle
from web.console import request as request_page
from web.console.case_errors import REFUSED_STEPS, told
from web.console.person_signed_in import signed_in
from web.console.plan_view import plan_of
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import later
from web.shell.wired import service
from web.transaction import reading, unit

PAGES = Blueprint("plan", __name__, url_prefix="/requests")
_SEPARATORS = str.maketrans("", "", " -\u00a0\u2011\u2013")


class Approval(Form):
    """The plan that was looked at, and the reference typed by hand."""

    plan = fields.Str(required=True, error_messages={"required": later("Open the plan again and repeat the step")})
    typed = fields.Str(required=True, error_messages={"required": later("Type the reference of the request")})


@PAGES.get("/<reference>/plan")
def page(reference: str) -> str:
    """Show the plan."""
    return _shown(reference, EMPTY)


@PAGES.post("/<reference>/plan")
def make(reference: str) -> Response | tuple[str, int]:
    """Make the plan, or make it anew: it is written down, and nothing else changes."""
    wired = service()
    try:
        with unit(wired.sessions) as session:
            dsr = lifecycle.find(session, reference)
            erasure.assess(session, wired.keyring, wired.policy, dsr.id, signed_in().email, wired.now())
    except REFUSED_STEPS as error:
        sentence, status = told(error)
        return request_page.shown(reference, EMPTY.failed("form", sentence)), status
    return redirect(url_for("plan.page", reference=dsr.reference), code=303)


@PAGES.post("/<reference>/plan/approval")
def approve(reference: str) -> Response | tuple[str, int]:
    """Approve the very plan that was shown."""
    wired, form = service(), read_form(Approval)
    with reading(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        dsr_id, own = dsr.id, dsr.reference
    if form.ok and _plain(form.values["typed"]) != _plain(own):
        form = form.failed("typed", _("This is not the reference of this request"))
    if not form.ok:
        return _shown(reference, form), 422
    try:
        with unit(wired.sessions) as session:
            erasure.approve(session, dsr_id, form.values["plan"], signed_in().email, wired.now())
    except REFUSED_STEPS as error:
        sentence, status = told(error)
        return _shown(reference, form.failed("form", sentence)), status
    return redirect(url_for("request.page", reference=own), code=303)


def _plain(text: str) -> str:
    return text.translate(_SEPARATORS).upper()


def _shown(reference: str, form: Filled) -> str:
    with reading(service().sessions) as session:
        plan = plan_of(session, lifecycle.find(session, reference))
    return render_template("plan.html", plan=plan, form=form, errors=form.errors)
