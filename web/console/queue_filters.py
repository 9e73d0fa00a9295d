"""The filters of the queue as they stand in its address: codes and days alone, nothing about anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import request
from marshmallow import ValidationError, fields, validate

from consentcore.requests.intake import IntakeChannel
from consentcore.requests.queue import Filters, Group, Order
from consentcore.requests.tables import Right
from web.shell.forms import Filled, Form
from web.shell.language import gettext, later

VIEW_WORDS: Mapping[Group, str] = MappingProxyType(
    {
        Group.OPEN: later("Under way"),
        Group.LATE: later("Late"),
        Group.SOON: later("Due within 7 days"),
        Group.APPROVAL: later("Waiting for a second person"),
        Group.UNVERIFIED: later("Identity to verify"),
        Group.FAILED: later("Interrupted"),
        Group.CLOSED: later("Ended"),
        Group.RUNNING: later("All open ones"),
    }
)
VIEWS = tuple(VIEW_WORDS)
ORDER_WORDS: Mapping[Order, str] = MappingProxyType(
    {
        Order.DUE: later("Due first"),
        Order.NEWEST: later("Newest first"),
        Order.OLDEST: later("Oldest first"),
    }
)
LAST_BEFORE_FIRST = later("The last day is before the first one")
_NO_DAY = later("Enter a day, such as 2026-11-12")


class Asked(Form):
    """What an address asks for; a code that does not exist is overlooked."""

    view = fields.Enum(Group, by_value=True)
    right = fields.Enum(Right, by_value=True)
    channel = fields.Enum(IntakeChannel, by_value=True)
    due_from = fields.Date(format="iso", error_messages={"invalid": _NO_DAY})
    due_until = fields.Date(format="iso", error_messages={"invalid": _NO_DAY})
    order = fields.Enum(Order, by_value=True)
    page = fields.Int(validate=validate.Range(1, 1_000_000))


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The filters of an address, the page of the list, and the form that shows them again."""

    filters: Filters
    number: int
    form: Filled

    def query(self, **other: object) -> dict[str, object]:
        """Return the parts of an address that asks for the same, but for `other`; defaults and pages are left out."""
        kept = {name: text for name, text in self.form.typed.items() if name in Asked().fields and name != "page"}
        merged: dict[str, object] = {**kept, **other}
        return {name: value for name, value in merged.items() if value not in ("", None)}


def read_filters() -> Narrowed:
    """Read the filters of this request's address; what is no day is said in the form's errors."""
    made = Asked()
    typed = {name: request.args[name].strip()[:40] for name in made.fields if request.args.get(name, "").strip()}
    errors: dict[str, str] = {}
    try:
        values: dict[str, Any] = made.load(typed)
    except ValidationError as error:
        values = dict(error.valid_data or {})
        wrong = set(error.messages_dict)
        errors = {name: gettext(_NO_DAY) for name in ("due_from", "due_until") if name in wrong}
        typed = {name: text for name, text in typed.items() if name not in wrong or name in errors}
    if {"due_from", "due_until"} <= set(values) and values["due_from"] > values["due_until"]:
        errors["due_until"] = gettext(LAST_BEFORE_FIRST)
    group = values.get("view", Group.OPEN)
    filters = Filters(
        group,
        values.get("right"),
        values.get("channel"),
        values.get("due_from"),
        values.get("due_until"),
        values.get("order", Order.NEWEST if group is Group.CLOSED else Order.DUE),
    )
    return Narrowed(filters, values.get("page", 1), Filled(typed, values, errors))
