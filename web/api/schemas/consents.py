"""Consents on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from marshmallow import fields
from marshmallow.validate import Length, OneOf

from consentcore.consent.record import MAX_DETAIL_CHARS, MAX_DETAILS, METHODS
from consentcore.consent.tables import ConsentState
from consentcore.policyset import Channel
from registry.wording import LANGUAGES
from web.api.schemas.strict import INSTANT_FORM, Instant, PersonIn, Strict, id_field, patterned, text, texts_by_name
from web.receipts import MEDIA_TYPES, ReceiptForm

DECLARED = (ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.WITHDRAWN, ConsentState.REQUESTED)
"""`requested` writes to the address and stands once the person confirmed there (double opt-in)."""
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


class ReceiptQuery(Strict):
    """In which form the receipt is wanted, and in which language the PDF speaks."""

    format = fields.String(
        validate=OneOf([form.value for form in ReceiptForm]),
        metadata={"description": "Goes before Accept; without either it is the receipt that verifies alone."},
    )
    lang = fields.String(validate=OneOf(LANGUAGES), metadata={"description": "Of the PDF."})


OTHER_FORMS: Mapping[str, Any] = MappingProxyType(
    {
        MEDIA_TYPES[ReceiptForm.TS_27560]: {"schema": {"type": "object"}},
        MEDIA_TYPES[ReceiptForm.KANTARA]: {"schema": {"type": "object"}},
        MEDIA_TYPES[ReceiptForm.TLOG_PROOF]: {"schema": {"type": "string"}},
        MEDIA_TYPES[ReceiptForm.PDF]: {"schema": {"type": "string", "format": "binary"}},
    }
)
"""What the receipt is answered as besides its own JSON: JSON-LD after TS 27560, Kantara 1.1, C2SP tlog-proof, PDF/A."""


class ConsentReceipt(Strict):
    """A receipt that `verify_receipt.py` verifies alone; it holds `content`, or `erased` once that is gone."""

    format = text()
    event = fields.Dict(required=True)
    proof = fields.Dict(required=True)
    content = fields.Dict()
    erased = fields.Dict()
    about = fields.Dict()
