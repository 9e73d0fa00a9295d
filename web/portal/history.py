"""P10, what a person said here, newest first, each with its wording and a proof to keep (Art. 7(1), 15(1))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, abort, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent.history import records_of
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.errors import ConfigurationError
from consentcore.requests.finding import find_persons
from consentcore.subjects.tables import Objection
from registry.store_words import CODES
from registry.wording import said
from web.portal.offers import CHANNELS, words
from web.portal.visitor import visitor
from web.receipts import ReceiptForm, export
from web.shell import faults
from web.shell.language import gettext as _
from web.shell.language import language, later
from web.shell.wired import service
from web.transaction import reading

PAGES = Blueprint("history", __name__, url_prefix="/history")
_STATES = {
    ConsentState.GIVEN: ("ok", later("Yes")),
    ConsentState.RENEWED: ("ok", later("Yes, renewed")),
    ConsentState.REFUSED: ("todo", later("No")),
    ConsentState.WITHDRAWN: ("todo", later("No, yes taken back")),
    ConsentState.EXPIRED: ("paused", later("Run out")),
    ConsentState.REQUESTED: ("paused", later("Waiting for confirmation")),
    ConsentState.INVALIDATED: ("paused", later("No longer valid")),
    ConsentState.UNKNOWN: ("paused", later("Not proven")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One declaration, in words."""

    at: datetime
    title: str
    channel: str
    kind: str
    state: str
    method: str
    notice: tuple[str, int] | None
    record_id: UUID | None
    expires_at: datetime | None = None


@PAGES.get("/")
def page() -> str:
    """Show the visitor's own declarations; where several persons share the address, nobody's."""
    wired = service()
    with reading(wired.sessions) as session:
        persons = _persons(session)
        lines = _lines(session, persons[0]) if len(persons) == 1 else []
    return render_template("history.html", lines=lines, count=len(persons))


@PAGES.get("/receipts/<uuid:record_id>")
def receipt(record_id: UUID) -> Response:
    """Hand out the receipt of one of the visitor's own consents, which anyone can verify offline."""
    return _handed_out(record_id, ReceiptForm.RECEIPT)


@PAGES.get("/receipts/<uuid:record_id>.pdf")
def proof(record_id: UUID) -> Response:
    """Hand out the proof of one of the visitor's own consents as PDF, its receipt inside."""
    try:
        return _handed_out(record_id, ReceiptForm.PDF)
    except ConfigurationError as missing:  # the receipt says the same, to programs
        faults.note(missing)
        return _handed_out(record_id, ReceiptForm.RECEIPT)


def _handed_out(record_id: UUID, form: ReceiptForm) -> Response:
    wired = service()
    with reading(wired.sessions) as session:
        persons = _persons(session)
        found = session.get(ConsentRecord, record_id)
        if found is None or len(persons) != 1 or found.subject_ref != persons[0]:
            abort(404)
        made = export(session, wired, record_id, form, language())
        ending = made.file_name.rpartition(".")[2]
        name = f"{found.purpose}-{found.channel}-{found.at:%Y-%m-%d}.{ending}"
    answer = Response(made.content, mimetype=made.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _persons(session: Session) -> tuple[UUID, ...]:
    found = visitor()
    if found is None or not found.confirmed:
        return ()
    return find_persons(session, service().keyring, found.normalised).active


def _lines(session: Session, person: UUID) -> list[Line]:
    policy, lang = service().policy, language()

    def title(purpose: str) -> str:
        known = policy.purposes.get(purpose)
        return words(known.title, lang) if known else purpose

    rows = records_of(session, person)
    newest = {(row.purpose, row.channel): row.id for row in rows}
    lines = [
        Line(
            row.at,
            title(row.purpose),
            said(CHANNELS, row.channel, lang),
            _STATES[ConsentState(row.state)][0],
            _(_STATES[ConsentState(row.state)][1]),
            said(CODES, row.method, lang),
            (row.notice_id, row.notice_version),
            row.id,
            row.expires_at if newest[row.purpose, row.channel] == row.id else None,
        )
        for row in rows
    ]
    for one in session.scalars(select(Objection).where(Objection.subject_ref == person)):
        lines.append(Line(one.objected_at, title(one.purpose), "", "todo", _("Objection"), "", None, None))
        if one.lifted_at is not None:
            lines.append(Line(one.lifted_at, title(one.purpose), "", "ok", _("Objection ended"), "", None, None))
    lines.sort(key=lambda line: line.at)
    return lines[::-1]
