"""P7, what was received: reference, due date, what happens next, what to keep. It may be reloaded and bookmarked."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from consentcore.clock import ensure_utc
from consentcore.errors import ConfigurationError
from consentcore.requests.tables import Right
from consentcore.suppression.tables import MARKETING
from registry.documents.authorities import authority_of
from registry.documents.receipt_sheet import ReceiptData, due_sentence, receipt_pdf
from registry.wording import period_in_words
from web.portal.asking_words import changes_in_words, title_of, usage_in_words
from web.portal.calendar_file import due_date_file
from web.portal.own import Owned, own
from web.portal.progress import pack_of, reckoning, sentences, settled_at_receipt, steps_shown
from web.portal.sending import NOTES, made_here
from web.portal.sign_in import ask_first
from web.portal.visitor import visitor
from web.shell.language import gettext as _
from web.shell.language import language, long_moment
from web.shell.wired import service
from web.transaction import reading

PAGES = Blueprint("confirmation", __name__, url_prefix="/requests")


@PAGES.get("/<reference>")
def page(reference: str) -> str | AnyResponse:
    """Confirm that a request came in."""
    if _must_confirm(reference):
        return ask_first("follow.one", reference=reference)
    wired = service()
    with reading(wired.sessions) as session:
        owned = own(session, reference)
        steps = steps_shown(session, owned)
    pack = pack_of(owned, wired.policy)
    return render_template(
        "confirmation.html",
        owned=owned,
        dsr=owned.dsr,
        title=title_of(owned.rights),
        steps=steps,
        settled=settled_at_receipt(owned),
        more_time=period_in_words(pack.extension, language()) if pack else "",
        authority=authority_of(wired.policy.controller.country),
    )


@PAGES.get("/<reference>/receipt")
def receipt(reference: str) -> str | AnyResponse:
    """Show the receipt as a page that can be printed."""
    if _must_confirm(reference):
        return ask_first("follow.one", reference=reference)
    return _receipt_page(reference)


@PAGES.get("/<reference>/receipt.pdf")
def receipt_file(reference: str) -> AnyResponse | str:
    """Draw the receipt as PDF; where that is not possible, show it as a page and say so."""
    if _must_confirm(reference):
        return ask_first("follow.one", reference=reference)
    wired = service()
    with reading(wired.sessions) as session:
        owned = own(session, reference)
        data = receipt_data(session, owned)
    try:
        drawn = receipt_pdf(data, wired.policy.controller, language(), ensure_utc(owned.dsr.received_at))
    except ConfigurationError:
        return _receipt_page(reference, undrawn=True)
    name = _("receipt-%(reference)s.pdf", reference=owned.dsr.reference)
    return attachment(drawn, "application/pdf", name)


@PAGES.get("/<reference>/calendar.ics")
def calendar(reference: str) -> AnyResponse:
    """Hand out the due date for a calendar."""
    if _must_confirm(reference):
        return ask_first("follow.one", reference=reference)
    wired = service()
    with reading(wired.sessions) as session:
        owned = own(session, reference)
    controller = wired.policy.controller
    drawn = due_date_file(
        owned.dsr.reference,
        owned.dsr.due_on,
        _("Answer due from %(name)s (%(reference)s)", name=controller.name, reference=owned.dsr.reference),
        _("Last day to answer your request. Without an answer, write to %(address)s.", address=controller.dpo_email),
        urlsplit(wired.settings.base_url).hostname or "localhost",
        owned.dsr.received_at,
    )
    return attachment(drawn, "text/calendar; charset=utf-8", f"{owned.dsr.reference}.ics")


def attachment(content: bytes, mime: str, name: str) -> Response:
    """Return an answer that a browser keeps as a file; `name` holds nothing personal."""
    answer = Response(content, content_type=mime)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def receipt_data(session: Session, owned: Owned) -> ReceiptData:
    """Return what the receipt of a request says, in the language of the page."""
    return ReceiptData(
        reference=owned.dsr.reference,
        right=title_of(owned.rights),
        asked=tuple(asked(owned)),
        received=long_moment(owned.dsr.received_at),
        steps=sentences(steps_shown(session, owned)),
        reckoning=reckoning(owned, service().policy),
        settled=settled_at_receipt(owned),
    )


def asked(owned: Owned) -> list[tuple[str, str]]:
    """Return what was asked for, in words: the use, the new values, what was added, for whom."""
    rows = [
        (_("What you object to or limit"), usage_in_words(scope or MARKETING, service().policy))
        for right, scope in owned.rights.items()
        if right in (Right.OBJECTION, Right.WITHDRAWAL) and scope is not None
    ]
    if owned.sees_outcome or owned.for_another:
        rows += changes_in_words(owned.content.get("changes", {}))
        rows += [(_("What you add"), owned.content[NOTES])] if owned.content.get(NOTES) else []
    rows.append((_("Your e-mail address"), owned.written_to))
    return rows


def _receipt_page(reference: str, *, undrawn: bool = False) -> str:
    wired = service()
    with reading(wired.sessions) as session:
        owned = own(session, reference)
        data = receipt_data(session, owned)
    return render_template(
        "receipt.html",
        data=data,
        undrawn=undrawn,
        due_sentence=due_sentence(data.reckoning, language()),
        authority=authority_of(wired.policy.controller.country),
        back=url_for("confirmation.page", reference=owned.dsr.reference),
    )


def _must_confirm(reference: str) -> bool:
    """Tell whether an address has to be confirmed before it can be told whose request this is."""
    found = visitor()
    if found is not None and found.confirmed:
        return False
    return all(one["reference"] != reference.strip().upper() for one in made_here())
