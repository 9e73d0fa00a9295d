"""P5, showing that an address is one's own: a code goes there and comes back. No account, no password.

Known or not, an address gets the same pages and the same mail. The code is bound to this browser and this address, so
a code that was sent to one address never confirms another.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from marshmallow import ValidationError, fields, validate
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from consentcore.clock import iso
from consentcore.crm.contact_points import InvalidContactPoint, email_point
from consentcore.crypto.blindindex import normalise_email
from consentcore.outbox.put import Message, put
from web.portal import signals
from web.portal.access_table import ACCESS
from web.portal.mails import sign_in_code
from web.portal.stored_address import stored_address
from web.portal.visitor import Needs, visitor
from web.security import codes, limits
from web.security.codes import Attempt, Tried
from web.security.limits import Limit
from web.security.sessions import Visit
from web.shell import visits
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import later, ngettext
from web.shell.wired import service, visit
from web.transaction import unit

PAGES = Blueprint("sign_in", __name__, url_prefix="/sign-in")
PER_CONNECTION = Limit("code_from", 20, timedelta(hours=1))
PER_ADDRESS = Limit("code_to", 5, timedelta(hours=1))
OF_ALL = Limit("code_any", 200, timedelta(hours=1))
FIRST = "preferences.page"
_REFERENCE = re.compile(r"[A-Z0-9-]{1,20}")
_UNREADABLE = later("Enter an address such as name@example.fr")
_NO_CODE = later("Enter the six digits that we sent you")
_KEPT = ("then", "reference")


def _an_address(text: str) -> None:
    try:
        point = email_point(text)
    except InvalidContactPoint:
        raise ValidationError(_UNREADABLE) from None
    if point.normalised is None or not text.isprintable():
        raise ValidationError(_UNREADABLE)


class Address(Form):
    """Whose choices or data."""

    email = fields.Str(required=True, validate=_an_address, error_messages={"required": _UNREADABLE})


class Code(Form):
    """What came by mail."""

    code = fields.Str(
        required=True, validate=validate.Length(1, 100, error=_NO_CODE), error_messages={"required": _NO_CODE}
    )


def ask_first(then: str, **values: str) -> Response:
    """Send the visitor to the sign-in page and afterwards to an endpoint of this face; at once if confirmed already.

    `then` is a page that needs a confirmed address or something begun; `values` may hold a `reference`. Changes
    nothing, so a GET may answer with it.
    Raises: ValueError for an endpoint that is no such page; NotFound (404) for what cannot be a reference.
    """
    wanted = _page(then, values)
    found = visitor()
    if found is not None and found.confirmed:
        return redirect(_address_of(wanted), code=303)
    return redirect(url_for("sign_in.page", **wanted), code=303)


def confirm_again(then: str, **values: str) -> Response:
    """Ask a confirmed visitor for a new code before something weighty, then lead to an endpoint of this face.

    In answer to a form the code is sent at once; in answer to a GET a page asks first, so that a GET sends nothing.
    The right code renews `visitor().confirmed_at`.
    Raises: ValueError as `ask_first` does; TooOften.
    """
    wanted = _page(then, values)
    found = visitor()
    if found is None or not found.confirmed:
        return ask_first(then, **values)
    if request.method == "POST":
        return _send(found.email, wanted)
    return redirect(url_for("sign_in.again", **wanted), code=303)


def sent_away(endpoint: str, values: Mapping[str, str]) -> Response:
    """Send somebody who has to confirm an address first to the sign-in page, and back to where a link led."""
    wanted = _allowed(endpoint, values) if request.method == "GET" else None
    return redirect(url_for("sign_in.page", **(wanted or {})), code=303)


@PAGES.get("/")
def page() -> str | Response:
    """Ask for an address; whoever confirmed one goes on."""
    found, wanted = visitor(), _wanted(request.args)
    if found is not None and found.confirmed and "other" not in request.args:
        return redirect(_address_of(wanted), code=303)
    begun = found.email if found is not None and not found.confirmed else ""
    return _asking(EMPTY, wanted, begun)


@PAGES.post("/")
def submit() -> Response | tuple[str, int]:
    """Take an address and send a code to it."""
    form, wanted = read_form(Address), _wanted(request.form)
    if not form.ok:
        return _asking(form, wanted), 422
    return _send(form.values["email"], wanted)


@PAGES.get("/code")
def code_page() -> str | Response:
    """Ask for the code."""
    found, current = visitor(), visit()
    if found is None or current is None:
        return redirect(url_for("sign_in.page"), code=303)
    if found.confirmed and not current.content.get("renewing"):
        return redirect(_address_of(_wanted(current.content)), code=303)
    return _asking_code(EMPTY, found.email)


@PAGES.post("/code")
def check() -> Response | tuple[str, int]:
    """Try a code; the right one confirms the address in a new session."""
    found, current = visitor(), visit()
    if found is None or current is None:
        return redirect(url_for("sign_in.page"), code=303)
    form = read_form(Code)
    if not form.ok:
        return _asking_code(form, found.email), 422
    tried = _tried(current, found.normalised, form.values["code"])
    if tried.outcome is not Tried.RIGHT:
        return _asking_code(form.failed("code", _what_is_wrong(tried)), found.email), 422
    return _confirmed(current)


@PAGES.post("/resend")
def resend() -> Response:
    """Send another code to the same address; the one before no longer works."""
    found, current = visitor(), visit()
    if found is None or current is None:
        return redirect(url_for("sign_in.page"), code=303)
    return _send(found.email, _wanted(current.content), sent="again")


@PAGES.get("/again")
def again() -> str:
    """Say that a new code is needed before what comes next."""
    found = visitor()
    return render_template(
        "sign_in_again.html", email=found.email if found else "", wanted=_wanted(request.args), errors={}
    )


@PAGES.post("/again")
def submit_again() -> Response:
    """Send the new code to the address that was confirmed."""
    wanted = _wanted(request.form)
    return confirm_again(wanted["then"], **{name: value for name, value in wanted.items() if name != "then"})


@PAGES.post("/leave")
def leave() -> Response:
    """End the session of this browser."""
    with unit(service().sessions) as session:
        visits.end(session)
    return redirect(url_for("start.page"), code=303)


def _send(email: str, wanted: Mapping[str, str], *, sent: str | None = None) -> Response:
    """Note the address, send a code to it, and lead to the page that asks for it.

    Raises: TooOften.
    """
    wired, now = service(), service().now()
    normalised = normalise_email(email) or ""
    with unit(wired.sessions) as session:
        limits.spend(session, wired.keyring, PER_CONNECTION, request.remote_addr or "-", now)
        limits.spend(session, wired.keyring, PER_ADDRESS, normalised, now)
        limits.spend(session, wired.keyring, OF_ALL, "-", now)
    with unit(wired.sessions) as session:
        to = stored_address(session, wired.keyring, email, normalised)
        _remember(session, email, normalised, to, wanted)
        current = visit()
        if current is not None:
            code = codes.issue(session, current, _used_for(current, normalised), now)
            subject, body = sign_in_code(wired.policy.controller, code)
            put(session, wired.keyring, Message("sign_in_code", to, subject, body), now)
    return redirect(url_for("sign_in.code_page", sent=sent), code=303)


def _remember(session: Session, email: str, normalised: str, to: str, wanted: Mapping[str, str]) -> None:
    """Keep address and way back in the session; an address other than the confirmed one is not confirmed."""
    current, found = visit(), visitor()
    content: dict[str, Any] = dict(current.content) if current is not None else {}
    for name in (*_KEPT, "renewing"):
        content.pop(name, None)
    if found is not None and found.confirmed and found.normalised == normalised:
        content["renewing"] = True
    else:
        content.pop("confirmed_at", None)
        content["email"] = email
    visits.keep(session, {**content, "sent_to": to, **wanted})


def _tried(current: Visit, normalised: str, typed: str) -> Attempt:
    wired = service()
    with unit(wired.sessions) as session:
        return codes.attempt(session, current, _used_for(current, normalised), typed, wired.now())


def _confirmed(current: Visit) -> Response:
    """Begin a new session in which the address that the code went to is confirmed (no fixation)."""
    wired, wanted = service(), _wanted(current.content)
    content = {name: value for name, value in current.content.items() if name not in (*_KEPT, "renewing", "sent_to")}
    proven = current.content.get("sent_to") or content["email"]
    with unit(wired.sessions) as session:
        visits.start(session, content={**content, "email": proven, "confirmed_at": iso(wired.now())})
        signals.heed_at(session, str(proven))
    return redirect(_address_of(wanted), code=303)


def _used_for(current: Visit, normalised: str) -> str:
    """Name the one use of a code: this address in this session; nothing in it tells the address to anybody else."""
    return f"sign_in:{hmac.digest(current.token.encode(), normalised.encode(), 'sha256').hex()[:24]}"


def _what_is_wrong(tried: Attempt) -> str:
    if tried.outcome is Tried.OVER:
        return _("This code is no longer valid. Ask for a new one.")
    return ngettext(
        "This code does not fit. You have %(num)s attempt left.",
        "This code does not fit. You have %(num)s attempts left.",
        tried.left,
    )


def _wanted(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return where to go afterwards: what was asked for if it is allowed, the preferences otherwise."""
    values = {"reference": str(given["reference"])} if given.get("reference") else {}
    return _allowed(str(given.get("then") or ""), values) or {"then": FIRST}


def _page(then: str, values: Mapping[str, str]) -> dict[str, Any]:
    if any(_REFERENCE.fullmatch(value) is None for value in values.values()):
        abort(404)  # it came out of an address that somebody typed
    wanted = _allowed(then, values)
    if wanted is None:
        raise ValueError(f"{then} is no page to come back to")
    return wanted


def _allowed(then: str, values: Mapping[str, str]) -> dict[str, Any] | None:
    """Hold an endpoint against the closed list: pages of this face behind a confirmed address, opened by GET."""
    if not isinstance(ACCESS.get(then), Needs) or set(values) - {"reference"}:
        return None
    if any(_REFERENCE.fullmatch(value) is None for value in values.values()):
        return None
    for rule in current_app.url_map.iter_rules(then):
        if "GET" in (rule.methods or ()) and rule.arguments == {"lang", *values}:
            return {"then": then, **values}
    return None


def _address_of(wanted: Mapping[str, Any]) -> str:
    return url_for(wanted["then"], **{name: value for name, value in wanted.items() if name != "then"})


def _asking(form: Filled, wanted: Mapping[str, str], email: str = "") -> str:
    return render_template("sign_in.html", form=form, errors=form.errors, wanted=wanted, email=email)


def _asking_code(form: Filled, email: str) -> str:
    return render_template(
        "sign_in_code.html",
        form=form,
        errors=form.errors,
        email=email,
        sent=request.args.get("sent") == "again",
        minutes=codes.MINUTES,
    )
