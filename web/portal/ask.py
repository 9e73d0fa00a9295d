"""P4, asking: one question a page. Answers are kept in the session, every page can be gone back to, no script runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from registry.countries import country_name
from registry.documents.authorities import authority_of
from web.portal.asking_words import CORRECTABLE, FIELD_LABELS, TITLES, WHOM, usages
from web.portal.draft import (
    MYSELF,
    Draft,
    What,
    draft,
    keep_draft,
    needs_proof,
    next_question,
    question_before,
)
from web.portal.kept_by_law import kept_by_law
from web.portal.new_values import COUNTRIES, MAX_TEXT, NO_ADDRESS, Values, form_name, readable_email, what_is_wrong
from web.portal.sign_in import ask_first
from web.portal.visitor import visitor
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import language, later
from web.shell.wired import service
from web.transaction import unit

PAGES = Blueprint("ask", __name__, url_prefix="/ask")
_CHOOSE = later("Choose one of the answers")
_TOO_LONG = later("Shorten this text to 2,000 characters")


class Usage(Form):
    """What is objected to or limited."""

    usage = fields.Str(required=True, error_messages={"required": _CHOOSE})


class Whom(Form):
    """For whom somebody asks."""

    whom = fields.Str(
        required=True, validate=validate.OneOf(list(WHOM), error=_CHOOSE), error_messages={"required": _CHOOSE}
    )


class Email(Form):
    """One address."""

    email = fields.Str(required=True, error_messages={"required": NO_ADDRESS})


class More(Form):
    """What somebody adds in his own words."""

    more = fields.Str(load_default="", validate=validate.Length(max=MAX_TEXT, error=_TOO_LONG))


@PAGES.get("/<any(access,rectification,erasure,portability,limit):what>")
def page(what: str) -> str:
    """Say what the right gives, and ask its own question."""
    return _first(What(what), EMPTY)


@PAGES.post("/<any(access,rectification,erasure,portability,limit):what>")
def begin(what: str) -> Response | tuple[str, int]:
    """Begin a draft, or change the first answer of the one that was begun for the same right."""
    wanted, before = What(what), draft()
    made = before if before is not None and before.what is wanted else Draft(wanted)
    if wanted is What.LIMIT:
        form = read_form(Usage)
        known = {code for code, _name, _how in usages(service().policy)}
        if form.ok and form.values["usage"] not in known:
            form = form.failed("usage", _(_CHOOSE))
        if not form.ok:
            return _first(wanted, form), 422
        made = made.with_answers(usage=form.values["usage"])
        if not needs_proof(made, service().policy):
            made = made.with_answers(more=None, whom=None, person=None)
        else:
            made = made.with_answers(address=None)
    elif wanted is What.RECTIFICATION:
        chosen = tuple(one.name for one in CORRECTABLE if one.name in request.form.getlist("fields"))
        if not chosen:
            return _first(wanted, EMPTY.failed("fields", _("Choose at least one thing that is wrong"))), 422
        kept = {name: text for one in CORRECTABLE if one.name in chosen for name, text in _of(made, one.fields)}
        made = made.with_answers(fields=chosen, changes=kept if set(chosen) == set(made.fields) else {})
    return _onward(made)


def _of(made: Draft, names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, made.changes[name]) for name in names if name in made.changes]


def _first(what: What, form: Filled) -> str:
    begun, wired = draft(), service()
    mine = begun if begun is not None and begun.what is what else None
    return render_template(
        "ask.html",
        what=what.value,
        title=_(TITLES[what]),
        form=form,
        errors=form.errors,
        usages=usages(wired.policy),
        correctable=[(one.name, _(one.label), "") for one in CORRECTABLE],
        chosen=(mine.fields if mine else ()) if what is What.RECTIFICATION else (),
        usage=form.typed.get("usage") or (mine.usage if mine else None),
        kept=kept_by_law(wired.policy, language()) if what is What.ERASURE else (),
        authority=authority_of(wired.policy.controller.country),
    )


@PAGES.get("/values")
def values() -> str:
    """Ask what is right, for each thing that is wrong."""
    made = _begun(What.RECTIFICATION)
    typed = {form_name(name): text for name, text in made.changes.items()}
    return _values(made, Filled(typed))


@PAGES.post("/values")
def submit_values() -> Response | tuple[str, int]:
    """Take the new values."""
    made = _begun(What.RECTIFICATION)
    form = read_form(Values)
    wanted = [name for one in CORRECTABLE if one.name in made.fields for name in one.fields]
    found: dict[str, str] = {}
    for name in wanted:
        text = form.typed.get(form_name(name), "")
        wrong = what_is_wrong(name, text)
        if wrong:
            form = form.failed(form_name(name), wrong)
        elif text:
            found[name] = text
    if not form.ok:
        return _values(made, form), 422
    return _onward(made.with_answers(changes=found))


def _values(made: Draft, form: Filled) -> str:
    asked = [
        (form_name(name), _(FIELD_LABELS[name]))
        for one in CORRECTABLE
        if one.name in made.fields
        for name in one.fields
    ]
    countries = [(code, country_name(code, language())) for code in COUNTRIES]
    country = service().policy.controller.country
    return _shown("ask_values.html", made, "ask.values", form, asked=asked, countries=countries, country=country)


@PAGES.get("/more")
def more() -> str:
    """Ask whether there is anything to add."""
    made = _begun()
    return _shown("ask_more.html", made, "ask.more", Filled({"more": made.more or ""}))


@PAGES.post("/more")
def submit_more() -> Response | tuple[str, int]:
    """Take what was added; nothing is an answer too."""
    made, form = _begun(), read_form(More)
    if not form.ok:
        return _shown("ask_more.html", made, "ask.more", form), 422
    return _onward(made.with_answers(more=form.typed.get("more", "")))


@PAGES.get("/whom")
def whom() -> str:
    """Ask for whom it is."""
    made = _begun()
    return _whom(made, EMPTY)


@PAGES.post("/whom")
def submit_whom() -> Response | tuple[str, int]:
    """Take for whom it is."""
    made, form = _begun(), read_form(Whom)
    if not form.ok:
        return _whom(made, form), 422
    chosen = form.values["whom"]
    return _onward(made.with_answers(whom=chosen, person=None if chosen == MYSELF else made.person))


def _whom(made: Draft, form: Filled) -> str:
    options = [(code, _(name), _(hint) if hint else "") for code, (name, hint) in WHOM.items()]
    return _shown("ask_whom.html", made, "ask.whom", form, options=options)


@PAGES.get("/person")
def person() -> str:
    """Ask for the address of the other person."""
    made = _begun()
    return _shown("ask_person.html", made, "ask.person", Filled({"email": made.person or ""}))


@PAGES.post("/person")
def submit_person() -> Response | tuple[str, int]:
    """Take the address of the other person; whether it is known here is not told."""
    return _take_address("ask_person.html", "ask.person", "person")


@PAGES.get("/address")
def address() -> str:
    """Ask which address an objection is about that takes effect at once."""
    made, found = _begun(What.LIMIT), visitor()
    typed = made.address or (found.email if found is not None and found.confirmed else "")
    return _shown("ask_address.html", made, "ask.address", Filled({"email": typed}))


@PAGES.post("/address")
def submit_address() -> Response | tuple[str, int]:
    """Take that address."""
    return _take_address("ask_address.html", "ask.address", "address")


def _take_address(template: str, endpoint: str, answer: str) -> Response | tuple[str, int]:
    made, form = _begun(), read_form(Email)
    if form.ok and not readable_email(form.values["email"]):
        form = form.failed("email", _(NO_ADDRESS))
    if not form.ok:
        return _shown(template, made, endpoint, form), 422
    return _onward(made.with_answers(**{answer: form.values["email"]}))


def _begun(what: What | None = None) -> Draft:
    """Return the draft of this session; whoever has none begins at the first page."""
    made = draft()
    if made is None or (what is not None and made.what is not what):
        abort(redirect(url_for("start.page"), code=303))
    return made


def _onward(made: Draft) -> Response:
    """Keep a draft and lead to the next open question, or to the answers once there is none."""
    with unit(service().sessions) as session:
        keep_draft(session, made)
    return redirect(address_of(next_question(made), made), code=303) if next_question(made) else to_answers(made)


def to_answers(made: Draft) -> Response:
    """Lead to the page on which the answers are checked; by way of a code, where one is needed."""
    if needs_proof(made, service().policy):
        return ask_first("ask_answers.page")
    return redirect(url_for("ask_answers.unproven"), code=303)


def address_of(endpoint: str | None, made: Draft) -> str:
    """Return the address of a question of a draft; of the first page where there is none."""
    if endpoint is None:
        return url_for("start.page")
    return url_for(endpoint, what=made.what.value) if endpoint == "ask.page" else url_for(endpoint)


def _shown(template: str, made: Draft, endpoint: str, form: Filled, **values: Any) -> str:
    given: Mapping[str, Any] = {
        "form": form,
        "errors": form.errors,
        "title": _(TITLES[made.what]),
        "what": made.what.value,
        "back": address_of(question_before(made, endpoint), made),
    }
    return render_template(template, **{**given, **values})
