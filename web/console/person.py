"""One person’s consent: what may be done now or could be at a past time, everything declared, and each proof."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from consentcore.clock import parse_instant
from consentcore.consent.tables import ConsentRecord
from consentcore.errors import BadInput, ConfigurationError
from consentcore.subjects import access_log
from registry.documents.bundle import json_bytes
from registry.documents.issued import issue
from registry.documents.proof import consent_proof_pdf
from web.console.case_person import shown_until, with_shown, without_shown
from web.console.consent_proof import proof_data, proof_of
from web.console.handed_out import handed_out
from web.console.masked_persons import contacts_in_full, masked_persons
from web.console.notice_text import blocks
from web.console.person_answers import answers
from web.console.person_history import declared, history, notice_of
from web.console.person_in_full import in_full
from web.console.person_signed_in import signed_in
from web.console.person_standing import standing_against
from web.console.typography import set_in
from web.security.permissions import Permission
from web.shell import faults, visits
from web.shell.forms import EMPTY, Filled
from web.shell.language import gettext as _
from web.shell.language import language
from web.shell.wired import service
from web.transaction import reading, unit

PAGES = Blueprint("person", __name__, url_prefix="/people")
NAME, RECEIPT = "name_and_contact_points", "consent_receipt"
"""What access records say was looked at."""


@PAGES.get("/<uuid:subject_ref>")
def page(subject_ref: UUID) -> str | tuple[str, int]:
    """Answer for one person, purpose by purpose, now or `at` a past day or instant."""
    wired = service()
    form, as_of = _asked_at()
    until = shown_until(_key(subject_ref))
    with reading(wired.sessions) as session:
        persons = masked_persons(session, wired.keyring, [subject_ref])
        if not persons:
            abort(404)
        contacts = contacts_in_full(session, wired.keyring, [subject_ref]).get(subject_ref, [])
        shown = render_template(
            "person.html",
            person=in_full(persons[0], contacts) if until else persons[0],
            until=until,
            may_reveal=signed_in().may(Permission.PERSONS_REVEAL),
            form=form,
            errors=form.errors,
            as_of=as_of,
            answers=answers(session, wired, subject_ref, as_of),
            standing=standing_against(session, wired, subject_ref, contacts),
            history=history(session, wired, subject_ref),
        )
    return shown if form.ok else (shown, 422)


@PAGES.post("/<uuid:subject_ref>/name")
def reveal(subject_ref: UUID) -> Response:
    """Show the name in this session for a few minutes; that it was looked at is in the log before it is shown."""
    wired, now = service(), service().now()
    with unit(wired.sessions) as session:
        if not masked_persons(session, wired.keyring, [subject_ref]):
            abort(404)
        access_log.record(session, subject_ref, signed_in().email, NAME, now, reference="")
    with unit(wired.sessions) as session:
        visits.keep(session, with_shown(_key(subject_ref)))
    return redirect(url_for("person.page", subject_ref=subject_ref), code=303)


@PAGES.post("/<uuid:subject_ref>/mask")
def mask(subject_ref: UUID) -> Response:
    """Mask the name again."""
    with unit(service().sessions) as session:
        visits.keep(session, without_shown(_key(subject_ref)))
    return redirect(url_for("person.page", subject_ref=subject_ref), code=303)


@PAGES.get("/<uuid:subject_ref>/records/<uuid:record_id>")
def proof(subject_ref: UUID, record_id: UUID) -> str:
    """Show what proves one declaration."""
    return _proof_page(subject_ref, record_id, EMPTY)


@PAGES.post("/<uuid:subject_ref>/records/<uuid:record_id>/proof.pdf")
def proof_pdf(subject_ref: UUID, record_id: UUID) -> Response | tuple[str, int]:
    """Hand out the proof as PDF, the receipt inside it for those who may see one; the log says that it was issued."""
    wired, now, lang = service(), service().now(), language()
    with reading(wired.sessions) as session:
        record = _record(session, subject_ref, record_id)
        found = proof_of(session, wired, record)
        if found.receipt is None:
            return _proof_page(subject_ref, record_id, EMPTY.failed("form", found.problem)), 409
        data = proof_data(session, wired, record, found.receipt)
    inside = json_bytes(found.receipt) if signed_in().may(Permission.PERSONS_REVEAL) else None
    try:
        content = consent_proof_pdf(data, wired.policy.controller, lang, now, inside)
    except ConfigurationError as missing:
        faults.note(missing)
        return _proof_page(subject_ref, record_id, EMPTY.failed("form", _no_pdf())), 503
    with unit(wired.sessions) as session:
        if inside is not None and not found.erased:
            access_log.record(session, subject_ref, signed_in().email, RECEIPT, now, reference="")
        issue(session, now, document="consent_proof", form="pdf", language=lang, content=content, by=signed_in().id)
    return handed_out(content, f"consent-proof-{data.leaf_index}.pdf", "application/pdf")


@PAGES.post("/<uuid:subject_ref>/records/<uuid:record_id>/receipt.json")
def receipt(subject_ref: UUID, record_id: UUID) -> Response | tuple[str, int]:
    """Hand out the receipt, which holds what was declared in full: that it was taken is in the log before."""
    wired, now = service(), service().now()
    with unit(wired.sessions) as session:
        found = proof_of(session, wired, _record(session, subject_ref, record_id))
        if found.receipt is None:
            return _proof_page(subject_ref, record_id, EMPTY.failed("form", found.problem)), 409
        if not found.erased:
            access_log.record(session, subject_ref, signed_in().email, RECEIPT, now, reference="")
    name = f"consent-receipt-{found.receipt['proof']['leaf_index']}.json"
    return handed_out(json_bytes(found.receipt), name, "application/json")


def _proof_page(subject_ref: UUID, record_id: UUID, form: Filled) -> str:
    wired = service()
    with reading(wired.sessions) as session:
        record = _record(session, subject_ref, record_id)
        found = proof_of(session, wired, record)
        data = proof_data(session, wired, record, found.receipt) if found.receipt else None
        notice = notice_of(record, wired.policy)
        person = masked_persons(session, wired.keyring, [subject_ref])[0]
        shown = declared(record, wired.policy, data.leaf_index if data else None)
        return render_template(
            "proof.html",
            form=form,
            errors=form.errors,
            proof=found,
            data=data,
            person=person,
            declared=shown,
            record=record,
            blocks=blocks(set_in(notice.text, notice.language)) if notice else [],
            may_reveal=signed_in().may(Permission.PERSONS_REVEAL),
        )


def _record(session: Session, subject_ref: UUID, record_id: UUID) -> ConsentRecord:
    found = session.get(ConsentRecord, record_id)
    if found is None or found.subject_ref != subject_ref:
        abort(404)
    return found


def _asked_at() -> tuple[Filled, datetime | None]:
    """Read `at`: a day counts to its end, a time to come and what is no time are told."""
    typed = request.args.get("at", "").strip()[:40]
    form = Filled({"at": typed})
    if not typed:
        return form, None
    try:
        as_of = _instant(typed)
    except (BadInput, ValueError, OverflowError):
        return form.failed("at", _("Enter a day, such as 2026-11-09")), None
    now = service().now()
    if as_of > now + timedelta(days=1):
        return form.failed("at", _("Choose a day that is not to come")), None
    return form, None if as_of >= now else as_of


def _instant(typed: str) -> datetime:
    if "T" in typed:
        return parse_instant(typed.replace(" ", "+"))
    zone = ZoneInfo(service().policy.controller.timezone)
    return datetime.combine(date.fromisoformat(typed), time.max, zone).astimezone(UTC)


def _key(subject_ref: UUID) -> str:
    return f"person:{subject_ref}"


def _no_pdf() -> str:
    return _("PDF cannot be drawn here: the server lacks the Pango library. Whoever runs it finds its name in the log.")
