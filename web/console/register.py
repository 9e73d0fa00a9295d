"""The register of processing: gaps with reality first, the map, the activities, and the register as a file."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from consentcore.db import Base, KeyringBase
from consentcore.errors import ConfigurationError
from consentcore.personal_data.datamap import compose as compose_map
from consentcore.policyset import Notice
from registry.activities import SUBJECTS
from registry.article30 import Activity, DataUse, RegisterView, compose
from registry.countries import country_name
from registry.documents.bundle import json_bytes
from registry.documents.issued import issue
from registry.documents.register_sheet import register_pdf
from registry.documents.shown import csv_text
from registry.flow import flow_header, flow_of
from registry.gaps import Gap, gap_in_words, gap_title
from registry.pictures import flow_map
from registry.register_data import as_data, as_rows
from registry.wording import BASES, LANGUAGES, check_language, period_in_words, said, text_in
from web.console.articles import article_note
from web.console.decision_words import by_channels
from web.console.handed_out import handed_out
from web.console.person_signed_in import signed_in
from web.console.typography import set_in
from web.shell import faults
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import language, later
from web.shell.wired import service
from web.transaction import reading, unit

PAGES = Blueprint("register", __name__, url_prefix="/register")
PDF, CSV, JSON = "pdf", "csv", "json"
MIMETYPES = {PDF: "application/pdf", CSV: "text/csv; charset=utf-8", JSON: "application/json"}
_ONE_OF = later("Choose one of the formats")


class Export(Form):
    """In which form and language."""

    format = fields.Str(required=True, validate=validate.OneOf(tuple(MIMETYPES), error=_ONE_OF))
    language = fields.Str(required=True, validate=validate.OneOf(LANGUAGES, error=_ONE_OF))


@dataclass(frozen=True, slots=True)
class Row:
    """One activity in the table."""

    id: str
    title: str
    basis: str
    subjects: str
    recipients: tuple[str, ...]
    kept: tuple[str, ...]
    gaps: int


@dataclass(frozen=True, slots=True)
class ShownGap:
    """One gap in the list."""

    activity: str | None
    title: str
    sentence: str
    note: str


@PAGES.get("/")
def page() -> str:
    """Show the register."""
    return _shown(EMPTY)


@PAGES.get("/activities/<activity_id>")
def activity(activity_id: str) -> str:
    """Show the sheet of one activity."""
    view, lang = _view(), language()
    found = next((one for one in view.activities if one.id == activity_id), None)
    if found is None:
        abort(404)
    data = next(one for one in as_data(view, lang)["activities"] if one["id"] == activity_id)
    purpose = service().policy.purposes.get(activity_id)
    return render_template(
        "activity.html",
        data=data,
        channels=by_channels(purpose.channels) if purpose else "",
        validity=period_in_words(purpose.validity, lang) if purpose and purpose.validity else "",
        balancing=set_in(text_in(purpose.balancing_test or {}, lang), lang).split("\n\n") if purpose else [],
        notice=_notice(found),
        gaps=[_gap(one, lang) for one in view.gaps if one.activity == activity_id],
    )


@PAGES.post("/export")
def export() -> Response | tuple[str, int]:
    """Hand out the register as a file; the log says that it was issued, in which form, by whom."""
    form, wired = read_form(Export), service()
    if not form.ok:
        return _shown(Filled(form.typed, {}, {"form": _(_ONE_OF)})), 422
    chosen, lang, now = form.values["format"], form.values["language"], wired.now()
    view = _view()
    try:
        content = _drawn(view, chosen, lang)
    except ConfigurationError as missing:
        faults.note(missing)
        sentence = _("PDF cannot be drawn here: the server lacks the Pango library. CSV and JSON work without it.")
        return _shown(form.failed("form", sentence)), 503
    with unit(wired.sessions) as session:
        issue(session, now, document="register", form=chosen, language=lang, content=content, by=signed_in().id)
    return handed_out(content, f"register-{now:%Y-%m-%d}-{lang}.{chosen}", MIMETYPES[chosen])


def _drawn(view: RegisterView, chosen: str, lang: str) -> bytes:
    if chosen == PDF:
        return register_pdf(view, lang)
    if chosen == CSV:
        return csv_text(as_rows(view, lang)).encode()
    return json_bytes(as_data(view, lang))


def _view() -> RegisterView:
    wired = service()
    with reading(wired.sessions) as session:
        return compose(session, wired.policy, compose_map([Base.metadata, KeyringBase.metadata]), wired.now())


def _shown(form: Filled) -> str:
    view, lang = _view(), check_language(language())
    flow = flow_of(view, lang)
    return render_template(
        "register.html",
        form=form,
        errors=form.errors,
        view=view,
        gaps=[_gap(one, lang) for one in view.gaps],
        picture=flow_map.flow_map(flow),
        twin=flow_map.table(flow, flow_header(lang)),
        declared=[_row(one, view, lang) for one in view.activities if not one.own],
        own=[_row(one, view, lang) for one in view.activities if one.own],
        other=next(one for one in LANGUAGES if one != lang),
        abroad=any(one.transfers for one in view.activities),
    )


def _row(activity: Activity, view: RegisterView, lang: str) -> Row:
    kept = [_kept(use, lang, named=len(activity.data) > 1) for use in activity.data]
    return Row(
        id=activity.id,
        title=set_in(text_in(activity.title, lang), lang),
        basis=f"{said(BASES, activity.basis, lang)}, {article_note(activity.basis.article)}",
        subjects=_capital(", ".join(said(SUBJECTS, one, lang) for one in activity.subjects)),
        recipients=tuple(
            set_in(f"{text_in(one.name, lang)} ({country_name(one.country, lang)})", lang)
            for one in activity.recipients
        ),
        kept=tuple(dict.fromkeys(_capital(set_in(one, lang)) for one in kept if one)),
        gaps=sum(one.activity == activity.id for one in view.gaps),
    )


def _kept(use: DataUse, lang: str, *, named: bool) -> str:
    """Say how long one class of data is kept, and which one it is where there are several."""
    limits = dict.fromkeys(period_in_words(rule.period, lang) for rule in use.limits)
    text, name = ", ".join(limits) or text_in(use.criterion, lang), text_in(use.name, lang)
    return f"{text} ({name[:1].lower()}{name[1:]})" if named and text and name else text


def _gap(gap: Gap, lang: str) -> ShownGap:
    return ShownGap(
        gap.activity, set_in(gap_title(gap, lang), lang), gap_in_words(gap, lang), article_note(gap.article)
    )


def _notice(activity: Activity) -> Notice | None:
    if activity.notice is None:
        return None
    notice_id, _at, version = activity.notice.partition("@")
    held = service().policy.notices
    found = (held.get((notice_id, int(version), lang)) for lang in (language(), *LANGUAGES))
    return next((one for one in found if one is not None), None)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
