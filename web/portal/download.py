"""P9, fetching one's data: a fresh code, a counted download, the hash to compare, a guide to what is inside."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from flask import Blueprint, Response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from consentcore.requests.tables import Right
from web.portal.asking_words import RIGHT_TITLES
from web.portal.confirmation import attachment
from web.portal.handing_over import FRESH, Hindrance, hand_over, offer
from web.portal.own import own
from web.portal.sign_in import confirm_again
from web.portal.visitor import visitor
from web.shell.language import gettext as _
from web.shell.language import later
from web.shell.wired import service
from web.transaction import reading

PAGES = Blueprint("download", __name__, url_prefix="/requests")
HINDERED: Mapping[Hindrance, str] = {
    Hindrance.OVER: later("The time to fetch your data here is over. Ask for them again: it is free of charge."),
    Hindrance.USED_UP: later(
        "Your data were fetched as often as can be done here. Ask for them again, or write to us."
    ),
    Hindrance.OTHER_WAY: later(
        "We cannot be sure enough here to whom we would hand these data. Somebody will hand them over in another way: "
        "write to us if you have not heard from us."
    ),
    Hindrance.NEW_ADDRESS: later(
        "The e-mail address on your record was changed a short while ago. To protect you, we do not hand data over on "
        "the strength of it yet: write to us, and we will find another way."
    ),
}
INSIDE: Mapping[Right, tuple[tuple[str, str], ...]] = {
    Right.ACCESS: (
        ("index.html", later("start here: everything to read in a browser, without the internet")),
        ("PDF", later("our answer as a letter, to print or to keep")),
        ("CSV", later("one table for each kind of data, for a spreadsheet")),
        ("JSON", later("the same, complete and exact, for a program")),
    ),
    Right.PORTABILITY: (
        ("index.html", later("start here: it says what each file is for")),
        ("JSON", later("your data for another service, with the meaning of each field")),
        ("CSV", later("one table for each kind of data, for a spreadsheet")),
        ("vCard", later("your contact details, for an address book")),
    ),
}


@PAGES.get("/<reference>/download")
def page(reference: str) -> str:
    """Say what can be fetched, how often still and until when; ask for a fresh code before it is."""
    wired, now, found = service(), service().now(), visitor()
    with reading(wired.sessions) as session:
        offered = offer(session, reference, now)
    return render_template(
        "download.html",
        offered=offered,
        dsr=offered.owned.dsr,
        fresh=found is not None and found.confirmed_within(FRESH, now),
        titles={right: _(RIGHT_TITLES[right]) for right in Right if right in RIGHT_TITLES},
        inside={right: [(name, _(what)) for name, what in INSIDE[right]] for right in offered.rights},
        hindered=_(HINDERED[offered.hindrance]) if offered.hindrance else "",
    )


@PAGES.post("/<reference>/download/code")
def code(reference: str) -> AnyResponse:
    """Have a new code sent to the confirmed address."""
    with reading(service().sessions) as session:
        written = own(session, reference).dsr.reference
    return confirm_again("download.page", reference=written)


@PAGES.post("/<reference>/download/<any(access,portability):kind>")
def fetch(reference: str, kind: str) -> AnyResponse:
    """Make the package now and hand it over; nothing of it stays on this machine."""
    found, now = visitor(), service().now()
    if found is None or not found.confirmed_within(FRESH, now):
        return redirect(url_for("download.page", reference=reference), code=303)
    made = hand_over(reference, Right(kind))
    answer: Response = attachment(made.content, "application/zip", made.name)
    answer.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(made.sha256)).decode()}:"  # RFC 9530
    return answer
