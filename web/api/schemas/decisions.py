"""Decisions on the wire."""

from __future__ import annotations

from marshmallow import fields
from marshmallow.validate import Length, OneOf

from consentcore.consent.decide import MOST_AT_ONCE, Reason
from consentcore.policyset import Channel, LegalBasis
from web.api.schemas.strict import INSTANT_FORM, UUID_FORM, Instant, PersonIn, Reference, Strict, id_field, text


class DecisionIn(PersonIn):
    """Whom, for what, over what."""

    purpose = id_field(required=True)
    channel = fields.Enum(Channel, by_value=True, required=True)
    at = Instant(metadata={**INSTANT_FORM, "description": "A past instant to ask about."})


class DecisionsIn(Strict):
    """Many persons, for one purpose, over one channel."""

    purpose = id_field(required=True)
    channel = fields.Enum(Channel, by_value=True, required=True)
    subject_refs = fields.List(
        Reference(metadata=UUID_FORM),
        required=True,
        validate=Length(1, MOST_AT_ONCE),
        metadata={"maxItems": MOST_AT_ONCE},
    )


class Decision(Strict):
    """Allowed or not, and why."""

    allowed = fields.Boolean(required=True)
    reason = fields.String(required=True, validate=OneOf([one.value for one in Reason]))
    basis = fields.String(required=True, validate=OneOf([one.value for one in LegalBasis]))
    article = text()
    record_id = text("uuid", allow_none=True)
    also = fields.List(fields.String(validate=OneOf([one.value for one in Reason])), required=True)
    policy_sha256 = text()


class Decisions(Strict):
    """One answer for each person, in the order of the request."""

    decisions = fields.List(fields.Nested(Decision), required=True)
