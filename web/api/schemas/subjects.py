"""Finding persons on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import Length

from web.api.schemas.strict import Strict, email_field, text


class SearchIn(Strict):
    """An e-mail address, or a telephone number (in international form, or as written in the controller's country)."""

    email = email_field()
    phone = fields.String(validate=Length(3, 64))

    @validates_schema(skip_on_field_errors=True)
    def one_way(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse none, and refuse both."""
        if ("email" in data) == ("phone" in data):
            raise ValidationError("Search by email or by phone, by one of them.")


class FoundSubject(Strict):
    """One person who is reached there."""

    subject_ref = text("uuid")


class Found(Strict):
    """Everybody who is reached there: a match, never a link by itself."""

    subjects = fields.List(fields.Nested(FoundSubject), required=True)
    truncated = fields.Boolean(required=True)
