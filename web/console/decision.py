"""May we write to somebody? One question, its answer as a sentence, why, and the same question as a call."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, render_template
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from consentcore.consent.decide import Decision, Reason, decide, decide_for_all
from consentcore.consent.tables import ConsentRecord
from consentcore.crm.contacts import EMAIL_INDEX
from consentcore.crypto.blindindex import normalise_email
from consentcore.policyset import Channel, Purpose
from consentcore.subjects.matching import find_subjects
from web.console.decision_words import (
    BY_CHANNEL,
    RULES,
    basis_in_words,
    by_channels,
    purpose_title,
    reason_in_words,
)
from web.console.masked_persons import MaskedPerson, masked_persons
from web.console.person_answers import source_in_words
from web.shell.forms import EMPTY, Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import later
from web.shell.wired import service
from web.transaction import reading

PAGES = Blueprint("decision", __name__, url_prefix="/decision")
MOST_LISTED = 20


class Question(Form):
    """Whom, for what, over what."""

    email = fields.Str(
        required=True,
        validate=validate.Length(1, 254, error=later("Enter an e-mail address")),
        error_messages={"required": later("Enter an e-mail address")},
    )
    purpose = fields.Str(required=True, error_messages={"required": later("Choose a purpose")})
    channel = fields.Enum(
        Channel,
        by_value=True,
        required=True,
        error_messages={"required": later("Choose a channel"), "unknown": later("Choose a channel")},
    )


@dataclass(frozen=True, slots=True)
class Share:
    """One of the persons reached at the address, with the answer for that person alone."""

    person: MaskedPerson
    allowed: bool
    reason: str
    source: str
    record_id: UUID | None


@dataclass(frozen=True, slots=True)
class Result:
    """The answer and what it rests on."""

    allowed: bool
    purpose: str
    channel: str
    basis: str
    rule: str
    reason: str
    code: str
    article: str
    shares: tuple[Share, ...]
    count: int
    call: str


@PAGES.get("/")
def page() -> str:
    """Ask the question."""
    return _shown(EMPTY)


@PAGES.post("/")
def ask() -> str | tuple[str, int]:
    """Answer it; nothing is written, and the address stands in no URL."""
    form, wired = read_form(Question), service()
    purpose = wired.policy.purposes.get(form.values.get("purpose", ""))
    form = _checked(form, purpose)
    if not form.ok or purpose is None:
        return _shown(form), 422
    with reading(wired.sessions) as session:
        return _shown(form, _result(session, form, purpose))


def _checked(form: Filled, purpose: Purpose | None) -> Filled:
    if not form.ok:
        return form
    if normalise_email(form.values["email"]) is None:
        return form.failed("email", _("This is not an e-mail address"))
    if purpose is None:
        return form.failed("purpose", _("Choose a purpose"))
    if form.values["channel"] not in purpose.channels:
        declared = by_channels(purpose.channels)
        return form.failed("channel", _("This purpose is declared for other channels: %(declared)s", declared=declared))
    return form


def _result(session: Session, form: Filled, purpose: Purpose) -> Result:
    wired, channel = service(), form.values["channel"]
    found = find_subjects(session, wired.keyring, EMAIL_INDEX, normalise_email(form.values["email"]) or "")
    matter = (purpose.id, channel, wired.policy, wired.now())
    answer = decide_for_all(session, found, *matter)
    persons = masked_persons(session, wired.keyring, found[:MOST_LISTED])
    shares = [_share(session, one, decide(session, one.subject_ref, *matter)) for one in persons]
    return Result(
        allowed=answer.allowed,
        purpose=purpose_title(purpose),
        channel=_(BY_CHANNEL[channel]),
        basis=basis_in_words(purpose),
        rule=_(RULES[purpose.rule]),
        reason=reason_in_words(answer.reason),
        code=answer.reason.value,
        article=answer.basis.article,
        shares=tuple(shares),
        count=len(found),
        call=_call(form.values["email"], purpose.id, channel),
    )


def _share(session: Session, person: MaskedPerson, answer: Decision) -> Share:
    record = session.get(ConsentRecord, answer.record_id) if answer.record_id else None
    reason = (
        _("The person was not known here at that time.")
        if answer.reason is Reason.UNKNOWN_SUBJECT
        else reason_in_words(answer.reason)
    )
    source = source_in_words(record) if record else ""
    return Share(person, answer.allowed, reason, source, record.id if record else None)


def _call(email: str, purpose: str, channel: Channel) -> str:
    """Write the question as a call of the API; whatever was typed is quoted so that no shell takes it for a command."""
    body = json.dumps({"email": email, "purpose": purpose, "channel": channel.value}, ensure_ascii=False)
    address = shlex.quote(f"{service().settings.base_url.rstrip('/')}/api/v1/decisions")
    lines = (
        f"curl -sS {address}",
        '-H "Authorization: Bearer $CONSENTCORE_API_KEY"',
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(body)}",
    )
    return " \\\n  ".join(lines)


def _shown(form: Filled, result: Result | None = None) -> str:
    purposes = sorted(service().policy.purposes.values(), key=purpose_title)
    return render_template(
        "decision.html",
        form=form,
        errors=form.errors,
        result=result,
        purposes=[(one.id, purpose_title(one)) for one in purposes],
        channels=[(one.value, _(BY_CHANNEL[one])) for one in Channel],
    )
