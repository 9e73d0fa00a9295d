"""Reading a form: what was typed, checked by a schema; what is wrong is told in sentences of the page's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError

from web.shell.language import gettext

MAX_FIELD = 20_000


class Form(Schema):
    """A form: unknown fields are overlooked, a field typed twice counts once; messages are texts of the catalogue."""

    class Meta:
        """How it reads."""

        unknown = EXCLUDE


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it came in: `typed` goes back into the fields, `values` are what the schema made of it."""

    typed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    errors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Field -> one sentence; `form` names what concerns no single field."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors

    def failed(self, name: str, sentence: str) -> Filled:
        """Return the form with one more thing wrong, already in the page's language."""
        return Filled(self.typed, self.values, {**self.errors, name: sentence})


EMPTY = Filled()


def read_form(schema: type[Form]) -> Filled:
    """Read the form of this request."""
    made = schema()
    typed = {
        name: request.form[name][:MAX_FIELD].replace("\r\n", "\n").strip()
        for name in made.fields
        if name in request.form
    }
    try:
        return Filled(typed, made.load(typed))
    except ValidationError as error:
        found = error.messages_dict
        return Filled(typed, {}, {_name(name): gettext(_first(messages)) for name, messages in found.items()})


def _name(name: Any) -> str:
    return "form" if name == "_schema" else str(name)


def _first(messages: Any) -> str:
    while isinstance(messages, (list, tuple, dict)):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages))
    return str(messages)
