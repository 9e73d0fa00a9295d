"""The shape of `contact_rules/<country>.yaml` and `ages.yaml`, on reaching people (Art. 8(1), R-FR-1 to R-FR-3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from marshmallow import ValidationError, validate, validates_schema

from policies.fields import Day, Exact, Group, Listed, NamedGroups, Strict, Text, Truth, Whole
from policies.schema import COUNTRY, period, word

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Days of the week as the files name them, Monday first: their place is their number."""
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
SPAN = re.compile(rf"{_CLOCK}-{_CLOCK}")


def _texts(**more: Any) -> Listed:
    return Listed(Text(400), **more)


def _country(**more: Any) -> Text:
    return Text(2, pattern=COUNTRY, form="a country of two capital letters, such as FR", **more)


class Age(Exact):
    """An age in whole years from 1 to 99."""

    wanted = int

    def __init__(self, **more: Any) -> None:
        super().__init__(validate=validate.Range(1, 99, error="must be from 1 to 99"), **more)


class MailGroup(Strict):
    """Electronic mail: who may be written to without consent (Art. 13 of Directive 2002/58)."""

    customers_exempt = Truth(required=True)
    professionals_exempt = Truth(required=True)


class HoursGroup(Strict):
    """Days and hours at which consumers may be called, in their own time zone."""

    days = Listed(
        Text(20, validate=validate.OneOf(DAYS, error="must be one of {choices}")),
        required=True,
    )
    spans = Listed(Text(11, pattern=SPAN, form='hours such as "10:00-13:00"'), required=True)
    holidays = _country()

    @validates_schema
    def _follow_each_other(self, stated: Mapping[str, Any], **more: Any) -> None:
        before = time.min
        for place, (start, end) in enumerate(span_times(stated["spans"])):
            if start >= end:
                raise ValidationError({"spans": {place: ["ends before it starts; write the earlier hour first"]}})
            if place and start < before:
                raise ValidationError({"spans": {place: ["begins before the one above ends; put them in order"]}})
            before = end


class PhoneGroup(Strict):
    """Calls to consumers to sell: consent, hours, how often."""

    consent_from = Day()
    contract_exception = Truth(required=True)
    banned_sectors = Listed(word("a sector"), load_default=())
    hours = Group(HoursGroup)
    most_calls = Whole()
    call_window = period()
    quiet_after_refusal = period()

    @validates_schema
    def _counts_within_a_time(self, stated: Mapping[str, Any], **more: Any) -> None:
        if ("most_calls" in stated) != ("call_window" in stated):
            raise ValidationError("needs the other of most_calls and call_window; write both or none", "most_calls")


class ContactRulesFile(Strict):
    """`contact_rules/<country>.yaml`: how people there may be reached for direct marketing."""

    version = Whole(required=True)
    effective_on = Day(required=True)
    electronic_mail = Group(MailGroup, required=True)
    phone = Group(PhoneGroup, required=True)
    sources = _texts(required=True)
    unconfirmed = _texts(load_default=())


class AgeGroup(Strict):
    """The age of consent of one country."""

    age = Age(required=True)
    joint = Truth(load_default=False)
    legal_text = Text(1_000, required=True, lines=True)
    unconfirmed = Truth(required=True)


class AgesFile(Strict):
    """`ages.yaml`: from which age a person consents alone to an information society service, by country."""

    floor = Age(required=True)
    ages = NamedGroups(Group(AgeGroup), keys=_country(), required=True)

    @validates_schema
    def _stand_above_the_floor(self, stated: Mapping[str, Any], **more: Any) -> None:
        low = [country for country, one in stated["ages"].items() if one["age"] < stated["floor"]]
        if low:
            sentence = f"is under the floor of {stated['floor']} years, which no country may go below (Art. 8(1))"
            raise ValidationError({"ages": {country: {"age": [sentence]} for country in low}})


def span_times(spans: list[str]) -> list[tuple[time, time]]:
    """Return hours such as `10:00-13:00` as pairs of times."""
    pairs = [span.split("-") for span in spans]
    return [(time.fromisoformat(start), time.fromisoformat(end)) for start, end in pairs]
