"""A link that ends all marketing in one click: an objection that takes effect at once, on every channel (R-21-2).

It stops the profiling that marketing rests on as well, and cannot be undone by the link: whoever holds the mail may say
no for its reader, never yes.
"""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from sqlalchemy.orm import Session

from consentcore.errors import NotFound
from consentcore.requests.finding import known_person
from consentcore.requests.intake import Intake, IntakeChannel, receive
from consentcore.requests.tables import Right
from consentcore.subjects.objections import open_objections
from consentcore.suppression.entries import entries_of_person
from consentcore.suppression.tables import MARKETING
from web.security.unsubscribe_links import Unsubscription
from web.shell.wired import service
from web.transaction import reading, unit


def page(token: str, wanted: Unsubscription) -> str:
    """Ask whether to end all marketing; nothing happens yet."""
    with reading(service().sessions) as session:
        person = _person(session, wanted)
        already = person is None or _opposed(session, person)
    return _shown(token, already=already, done=False)


def submit(token: str, wanted: Unsubscription) -> str:
    """Take the objection; sent again, it changes nothing."""
    wired = service()
    with unit(wired.sessions) as session:
        person = _person(session, wanted)
        if person is not None and not _opposed(session, person):
            intake = Intake((Right.OBJECTION,), subject_ref=person, channel=IntakeChannel.EMAIL, scope=MARKETING)
            receive(session, wired.policy, intake, wired.now())
    return _shown(token, already=True, done=True)


def _person(session: Session, wanted: Unsubscription) -> UUID | None:
    try:
        return known_person(session, service().keyring, wanted.subject_ref)
    except NotFound:
        return None


def _opposed(session: Session, person: UUID) -> bool:
    """Tell whether the objection stands whole: the list names marketing, and no purpose is missing an objection."""
    listed = any(entry.scope == MARKETING for entry in entries_of_person(session, person))
    objected = {row.purpose for row in open_objections(session, person)}
    wanted = {one.id for one in service().policy.purposes.values() if one.is_marketing and one.profiling}
    return listed and wanted <= objected


def _shown(token: str, *, already: bool, done: bool) -> str:
    return render_template("unsubscribe_all.html", token=token, already=already, done=done)
