"""P8, following a request: where it stands, what became of it, what was kept and why, and where to complain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, redirect, render_template, url_for
from marshmallow import fields
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from consentcore.errors import NotFound
from consentcore.ledger.certificates import Certificate
from consentcore.requests import certificate, items, lifecycle
from consentcore.requests.items import KEPT
from consentcore.requests.tables import Right, Status
from registry.documents.authorities import authority_of
from registry.documents.model import RetainedItem
from registry.documents.rendering import article_in_words
from web.jobs.packages import PACKAGED, retained_in_words
from web.portal.asking_words import title_of
from web.portal.confirmation import attachment
from web.portal.handing_over import fetched_until
from web.portal.own import Owned, listed, own
from web.portal.progress import ended, is_late, outcome_sentence, standstill, steps_shown
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import language, later, local, long_day
from web.shell.wired import service
from web.transaction import reading

PAGES = Blueprint("follow", __name__, url_prefix="/follow")
_WRITTEN = re.compile(r"[^0-9A-Za-z]")
_CHARS = 8
_MISSING = later("Enter your reference: eight letters and figures, such as B4GT-W7C3")
_NOT_YOURS = later("We find no request of this reference under your address")


class Reference(Form):
    """A reference as somebody types it."""

    reference = fields.Str(required=True, error_messages={"required": _MISSING})


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays after an erasure on one ground: why, on which article, until when, and which data."""

    ground: str
    article: str
    until: date | None
    until_event: str
    labels: tuple[str, ...]


@PAGES.get("/")
def page() -> str:
    """Show the requests of the visitor's address, and ask for a reference."""
    return _list(EMPTY)


@PAGES.post("/")
def search() -> Response | tuple[str, int]:
    """Look for a request by its reference: what is somebody else's is answered as what does not exist."""
    form = read_form(Reference)
    if not form.ok:
        return _list(form), 422
    letters = _WRITTEN.sub("", form.values["reference"]).upper()
    written = f"{letters[:4]}-{letters[4:]}"
    try:
        if len(letters) != _CHARS:
            raise NotFound("a reference has eight characters")
        with reading(service().sessions) as session:
            found = own(session, written).dsr.reference
    except NotFound:
        return _list(form.failed("reference", _(_NOT_YOURS))), 404
    return redirect(url_for("follow.one", reference=found), code=303)


@PAGES.get("/<reference>")
def one(reference: str) -> str:
    """Show one request of the visitor's own."""
    wired = service()
    with reading(wired.sessions) as session:
        owned = own(session, reference)
        steps = steps_shown(session, owned)
        kept = kept_of(session, owned) if owned.sees_outcome and ended(owned) else []
        done = lifecycle.done_steps(session, owned.dsr.id)
    with_package = _has_package(owned, done)
    until = fetched_until(owned.dsr)
    return render_template(
        "follow_one.html",
        owned=owned,
        dsr=owned.dsr,
        title=title_of(owned.rights),
        steps=steps,
        now_stands=standstill(owned),
        late=is_late(owned),
        ended=ended(owned),
        outcome=_ended_as(owned, over=with_package and until is not None and until <= wired.now(), until=until),
        kept=kept,
        with_package=with_package and until is not None and until > wired.now(),
        authority=authority_of(wired.policy.controller.country),
        vkey=wired.keyring.log_signer().vkey if owned.dsr.certificate else "",
    )


@PAGES.get("/<reference>/certificate")
def certificate_file(reference: str) -> Response:
    """Hand out the signed certificate of an erasure."""
    with reading(service().sessions) as session:
        owned = own(session, reference)
        note = certificate_of(session, owned)
    return attachment(
        note.note.encode(), "text/plain; charset=utf-8", _("certificate-%(number)s.txt", number=note.number)
    )


def certificate_of(session: Session, owned: Owned) -> Certificate:
    """Return the certificate of a request.

    Raises: NotFound where there is none, or where the visitor may not see what became of the data.
    """
    if not owned.sees_outcome:
        raise NotFound("there is no request of that reference here")
    return certificate.of_request(session, owned.dsr)


def kept_of(session: Session, owned: Owned) -> list[Kept]:
    """Return what an erasure left, by the ground that keeps it: what ends first stands first."""
    if Right.ERASURE not in owned.rights:
        return []
    found = [
        retained_in_words(one, service().policy, language())
        for one in items.read(session, owned.dsr.id)
        if one.outcome in KEPT
    ]
    grounds = dict.fromkeys(_ground(one) for one in found)
    kept = [
        Kept(
            ground,
            _articles(article),
            until,
            event,
            tuple(dict.fromkeys(one.label for one in found if _ground(one) == (ground, article, until, event))),
        )
        for ground, article, until, event in grounds
    ]
    return sorted(kept, key=lambda one: one.until or date.max)


def _ground(one: RetainedItem) -> tuple[str, str, date | None, str]:
    return one.ground, one.article, one.until, one.until_event


def _articles(text: str) -> str:
    return ", ".join(article_in_words(part.strip(), language()) for part in text.split(",") if part.strip())


def _ended_as(owned: Owned, *, over: bool, until: datetime | None) -> str:
    if owned.dsr.status != Status.CLOSED:
        return ""
    if over and until is not None:
        day = long_day(local(until).date())
        return _("Your data could be fetched here until %(day)s. You may ask again: it is free.", day=day)
    return outcome_sentence(owned)


def _has_package(owned: Owned, done: frozenset[str]) -> bool:
    return (
        owned.dsr.status == Status.CLOSED
        and owned.dsr.subject_ref is not None
        and owned.sees_outcome
        and any(right in owned.rights and lifecycle.step_of(right) in done for right in PACKAGED)
    )


def _list(form: Filled) -> str:
    with reading(service().sessions) as session:
        mine = [(one_of, title_of(one_of.rights), standstill(one_of)) for one_of in listed(session)]
    return render_template("follow.html", form=form, errors=form.errors, mine=mine)
