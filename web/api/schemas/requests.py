"""Requests of data subjects on the wire."""

from __future__ import annotations

from marshmallow import fields
from marshmallow.validate import Length

from consentcore.requests.intake import MAX_CHANGES, MAX_EVIDENCE, MAX_VALUE, IntakeChannel, Role
from consentcore.requests.tables import Right
from web.api.schemas.strict import (
    INSTANT_FORM,
    Instant,
    PersonIn,
    Strict,
    email_field,
    id_field,
    patterned,
    text,
    texts_by_name,
)

_FIELD = r"^[a-z][a-z0-9_]{0,31}(\.[a-z][a-z0-9_]{0,31})?$"


class RequestIn(PersonIn):
    """What somebody asks for, and for whom."""

    rights = fields.List(
        fields.Enum(Right, by_value=True),
        required=True,
        validate=Length(1, len(Right)),
        metadata={"uniqueItems": True},
    )
    received_at = Instant(metadata={**INSTANT_FORM, "description": "When it came in; now."})
    channel = fields.Enum(IntakeChannel, by_value=True, load_default=IntakeChannel.API)
    scope = id_field(description="`marketing` or a purpose.")
    requester = email_field()
    role = fields.Enum(Role, by_value=True)
    changes = texts_by_name(patterned(_FIELD, "Name a field such as address.city."), MAX_VALUE, MAX_CHANGES)
    evidence = fields.String(validate=Length(1, MAX_EVIDENCE))


class RequestMade(Strict):
    """What the applicant is told."""

    reference = text()
    due_on = text("date")
    status = text()


class AskedRight(Strict):
    """One right that is asked for."""

    right = text()
    scope = text(allow_none=True)


class RequestItem(Strict):
    """What became of one field or row."""

    store = text()
    ref = text("uuid", allow_none=True)
    field = text()
    outcome = text()
    ground = text(allow_none=True)
    article = text(allow_none=True)
    until = text("date", allow_none=True)
    until_event = text(allow_none=True)


class Request(Strict):
    """A case as it stands; nothing in it says who the person is."""

    reference = text()
    status = text()
    outcome = text(allow_none=True)
    rights = fields.List(fields.Nested(AskedRight), required=True)
    channel = text()
    received_at = text("date-time")
    due_on = text("date")
    due_on_unrolled = text("date")
    extended_due_on = text("date")
    rule_pack = text()
    closed_at = text("date-time", allow_none=True)
    items = fields.List(fields.Nested(RequestItem), required=True)
