"""Decisions on the wire."""

from __future__ import annotations

from marshmallow import fields
from marshmallow.validate import OneOf

from consentcore.consent.decide import Reason
from consentcore.policyset import Channel, LegalBasis
from web.api.schemas.strict import INSTANT_FORM, Instant, PersonIn, Strict, id_field, text


class DecisionIn(PersonIn):
    """Whom, for what, over what."""

    purpose = id_field(required=True)
    channel = fields.Enum(Channel, by_value=True, required=True)
    at = Instant(metadata={**INSTANT_FORM, "description": "A past instant to ask about."})


class Decision(Strict):
    """Allowed or not, and why."""

    allowed = fields.Boolean(required=True)
    reason = fields.String(required=True, validate=OneOf([one.value for one in Reason]))
    basis = fields.String(required=True, validate=OneOf([one.value for one in LegalBasis]))
    article = text()
    record_id = text("uuid", allow_none=True)
    policy_sha256 = text()
