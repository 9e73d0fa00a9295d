"""C5, intake by staff: entering a request that arrived some other way, on the day it arrived, and its receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from consentcore.errors import BadInput, NotFound, PolicyViolation
from consentcore.requests import intake, lifecycle
from consentcore.requests.content import read_content
from consentcore.requests.duplicates import running_already
from consentcore.requests.tables import Right
from web.console.intake_form import MAX_FILE, Read, chosen_rights, options, read_intake
from web.console.person_signed_in import signed_in
from web.console.request_words import channel_in_words, right_in_words, rights_in_words
from web.shell.forms import EMPTY, Filled
from web.shell.language import gettext as _
from web.shell.language import local, ngettext, today
from web.shell.wired import service
from web.transaction import reading, unit

PAGES = Blueprint("intake", __name__, url_prefix="/requests")
_ROOM = 512 * 1024


@dataclass(frozen=True, slots=True)
class Receipt:
    """What can be handed to whoever asked."""

    reference: str
    rights: str
    channel: str
    received_on: date
    due_on: date
    written_to: bool
    """Whether an acknowledgement went to an address."""
    ended: bool
    """Whether everything took effect at once."""


@PAGES.url_value_preprocessor
def _let_a_file_in(endpoint: str | None, values: dict[str, Any] | None) -> None:
    if endpoint == "intake.submit":
        request.max_content_length = MAX_FILE + _ROOM


@PAGES.get("/new")
def page() -> str:
    """Show the form."""
    return _shown(EMPTY)


@PAGES.post("/new")
def submit() -> Response | tuple[str, int]:
    """Take the request in, unless the same runs already and nobody has confirmed that it is another."""
    read, wired = read_intake(), service()
    if read.intake is None:
        return _shown(read.form), 422
    done, same = None, list[str]()
    try:
        with unit(wired.sessions) as session:
            same = [] if read.form.typed.get("confirmed") else _same(session, read)
            if not same:
                done = intake.receive(session, wired.policy, read.intake, wired.now(), by=signed_in().email)
    except (BadInput, NotFound, PolicyViolation) as refused:
        return _shown(_explained(read.form, refused)), 422
    if done is None:
        return _shown(read.form.failed("confirmed", _sentence(same)), same), 422
    return redirect(url_for("request.page", reference=done.reference, entered="1"), code=303)


@PAGES.app_context_processor
def _receipt() -> dict[str, Any]:
    return {"entered_receipt": entered_receipt}


def entered_receipt() -> Receipt | None:
    """Return the receipt of the request whose page is shown, right after it was entered."""
    reference = (request.view_args or {}).get("reference")
    if not reference or request.args.get("entered") != "1":
        return None
    wired = service()
    with reading(wired.sessions) as session:
        dsr = lifecycle.find(session, reference)
        content = read_content(wired.keyring, dsr)
        return Receipt(
            reference=dsr.reference,
            rights=rights_in_words(lifecycle.rights_of(session, dsr.id)),
            channel=channel_in_words(dsr.channel),
            received_on=local(dsr.received_at).date(),
            due_on=dsr.due_on,
            written_to=any(content.get(name) for name in ("requester", "written_email", "answer_to")),
            ended=dsr.closed_at is not None,
        )


def _same(session: Session, read: Read) -> list[str]:
    asked = read.intake
    if asked is None:
        return []
    return running_already(session, asked.rights, normalised_email=read.email, subject_ref=asked.subject_ref)


def _sentence(same: list[str]) -> str:
    return ngettext(
        "This person already has an open request for the same right: %(references)s. Tick the box if this is another.",
        "This person already has open requests for the same right: %(references)s. Tick the box if this is another.",
        len(same),
        references=", ".join(same),
    )


def _explained(form: Filled, refused: BadInput | NotFound | PolicyViolation) -> Filled:
    if isinstance(refused, NotFound) and form.typed.get("subject"):
        return form.failed("subject", _("Nobody is known here under this reference"))
    if isinstance(refused, PolicyViolation):
        return form.failed("scope", _("Nothing can be objected to or withdrawn for this purpose"))
    return form.failed("received_on", _("The request cannot be entered like this: check the day and the values"))


def _shown(form: Filled, same: list[str] | None = None) -> str:
    return render_template(
        "intake.html",
        form=form,
        errors=form.errors,
        rights=[(right.value, right_in_words(right)) for right in Right],
        chosen={right.value for right in chosen_rights(form)},
        today=today().isoformat(),
        same=same or [],
        **options(),
    )
