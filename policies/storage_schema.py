"""The shape of the files about keeping data: retention, deadlines, recipients (Art. 5(1)(e), 12(3), 4(9))."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validate, validates_schema

from consentcore.policyset import EVENTS, Phase, RecipientKind, RuleStatus
from policies.fields import Day, Exact, Group, Listed, NamedGroups, OneOf, Strict, Text, Translated, Truth, Whole
from policies.schema import COUNTRY, email, event, period, word

ARTICLE = re.compile(r"[1-9][0-9]?(\([0-9]{1,2}\))?(\([a-z]\))?")
ERASURE = "erasure"
"""The one event beside `EVENTS` at which data may leave for the archive: the execution of an erasure."""


def _texts(**more: Any) -> Listed:
    return Listed(Text(400), **more)


class RuleGroup(Strict):
    """One retention rule; either `period` or `without_end: true`."""

    data = word("a data class", required=True)
    purpose = word("a purpose")
    starts = event(required=True)
    period = period()
    without_end = Truth(load_default=False)
    then = OneOf(Phase, required=True)
    archived_on = Listed(
        Text(40, validate=validate.OneOf([ERASURE, *sorted(EVENTS)], error="must be one of {choices}")),
        load_default=(),
    )
    legal_text = Text(1_000, required=True, lines=True)
    article = Text(40, required=True, pattern=ARTICLE, form="an article of the GDPR, such as 17(3)(b)")
    status = OneOf(RuleStatus, required=True)
    unconfirmed = _texts(load_default=())

    @validates_schema
    def _has_one_end(self, stated: Mapping[str, Any], **more: Any) -> None:
        if stated["without_end"] == ("period" in stated):
            raise ValidationError("has no end, or two; write a period such as P3Y, or without_end: true", "period")


class RetentionFile(Strict):
    """`retention.yaml`: the classes of data by name, and how long each is kept."""

    classes = NamedGroups(Translated(120), required=True)
    rules = NamedGroups(Group(RuleGroup), required=True)


class Hours(Exact):
    """A whole number of hours from 1 to 999."""

    wanted = int

    def __init__(self, **more: Any) -> None:
        super().__init__(validate=validate.Range(1, 999, error="must be from 1 to 999"), **more)


class DeadlineFile(Strict):
    """`deadlines/<country>.yaml`: the legal numbers of requests and breaches."""

    version = Whole(required=True)
    effective_on = Day(required=True)
    reply = period(required=True)
    extension = period(required=True)
    breach_hours = Hours(required=True)
    holiday_country = Text(2, pattern=COUNTRY, form="a country of two capital letters, such as FR")
    strict = Truth(required=True)
    sources = _texts(required=True)
    unconfirmed = _texts(load_default=())


class RecipientGroup(Strict):
    """Someone to whom data are disclosed, by actual name."""

    name = Translated(200, required=True)
    kind = OneOf(RecipientKind, required=True)
    country = Text(2, required=True, pattern=COUNTRY, form="a country of two capital letters, such as FR")
    email = email()


class RecipientsFile(Strict):
    """`recipients.yaml`: who receives data."""

    recipients = NamedGroups(Group(RecipientGroup), required=True)
