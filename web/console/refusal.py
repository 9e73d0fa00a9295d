"""Refusing a request: ground and reason, the letter as it will be sent, then the refusal itself (Art. 12(4), 12(5))."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from consentcore.requests import letters, lifecycle, states
from web.console.case_errors import REFUSED_STEPS, told
from web.console.case_person import person_of
from web.console.person_signed_in import signed_in
from web.console.request_words import GROUND_WORDS
from web.jobs import answers
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import later
from web.shell.wired import service
from web.transaction import reading, unit

PAGES = Blueprint("refusal", __name__, url_prefix="/requests")
MAX_REASON = 1_900
_CHOOSE = later("Choose the ground of the refusal")
_REASON = later("Write the reason that the person is told, in 20 to 1900 characters")


class Refusal(Form):
    """Why a request is refused."""

    ground = fields.Str(
        required=True,
        validate=validate.OneOf(list(GROUND_WORDS), error=_CHOOSE),
        error_messages={"required": _CHOOSE},
    )
    reason = fields.Str(
        required=True,
        validate=validate.Length(20, MAX_REASON, error=_REASON),
        error_messages={"required": _REASON},
    )


@PAGES.get("/<reference>/refusal")
def page(reference: str) -> str | tuple[str, int]:
    """Show the form."""
    return _shown(reference, EMPTY)


@PAGES.post("/<reference>/refusal")
def submit(reference: str) -> Response | tuple[str, int] | str:
    """Show the letter first; refuse once the letter was seen."""
    form = read_form(Refusal)
    if not form.ok:
        return _shown(reference, form), 422
    if request.form.get("step") == "change":
        return _shown(reference, form)
    if request.form.get("step") != "send":
        return _shown(reference, form, preview=True)
    try:
        with unit(service().sessions) as session:
            ground, reason = form.values["ground"], form.values["reason"]
            dsr, _told = answers.refuse(session, service(), reference, ground, reason, signed_in().email)
    except REFUSED_STEPS as error:
        sentence, status = told(error)
        return _shown(reference, form.failed("form", sentence)), status
    return redirect(url_for("request.page", reference=dsr.reference), code=303)


def _shown(reference: str, form: Filled, *, preview: bool = False) -> str:
    wired = service()
    with reading(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        own, possible, person = dsr.reference, dsr.status in states.REFUSE.froms, person_of(session, dsr)
        by_mail = answers.address_for_answer(session, wired.keyring, dsr) is not None
    letter = letters.refusal(wired.policy, own, form.values["reason"])[1] if preview else ""
    return render_template(
        "refusal.html",
        reference=own,
        person=person,
        by_mail=by_mail,
        possible=possible,
        grounds=[(code, _(text)) for code, text in GROUND_WORDS.items()],
        letter=letter,
        form=form,
        errors=form.errors,
        max_reason=MAX_REASON,
    )
