"""P3, unsubscribing by the link in a mail: at once, without signing in, and for a day to be taken back (RFC 8058).

Opening the link changes nothing, for mail scanners open every link; a form or a mail program sends it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from consentcore import __version__
from consentcore.clock import iso
from consentcore.consent.history import records_of
from consentcore.consent.record import Evidence
from consentcore.consent.tables import PERMITTING, ConsentRecord, ConsentState
from consentcore.errors import NotFound
from consentcore.policyset import LegalBasis
from consentcore.requests.finding import known_person
from consentcore.suppression.tables import MARKETING
from web.portal import unsubscribe_all
from web.portal.offers import NO, YES, Row, objectable, standing, words
from web.portal.saying import say
from web.security.unsubscribe_links import BrokenLink, Unsubscription, read
from web.shell.language import language
from web.shell.wired import service
from web.transaction import reading, unit

PAGES = Blueprint("unsubscribe", __name__, url_prefix="/u")
UNDO = timedelta(hours=24)
_PAGE = "portal/unsubscribe"
_ENDING = frozenset({ConsentState.WITHDRAWN.value, ConsentState.REFUSED.value})


@PAGES.get("/<token>")
def page(token: str) -> str | tuple[str, int]:
    """Ask whether to unsubscribe; nothing happens yet."""
    everything = _of_everything(token)
    if everything is not None:
        return unsubscribe_all.page(token, everything)
    opened = _opened(token)
    if opened is None:
        return _broken()
    wanted, row = opened
    with reading(service().sessions) as session:
        person = _person(session, wanted)
        already = person is None or _standing(session, person, row).answer == NO
        undo = person is not None and _undoable(session, person, row) is not None
    return _shown("unsubscribe.html", token, row, already=already, undo=undo)


@PAGES.post("/<token>")
def submit(token: str) -> str | tuple[str, int]:
    """Unsubscribe, whoever sends it: a person or a mail program. Sending it again changes nothing."""
    everything = _of_everything(token)
    if everything is not None:
        return unsubscribe_all.submit(token, everything)
    opened = _opened(token)
    if opened is None:
        return _broken()
    wanted, row = opened
    wired = service()
    with unit(wired.sessions) as session:
        person = _person(session, wanted)
        if person is not None and _standing(session, person, row).answer != NO:
            evidence = _evidence("email", {"link_issued_at": iso(wanted.issued_at)})
            say(session, [person], row, NO, wired.policy, evidence, language(), wired.now())
    with reading(wired.sessions) as session:
        undo = person is not None and _undoable(session, person, row) is not None
    return _shown("unsubscribe_done.html", token, row, undo=undo)


@PAGES.post("/<token>/undo")
def undo(token: str) -> Response | str | tuple[str, int]:
    """Give the consent again that was taken back by this link within a day."""
    opened = _opened(token)
    if opened is None:
        return _broken()
    wanted, row = opened
    wired = service()
    with unit(wired.sessions) as session:
        person = _person(session, wanted)
        ended = None if person is None else _undoable(session, person, row)
        if person is None or ended is None:
            return redirect(url_for("unsubscribe.page", token=token), code=303)
        evidence = _evidence("portal", {"undo_of": str(ended.id)})
        say(session, [person], row, YES, wired.policy, evidence, language(), wired.now())
    return redirect(url_for("unsubscribe.undone", token=token), code=303)


@PAGES.get("/<token>/undone")
def undone(token: str) -> str | tuple[str, int]:
    """Say that everything is as it was before."""
    opened = _opened(token)
    if opened is None:
        return _broken()
    wanted, row = opened
    with reading(service().sessions) as session:
        person = _person(session, wanted)
        given = person is not None and _standing(session, person, row).answer == YES
    return _shown("unsubscribe_undone.html" if given else "unsubscribe.html", token, row, already=not given, undo=False)


def _of_everything(token: str) -> Unsubscription | None:
    """Return what a link stands for that ends all marketing; None for any other text."""
    try:
        wanted = read(service().keyring, token)
    except BrokenLink:
        return None
    return wanted if wanted.purpose == MARKETING else None


def _opened(token: str) -> tuple[Unsubscription, Row] | None:
    wired = service()
    try:
        wanted = read(wired.keyring, token)
        purpose = wired.policy.purpose(wanted.purpose)
    except (BrokenLink, NotFound):
        return None
    if purpose.basis is LegalBasis.CONSENT and wanted.channel in purpose.channels:
        return wanted, Row(purpose, wanted.channel)
    return (wanted, Row(purpose, None)) if objectable(purpose) else None


def _person(session: Session, wanted: Unsubscription) -> UUID | None:
    """Return whom a link is for; None where nothing is left to unsubscribe."""
    try:
        return known_person(session, service().keyring, wanted.subject_ref)
    except NotFound:
        return None


def _standing(session: Session, person: UUID, row: Row) -> Row:
    wired = service()
    return standing(session, person, row, wired.policy, wired.now())


def _undoable(session: Session, person: UUID, row: Row) -> ConsentRecord | None:
    """Return the withdrawal made by such a link within a day, where a yes stood right before it."""
    now = service().now()
    if row.channel is None:
        return None
    mine = [
        one for one in records_of(session, person) if one.purpose == row.purpose.id and one.channel == row.channel.value
    ]
    if len(mine) < 2 or mine[-1].state not in _ENDING or mine[-1].method != "email" or not _fresh(mine[-1], now):
        return None
    before = mine[-2]
    permitted = before.state in PERMITTING and (before.expires_at is None or before.expires_at > now)
    return mine[-1] if permitted else None


def _fresh(ended: ConsentRecord, now: datetime) -> bool:
    return ended.recorded_at > now - UNDO


def _evidence(method: str, more: dict[str, str]) -> Evidence:
    details = {"page": _PAGE, "version": __version__, "locale": language(), **more}
    return Evidence(method, actor="data subject", details=details)


def _shown(template: str, token: str, row: Row, **more: object) -> str:
    return render_template(template, token=token, title=words(row.purpose.title, language()), row=row, **more)


def _broken() -> tuple[str, int]:
    return render_template("unsubscribe_broken.html"), 404
