"""C3, one request: its clock, its tasks, what happened, and the one step that comes next."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, render_template

from consentcore.errors import NotFound
from consentcore.ledger.certificates import certificate as read_certificate
from consentcore.requests import lifecycle
from web.console.request_view import count_in_words, view_of
from web.shell.forms import EMPTY, Filled
from web.shell.wired import service
from web.transaction import reading

PAGES = Blueprint("request", __name__, url_prefix="/requests")


@PAGES.get("/<reference>")
def page(reference: str) -> str:
    """Show a request."""
    return shown(reference, EMPTY)


@PAGES.get("/<reference>/certificate")
def certificate(reference: str) -> Response:
    """Hand out the signed certificate of an erasure; it holds references and counts, no data of anybody."""
    with reading(service().sessions) as session:
        dsr = lifecycle.find(session, reference)
        if dsr.certificate is None:
            raise NotFound("this request has no certificate")
        own, note = dsr.reference, read_certificate(session, dsr.certificate).note
    answer = Response(note, status=HTTPStatus.OK, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="certificate-{own}.txt"'
    return answer


def shown(reference: str, form: Filled) -> str:
    """Draw the page of a request, with what was wrong with a step that was tried from it."""
    with reading(service().sessions) as session:
        case = view_of(session, lifecycle.find(session, reference))
    tasks = count_in_words(case.done, len(case.tasks))
    return render_template("request.html", case=case, tasks_done=tasks, form=form, errors=form.errors)
