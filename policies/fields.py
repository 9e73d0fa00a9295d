"""Field types for policy files: exact, bounded, and with errors that say the way out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeAlias

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from policies.scalars import type_names

LANGUAGE = re.compile(r"[a-z]{2}")
ID = re.compile(r"[a-z][a-z0-9_]{0,39}")

_Messages: TypeAlias = dict[str, str | list[Any] | dict[Any, Any]]
_ABSENT: _Messages = {
    "required": "is missing; add it",
    "null": "is empty; fill it in, or remove the key if it may be absent",
}
_NO_LIST: _Messages = {**_ABSENT, "invalid": "must be a list; write `[a, b]`"}
_NO_GROUP: _Messages = {**_ABSENT, "type": "must be a group of keys"}
_NO_GROUPS: _Messages = {**_ABSENT, "invalid": "must be a group of keys"}
_NO_TRANSLATIONS: _Messages = {**_ABSENT, "invalid": "must be one text in each language; write `{{fr: ..., en: ...}}`"}


class Exact(fields.Field[Any]):
    """A value of exactly one Python type: a date is no text here, and a text is no date."""

    default_error_messages = _ABSENT
    wanted: type = str

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if type(value) is not self.wanted:
            found = type_names.get(type(value), type(value).__name__)
            way = "; quote it" if self.wanted is str and type(value) in (bool, int, date) else ""
            raise ValidationError(f"must be {type_names[self.wanted]} and is {found}{way}")
        return value


class Text(Exact):
    """A text of 1 to `most` characters, on one line unless `lines`, of a `pattern` that `form` says in words."""

    def __init__(
        self,
        most: int = 200,
        *,
        lines: bool = False,
        pattern: re.Pattern[str] | None = None,
        form: str = "",
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self._most, self._lines, self._pattern, self._form = most, lines, pattern, form

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs).strip()
        if not text:
            raise ValidationError(_ABSENT["null"])
        if len(text) > self._most:
            raise ValidationError(f"has {len(text)} characters; shorten it to {self._most}")
        if "\n" in text and not self._lines:
            raise ValidationError("has several lines; write it on one")
        if self._pattern and not self._pattern.fullmatch(text):
            raise ValidationError(f"must be {self._form}")
        return text


class Day(Exact):
    """A calendar date, unquoted in YAML: `2026-11-21`."""

    wanted = date


class Whole(Exact):
    """A whole number from 1 to 9999."""

    wanted = int

    def __init__(self, **more: Any) -> None:
        super().__init__(validate=validate.Range(1, 9999, error="must be from 1 to 9999"), **more)


class NamedGroups(fields.Dict):
    """Groups of one shape by their ids, or by other `keys`: `{invoices: {...}, prospects: {...}}`, at least one."""

    default_error_messages = _NO_GROUPS

    def __init__(self, values: fields.Field[Any], *, keys: Text | None = None, **more: Any) -> None:
        keys = keys or Text(40, pattern=ID, form="an id such as small_letters_9")
        super().__init__(keys=keys, values=values, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        found = _without_sides(super()._deserialize, value, attr, data, **kwargs)
        if not found:
            raise ValidationError(_ABSENT["null"])
        return found


class Truth(Exact):
    """`true` or `false`."""

    wanted = bool


class OneOf(Text):
    """One word of a closed list; becomes the member of the enumeration."""

    def __init__(self, choices: Any, **more: Any) -> None:
        super().__init__(**more)
        self._choices = choices

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        word = super()._deserialize(value, attr, data, **kwargs)
        if word not in list(self._choices):
            raise ValidationError(f"must be one of {', '.join(self._choices)}")
        return self._choices(word)


class Listed(fields.List[Any]):
    """A list of at least one value, none of them twice."""

    default_error_messages = _NO_LIST

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        found = super()._deserialize(value, attr, data, **kwargs)
        if not found:
            raise ValidationError(_ABSENT["null"])
        if len(set(found)) != len(found):
            raise ValidationError("names the same thing twice; keep one")
        return found


class Translated(fields.Dict):
    """One text in each of several languages: `{fr: ..., en: ...}`."""

    default_error_messages = _NO_TRANSLATIONS

    def __init__(self, most: int = 200, *, lines: bool = False, **more: Any) -> None:
        keys = Text(2, pattern=LANGUAGE, form="a language of two small letters, such as fr")
        super().__init__(keys=keys, values=Text(most, lines=lines), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return _without_sides(super()._deserialize, value, attr, data, **kwargs)


def _without_sides(load: Callable[..., Any], *values: Any, **more: Any) -> Any:
    """Load a `Dict` field without the "key" or "value" that marshmallow puts between a key and its faults."""
    try:
        return load(*values, **more)
    except ValidationError as cause:
        if not isinstance(cause.messages, dict):
            raise
        found = {key: next(iter(faults.values())) for key, faults in cause.messages.items()}
        raise ValidationError(found) from None


class Group(fields.Nested):
    """A group of keys of its own."""

    default_error_messages = _NO_GROUP


class Strict(Schema):
    """A group of keys in which an unknown one is an error that lists the known ones."""

    class Meta:
        """marshmallow's own settings."""

        unknown = RAISE

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.error_messages["type"] = "must be a group of keys"
        self.error_messages["unknown"] = f"is not a known key; known here: {', '.join(sorted(self.declared_fields))}"
