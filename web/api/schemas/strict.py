"""What all wire schemas share: fields that take one written form only, and say nothing of the value they refuse."""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length

from consentcore.clock import parse_instant
from consentcore.crypto.blindindex import normalise_email
from consentcore.errors import BadInput

MAX_ADDRESS = 254
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_COUNT = re.compile(r"0|[1-9][0-9]{0,15}")
MAX_COUNT = 2**53 - 1


class Strict(Schema):
    """A schema that refuses every field it does not know, without repeating its name."""

    class Meta:
        """Marshmallow's options."""

        unknown = RAISE

    error_messages = {"unknown": "A field is not known here."}  # noqa: RUF012 marshmallow's own form


@functools.cache
def known_names() -> frozenset[str]:
    """Return the names of all fields of all schemas: the only ones that an error may name."""
    found: set[str] = set()
    waiting: list[type[Schema]] = [Strict]
    while waiting:
        one = waiting.pop()
        found |= set(one._declared_fields)
        waiting += one.__subclasses__()
    return frozenset(found)


INSTANT_FORM = {"type": "string", "format": "date-time"}
UUID_FORM = {"type": "string", "format": "uuid"}
ID_PATTERN = "^[a-z][a-z0-9_]{0,63}$"


class Instant(fields.Field[datetime]):
    """An RFC 3339 instant with an offset, from 1970."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> datetime:
        if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
            raise ValidationError("Write an instant with its offset, such as 2026-11-09T10:00:00+01:00.")
        try:
            instant = parse_instant(value.upper())
        except (BadInput, OverflowError):
            raise ValidationError("There is no such instant.") from None
        if instant < _EARLIEST:
            raise ValidationError("That is too long ago.")
        return instant


class Reference(fields.Field[uuid.UUID]):
    """A UUID in its usual form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> uuid.UUID:
        if not isinstance(value, str) or _UUID.fullmatch(value) is None:
            raise ValidationError("This is no UUID.")
        return uuid.UUID(value)


class Count(fields.Field[int]):
    """A whole number in a query: digits alone, below 2^53."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        if not isinstance(value, str) or _COUNT.fullmatch(value) is None or int(value) > MAX_COUNT:
            raise ValidationError("Write a whole number in digits.")
        return int(value)


def _address(text: str) -> None:
    if not text.isprintable() or normalise_email(text) is None:
        raise ValidationError("This is no e-mail address.")


def email_field(**options: Any) -> fields.String:
    """Return a field that takes an e-mail address."""
    return fields.String(validate=[Length(3, MAX_ADDRESS), _address], metadata={"format": "email"}, **options)


def worded(pattern: str, refusal: str) -> Callable[[str], None]:
    """Return a validator that takes a text that the whole of `pattern` describes, and no line break at its end."""
    compiled = re.compile(pattern.removeprefix("^").removesuffix("$"))

    def validate(written: str) -> None:
        if compiled.fullmatch(written) is None:
            raise ValidationError(refusal)

    return validate


def patterned(pattern: str, refusal: str, *, description: str | None = None, **options: Any) -> fields.String:
    """Return a text field of one pattern (ECMA-262, as JSON Schema has it), which the specification shows."""
    shown = {"pattern": pattern, **({"description": description} if description else {})}
    return fields.String(validate=worded(pattern, refusal), metadata=shown, **options)


def id_field(**options: Any) -> fields.String:
    """Return a field that takes the id of something in the policies."""
    return patterned(ID_PATTERN, "This is no id: small letters, digits and underscores.", **options)


def texts_by_name(names: fields.String, longest: int, most: int) -> fields.Dict:
    """Return a field that takes at most `most` texts of at most `longest` characters, by name."""

    def few(given: Mapping[str, str]) -> None:
        if len(given) > most:
            raise ValidationError(f"Give at most {most}.")

    return fields.Dict(
        keys=names,
        values=fields.String(validate=Length(max=longest)),
        validate=few,
        metadata={"maxProperties": most},
    )


class PersonIn(Strict):
    """A person, named by e-mail address or by reference: by one of them."""

    email = email_field()
    subject_ref = Reference(metadata=UUID_FORM)

    @validates_schema(skip_on_field_errors=True)
    def named_once(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse none, and refuse both."""
        if ("email" in data) == ("subject_ref" in data):
            raise ValidationError("Name the person by email or by subject_ref, by one of them.")


def text(form: str | None = None, **options: Any) -> fields.String:
    """Return a text of an answer, in a format of JSON Schema where it has one."""
    required = not options.get("allow_none", False)
    return fields.String(required=required, metadata={"format": form} if form else {}, **options)
