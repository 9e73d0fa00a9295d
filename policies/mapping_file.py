"""Mapping files: the organisation's YAML that says how a source's columns become contacts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as AnyMapping
from datetime import date
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from consentcore.importing.mapping import Mapping, MappingRefused
from policies import plain_text, strict_yaml
from policies.scalars import type_names

MAX_NAME = 200


class MappingUnreadable(MappingRefused):
    """A mapping file cannot be used; the message names file, key and way out."""

    default_code = "mapping_unreadable"


class _Text(fields.Field[str]):
    """A text, never a number or a date that YAML made of one."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own form
        "required": "is missing; add it",
        "null": "is empty; fill it in, or remove the key",
    }

    def _deserialize(self, value: Any, attr: str | None, data: AnyMapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            found = type_names.get(type(value), type(value).__name__)
            way = "; quote it" if isinstance(value, (bool, int, date)) else ""
            raise ValidationError(f"must be a text and is {found}{way}")
        return value


class _Strict(Schema):
    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "is no key of a mapping file; remove it or correct its spelling"}  # noqa: RUF012


class _ExternalId(_Strict):
    system = _Text(required=True)
    column = _Text(required=True)


class _MappingFile(_Strict):
    entity = _Text(required=True)
    external_id = fields.Nested(_ExternalId, required=True)
    fields_ = fields.Dict(keys=_Text(), values=_Text(), required=True, data_key="fields")
    constants = fields.Dict(keys=_Text(), values=_Text())
    dates = _Text()
    encoding = _Text()
    delimiter = _Text()
    decimal = _Text()
    timezone = _Text()
    version = _Text()


_OPTIONAL = ("constants", "dates", "encoding", "delimiter", "decimal", "timezone", "version")


def read_mapping(path: Path) -> Mapping:
    """Read one mapping file; its SHA-256 goes into every import made with it.

    Raises: UnreadableFile for a text that is not strict YAML; MappingUnreadable for unknown keys, targets and values.
    """
    return parse_mapping(plain_text.read_bytes(path), path.name)


def parse_mapping(raw: bytes, name: str) -> Mapping:
    """Read the bytes of a mapping file, which errors call `name`; raises as `read_mapping`."""
    stated = strict_yaml.read(raw, name=name)
    try:
        found: dict[str, Any] = _MappingFile().load(stated)
        return Mapping(
            entity=found["entity"],
            system=found["external_id"]["system"],
            id_column=found["external_id"]["column"],
            fields=found["fields_"],
            sha256=hashlib.sha256(raw).hexdigest(),
            **{key: found[key] for key in _OPTIONAL if key in found},
        )
    except ValidationError as cause:
        path, message = _first_fault(cause.messages, [])
        raise MappingUnreadable(f"{name}, {strict_yaml.key_path(path)}: {message}") from None
    except MappingRefused as cause:
        raise MappingUnreadable(f"{name}, {cause}") from None


def _first_fault(messages: Any, path: list[str]) -> tuple[list[str], str]:
    while isinstance(messages, dict):
        key, messages = next(iter(messages.items()))
        if key not in ("_schema", "key", "value"):
            path = [*path, str(key)]
    return path, str(messages[0] if isinstance(messages, list) else messages)
