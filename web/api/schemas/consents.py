"""Consents on the wire."""

from __future__ import annotations

from marshmallow import fields
from marshmallow.validate import Length, OneOf

from consentcore.consent.record import MAX_DETAIL_CHARS, MAX_DETAILS, METHODS
from consentcore.consent.tables import ConsentState
from consentcore.policyset import Channel
from web.api.schemas.strict import INSTANT_FORM, Instant, PersonIn, Strict, id_field, patterned, text, texts_by_name

DECLARED = (ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.WITHDRAWN)
NOTICE = r"^[a-z][a-z0-9_]{0,63}@[1-9][0-9]{0,5}(/[a-z]{2})?$"
_WORDED = "Write a notice as ID@VERSION or ID@VERSION/LANGUAGE."


class ConsentIn(PersonIn):
    """What a person declared, under which notice, and how."""

    purpose = id_field(required=True)
    channel = fields.Enum(Channel, by_value=True, required=True)
    state = fields.String(required=True, validate=OneOf([state.value for state in DECLARED]))
    notice = patterned(NOTICE, _WORDED, required=True)
    method = fields.String(required=True, validate=OneOf(sorted(METHODS)))
    at = Instant(metadata={**INSTANT_FORM, "description": "When it was declared; now."})
    form_sha256 = patterned("^[0-9a-f]{64}$", "This is no SHA-256 in hex.")
    details = texts_by_name(fields.String(validate=Length(1, 64)), MAX_DETAIL_CHARS, MAX_DETAILS)


class ConsentMade(Strict):
    """The record; several where a no came from an address that several persons share."""

    record_id = text("uuid")
    records = fields.List(fields.String(metadata={"format": "uuid"}), required=True)


class Consent(Strict):
    """A record of a declaration."""

    record_id = text("uuid")
    subject_ref = text("uuid")
    purpose = text()
    purpose_version = fields.Integer(required=True)
    channel = text()
    state = text()
    at = text("date-time")
    recorded_at = text("date-time")
    expires_at = text("date-time", allow_none=True)
    notice = text()
    notice_sha256 = text()
    policy_sha256 = text()
    method = text()
    leaf_index = fields.Integer(required=True, allow_none=True)


class ConsentReceipt(Strict):
    """A receipt that `verify_receipt.py` verifies alone; it holds `content`, or `erased` once that is gone."""

    format = text()
    event = fields.Dict(required=True)
    proof = fields.Dict(required=True)
    content = fields.Dict()
    erased = fields.Dict()
    about = fields.Dict()
