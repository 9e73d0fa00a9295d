"""P6, checking the answers before they are sent; then sending them, once."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.portal.ask import address_of, to_answers
from web.portal.asking_words import TITLES, summary
from web.portal.draft import Draft, draft, needs_proof, next_question, question_before
from web.portal.sending import send, sent_before
from web.portal.visitor import visitor
from web.shell.language import gettext as _
from web.shell.wired import service

PAGES = Blueprint("ask_answers", __name__, url_prefix="/ask")
SUBMIT = "submit"


@PAGES.get("/answers")
def page() -> str | Response:
    """Show every answer with a way to change it, before anything is sent; for a confirmed address."""
    made = _complete()
    found = visitor()
    return _checked(made, "" if found is None else found.email, url_for("ask_answers.send_proven"))


@PAGES.get("/check")
def unproven() -> str | Response:
    """The same for an objection that wants no proof."""
    made = _complete()
    if needs_proof(made, service().policy):
        return to_answers(made)
    return _checked(made, made.address or "", url_for("ask_answers.send_unproven"))


@PAGES.post("/answers")
def send_proven() -> Response:
    """Send the request of somebody whose address is confirmed."""
    return _send()


@PAGES.post("/check")
def send_unproven() -> Response:
    """Send an objection that takes effect at once."""
    return _send(proof=False)


def _send(*, proof: bool = True) -> Response:
    typed = request.form.get(SUBMIT, "")
    before = sent_before(typed)
    if before is not None:
        return redirect(url_for("confirmation.page", reference=before), code=303)
    made = _complete()
    if made.submit != typed or needs_proof(made, service().policy) is not proof:
        return to_answers(made)  # another tab changed the answers: they are checked again
    return redirect(url_for("confirmation.page", reference=send(made, visitor())), code=303)


def _complete() -> Draft:
    made = draft()
    if made is None:
        abort(redirect(url_for("start.page"), code=303))
    left = next_question(made)
    if left is not None:
        abort(redirect(address_of(left, made), code=303))
    return made


def _checked(made: Draft, address: str, action: str) -> str:
    rows = [
        (question, answer, address_of(endpoint, made) if endpoint else None)
        for question, answer, endpoint in summary(made, service().policy, address)
    ]
    return render_template(
        "ask_answers.html",
        rows=rows,
        title=_(TITLES[made.what]),
        what=made.what.value,
        submit=made.submit,
        action=action,
        at_once=not needs_proof(made, service().policy),
        back=address_of(question_before(made, "ask_answers"), made),
    )
