"""Noting how the identity behind a request was proven, and whom it is about where several share an address."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from consentcore.requests import identity, lifecycle
from consentcore.requests.tables import Status
from web.console.case_errors import REFUSED_STEPS, told
from web.console.case_person import candidates_of, person_of
from web.console.person_signed_in import signed_in
from web.console.request_words import METHOD_WORDS
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import later
from web.shell.wired import service
from web.transaction import reading, unit

PAGES = Blueprint("verification", __name__, url_prefix="/requests")
_CHOOSE = later("Choose how the identity was proven")


class Verification(Form):
    """How it was proven, and whom it is about."""

    method = fields.Str(
        required=True,
        validate=validate.OneOf(sorted(identity.METHODS), error=_CHOOSE),
        error_messages={"required": _CHOOSE},
    )
    person = fields.UUID(load_default=None, error_messages={"invalid_uuid": later("Choose one of the persons shown")})


@PAGES.get("/<reference>/verification")
def page(reference: str) -> str | Response:
    """Show the form; a request that is verified already shows itself."""
    with reading(service().sessions) as session:
        dsr = lifecycle.find(session, reference)
        if dsr.status != Status.RECEIVED:
            return redirect(url_for("request.page", reference=dsr.reference), code=303)
    return _shown(reference, EMPTY)


@PAGES.post("/<reference>/verification")
def submit(reference: str) -> Response | tuple[str, int]:
    """Note the proof."""
    form = read_form(Verification)
    if form.ok:
        form = _with_person(reference, form)
    if not form.ok:
        return _shown(reference, form), 422
    wired, chosen = service(), form.values["person"]
    try:
        with unit(wired.sessions) as session:
            dsr = identity.verify(
                session,
                wired.policy,
                reference,
                form.values["method"],
                signed_in().email,
                wired.now(),
                subject_ref=chosen,
            )
    except REFUSED_STEPS as error:
        sentence, status = told(error)
        return _shown(reference, form.failed("form", sentence)), status
    return redirect(url_for("request.page", reference=dsr.reference), code=303)


def _with_person(reference: str, form: Filled) -> Filled:
    """Hold the chosen person against those who share the address: nobody else can be named here."""
    chosen: UUID | None = form.values["person"]
    with reading(service().sessions) as session:
        offered = {one.ref for one in candidates_of(session, lifecycle.find(session, reference))}
    if (offered and chosen is None) or (chosen is not None and chosen not in offered):
        return form.failed("person", _("Choose one of the persons shown"))
    return form


def _shown(reference: str, form: Filled) -> str:
    with reading(service().sessions) as session:
        dsr = lifecycle.find(session, reference)
        own, person, candidates = dsr.reference, person_of(session, dsr), candidates_of(session, dsr)
    return render_template(
        "verification.html",
        reference=own,
        person=person,
        candidates=candidates,
        methods=[(code, _capital(_(text))) for code, text in METHOD_WORDS.items()],
        form=form,
        errors=form.errors,
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
