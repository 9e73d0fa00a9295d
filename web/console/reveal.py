"""Showing a name in full: written into the log first, then shown for ten minutes, in this session alone."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from consentcore.errors import NotFound
from consentcore.requests import lifecycle
from consentcore.subjects import access_log
from web.console.case_person import with_shown, without_shown
from web.console.person_signed_in import signed_in
from web.shell import visits
from web.shell.wired import service
from web.transaction import unit

PAGES = Blueprint("reveal", __name__, url_prefix="/requests")
WHAT = "contact_details"


@PAGES.post("/<reference>/name")
def show(reference: str) -> Response:
    """Record the look in a unit of its own, and only then let this session see the person of a request.

    Raises: NotFound when the request names nobody.
    """
    wired = service()
    with unit(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        if dsr.subject_ref is None:
            raise NotFound("this request names nobody known here")
        access_log.record(session, dsr.subject_ref, signed_in().email, WHAT, wired.now(), reference=dsr.reference)
    with unit(wired.sessions) as session:
        visits.keep(session, with_shown(dsr.reference))
    return redirect(url_for("request.page", reference=dsr.reference), code=303)


@PAGES.post("/<reference>/name/hide")
def hide(reference: str) -> Response:
    """Mask the person of a request again in this session."""
    with unit(service().sessions) as session:
        dsr = lifecycle.find(session, reference)
        visits.keep(session, without_shown(dsr.reference))
    return redirect(url_for("request.page", reference=dsr.reference), code=303)
