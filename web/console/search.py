"""The search of the console: a reference leads to its request, an e-mail address to its person; no URL holds it."""

from __future__ import annotations

import re

from flask import Blueprint, redirect, render_template, url_for
from marshmallow import fields
from sqlalchemy import select
from werkzeug.wrappers import Response

from consentcore.crypto.blindindex import normalise_email
from consentcore.requests.finding import find_persons
from consentcore.requests.tables import SubjectRequest
from web.console.masked_persons import masked_persons
from web.shell.forms import Form, read_form
from web.shell.language import gettext as _
from web.shell.wired import service
from web.transaction import reading

PAGES = Blueprint("search", __name__)
MAX_TYPED = 254
_REFERENCE = re.compile(r"([A-Z0-9]{4})[\s\u2010-\u2015-]*([A-Z0-9]{4})")


class Wanted(Form):
    """What is looked for."""

    q = fields.Str(load_default="")


@PAGES.post("/search")
def submit() -> Response | str:
    """Lead to the request or the person that was typed, or say what was not found."""
    typed = read_form(Wanted).values.get("q", "")[:MAX_TYPED]
    reference = _REFERENCE.fullmatch(typed.upper())
    if reference:
        return _request(f"{reference[1]}-{reference[2]}")
    email = normalise_email(typed) if "@" in typed else None
    if email is None:
        return _nothing(
            _(
                "Type the reference of a request, such as B4GT-W7C3, or a whole e-mail address. Names are stored "
                "encrypted and cannot be searched."
            )
        )
    return _persons(email)


def _request(reference: str) -> Response | str:
    with reading(service().sessions) as session:
        known = session.scalar(select(SubjectRequest.reference).where(SubjectRequest.reference == reference))
    if known is None:
        return _nothing(_("There is no request %(reference)s.", reference=reference))
    return redirect(url_for("request.page", reference=known), code=303)


def _persons(email: str) -> Response | str:
    wired = service()
    with reading(wired.sessions) as session:
        found = find_persons(session, wired.keyring, email).candidates
        if not found:
            return _nothing(_("Nobody is known here under this address."))
        if len(found) == 1:
            return redirect(url_for("person.page", subject_ref=found[0]), code=303)
        return render_template("found.html", persons=masked_persons(session, wired.keyring, found), sentence="")


def _nothing(sentence: str) -> str:
    return render_template("found.html", persons=[], sentence=sentence)
