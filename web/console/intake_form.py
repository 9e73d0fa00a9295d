"""The form by which staff enter a request that came by letter, telephone, e-mail or in person."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request
from marshmallow import fields, validate

from consentcore.crypto.blindindex import normalise_email
from consentcore.policyset import LegalBasis
from consentcore.requests.intake import MAX_ADDRESS, MAX_NOTES, Intake, IntakeChannel, Role
from consentcore.requests.tables import Right
from consentcore.suppression.tables import MARKETING
from registry.store_words import FIELDS
from registry.wording import said, text_in
from web.console.request_words import channel_in_words
from web.shell.forms import Filled, Form, read_form
from web.shell.language import gettext as _
from web.shell.language import language, later, local
from web.shell.wired import service

MAX_FILE = 5 * 1024 * 1024
CHANNELS = (IntakeChannel.LETTER, IntakeChannel.EMAIL, IntakeChannel.PHONE, IntakeChannel.IN_PERSON)
FIXABLE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "fix_first_name": ("first_name", "first_name"),
        "fix_last_name": ("last_name", "last_name"),
        "fix_email": ("email", "email"),
        "fix_phone": ("phone", "phone"),
        "fix_street": ("address.street", "street"),
        "fix_postal_code": ("address.postal_code", "postal_code"),
        "fix_city": ("address.city", "city"),
        "fix_country": ("address.country", "country"),
        "fix_job_title": ("job_title", "job_title"),
        "fix_account": ("account.name", "account_name"),
    }
)
"""Field of the form -> field of a rectification, and the column by whose words it is called."""
ROLE_WORDS: Mapping[Role, str] = MappingProxyType(
    {
        Role.MANDATE: later("with a mandate"),
        Role.PARENT: later("as a parent or guardian"),
        Role.HEIR: later("as an heir"),
    }
)
_SCOPED = {Right.OBJECTION, Right.WITHDRAWAL}
_OPEN_TO_A_NO = {LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTEREST, LegalBasis.PUBLIC_TASK}
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_NO_DAY = later("Enter the day on which the request arrived")
_NO_TIME = later("Enter a time such as 14:20, or leave it empty")
_TOO_LONG = later("Shorten this text")


class _Fixed(Form):
    received_on = fields.Date(format="iso", required=True, error_messages={"required": _NO_DAY, "invalid": _NO_DAY})
    received_time = fields.Str(validate=validate.Regexp(r"(?:([01]?\d|2[0-3])[:hH. ]+([0-5]\d))?\Z", error=_NO_TIME))
    channel = fields.Enum(
        IntakeChannel, by_value=True, required=True, error_messages={"required": later("Choose how it came in")}
    )
    email = fields.Str(validate=validate.Length(max=MAX_ADDRESS, error=_TOO_LONG))
    subject = fields.Str(validate=validate.Length(max=40, error=_TOO_LONG))
    notes = fields.Str(validate=validate.Length(max=MAX_NOTES, error=_TOO_LONG))
    scope = fields.Str(validate=validate.Length(max=64, error=_TOO_LONG))
    role = fields.Str(validate=validate.OneOf(["", *Role]))
    requester = fields.Str(validate=validate.Length(max=MAX_ADDRESS, error=_TOO_LONG))
    evidence = fields.Str()
    confirmed = fields.Str()


_MORE: dict[str, Any] = {f"right_{right.value}": fields.Str() for right in Right}
_MORE |= {name: fields.Str(validate=validate.Length(max=500, error=_TOO_LONG)) for name in FIXABLE}
IntakeForm = cast("type[Form]", _Fixed.from_dict(_MORE))


@dataclass(frozen=True, slots=True)
class Read:
    """The form as it came in, and the request it makes; None while something is wrong with it."""

    form: Filled
    intake: Intake | None
    email: str | None = None
    """The normalised address of the person."""


def read_intake() -> Read:
    """Read the form of this request and check all that can be checked without looking anybody up."""
    form = _with_file(read_form(IntakeForm))
    asked = chosen_rights(form)
    if not asked:
        form = form.failed(f"right_{Right.ACCESS.value}", _("Choose at least one right"))
    email = normalise_email(form.typed.get("email", "")) if form.typed.get("email") else None
    form = _checked_person(form, email)
    form = _checked_parts(form, asked)
    received_at = _received_at(form) if form.ok else None
    if received_at is not None and received_at > service().now():
        form = form.failed("received_on", _("A request cannot have arrived in the future"))
    if not form.ok:
        return Read(form, None)
    return Read(form, _intake(form.values, asked, received_at), email)


def chosen_rights(form: Filled) -> tuple[Right, ...]:
    """Return the rights that are ticked, in the order of the articles."""
    return tuple(right for right in Right if form.typed.get(f"right_{right.value}"))


def options() -> dict[str, list[tuple[str, str]]]:
    """Return what the form offers: channels, scopes, roles, fields to correct; values with their words."""
    policy, lang = service().policy, language()
    purposes = [one for _id, one in sorted(policy.purposes.items()) if one.basis in _OPEN_TO_A_NO]
    return {
        "channels": [(one.value, _capital(channel_in_words(one))) for one in CHANNELS],
        "scopes": [
            (MARKETING, _("All advertising, by every channel")),
            *((one.id, text_in(one.title, lang)) for one in purposes),
        ],
        "roles": [(one.value, _(words)) for one, words in ROLE_WORDS.items()],
        "fixable": [(name, said(FIELDS, column, lang)) for name, (_field, column) in FIXABLE.items()],
    }


def _with_file(form: Filled) -> Filled:
    """Take the fingerprint of a file that came along: it alone is kept, and a form sent again still carries it."""
    typed = dict(form.typed)
    if not _FINGERPRINT.fullmatch(typed.get("evidence", "")):
        typed.pop("evidence", None)
    file = request.files.get("mandate")
    if file is None or not file.filename:
        return Filled(typed, form.values, form.errors)
    content = file.stream.read(MAX_FILE + 1)
    file.close()
    if len(content) > MAX_FILE:
        return Filled(typed, form.values, form.errors).failed("mandate", _("The file is larger than 5 MB"))
    typed["evidence"] = hashlib.sha256(content).hexdigest()
    return Filled(typed, {**form.values, "evidence": typed["evidence"]}, form.errors)


def _checked_person(form: Filled, email: str | None) -> Filled:
    typed, subject = form.typed.get("email", ""), form.typed.get("subject", "")
    if bool(typed) == bool(subject):
        return form.failed("email", _("Give the person’s e-mail address or reference: one of the two"))
    if typed and email is None:
        return form.failed("email", _("This is not an e-mail address"))
    if subject and _ref(subject) is None:
        return form.failed("subject", _("This is not a person’s reference: it has 32 digits and letters"))
    role, requester = form.typed.get("role", ""), form.typed.get("requester", "")
    if bool(role) != bool(requester):
        sentence = _("Somebody who asks for another person is named by role and by e-mail address")
        return form.failed("requester" if role else "role", sentence)
    if requester and normalise_email(requester) is None:
        return form.failed("requester", _("This is not an e-mail address"))
    return form


def _checked_parts(form: Filled, asked: tuple[Right, ...]) -> Filled:
    fixes = [name for name in FIXABLE if form.typed.get(name)]
    if Right.RECTIFICATION in asked and not fixes:
        form = form.failed("fix_first_name", _("Give at least one value to correct"))
    if fixes and Right.RECTIFICATION not in asked:
        sentence = _("Values to correct belong to a rectification: tick it, or empty them")
        form = form.failed(f"right_{Right.RECTIFICATION.value}", sentence)
    if form.typed.get("scope") and not _SCOPED & set(asked):
        form = form.failed("scope", _("This belongs to an objection or a withdrawal of consent: tick it"))
    elif form.typed.get("scope", "") not in {"", *(value for value, _words in options()["scopes"])}:
        form = form.failed("scope", _("Choose from the list"))
    return form


def _received_at(form: Filled) -> datetime:
    """Return the instant of receipt: the time given, else now for today, else the middle of the day."""
    zone = ZoneInfo(service().policy.controller.timezone)
    day, written = form.values["received_on"], re.findall(r"\d+", form.values.get("received_time", ""))
    now = service().now()
    if not written and day == local(now).date():
        return now
    at = time(int(written[0]), int(written[1])) if written else time(12)
    return datetime.combine(day, at, zone).astimezone(UTC)


def _intake(values: Mapping[str, Any], asked: tuple[Right, ...], received_at: datetime | None) -> Intake:
    changes = {field: values[name] for name, (field, _column) in FIXABLE.items() if values.get(name)}
    fingerprint = values.get("evidence", "")
    return Intake(
        rights=asked,
        email=values.get("email") or None,
        subject_ref=_ref(values.get("subject", "")),
        received_at=received_at,
        channel=values["channel"],
        scope=values.get("scope") or None,
        requester=values.get("requester") or None,
        role=Role(values["role"]) if values.get("role") else None,
        changes=changes,
        evidence=f"sha256:{fingerprint}" if _FINGERPRINT.fullmatch(fingerprint) else None,
        notes=values.get("notes") or None,
    )


def _ref(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
