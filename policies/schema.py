"""The shape of each policy file: which keys it has, which it may have, and what each must hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, validate

from consentcore.policyset import ARTICLE_9, EVENTS, Channel, LegalBasis, Rule, SpecialCategory
from policies.fields import ID, LANGUAGE, Day, Group, Listed, OneOf, Strict, Text, Translated, Truth, Whole
from policies.folder import PoliciesRefused
from policies.notices import ITEMS
from policies.strict_yaml import key_path

EMAIL = re.compile(r"[^\s@<>,;:\"]{1,64}@[^\s@<>,;:\"]{1,190}")
PHONE = re.compile(r"\+[0-9][0-9 ]{5,24}")
COUNTRY = re.compile(r"[A-Z]{2}")
PERIOD = re.compile(r"P(?=[0-9])([1-9][0-9]{0,2}Y)?([1-9][0-9]{0,2}M)?([1-9][0-9]{0,3}D)?")
NOTICE = re.compile(r"[a-z][a-z0-9_]{0,39}@[1-9][0-9]{0,3}")
YEAR_END = re.compile(
    r"(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9])"
)
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,39}")


def _timezone(value: str) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValidationError("must be a time zone such as Europe/Paris") from None


def period(**more: Any) -> Text:
    """A period of years, months and days."""
    return Text(12, pattern=PERIOD, form="a period such as P3Y or P18M", **more)


def word(what: str, **more: Any) -> Text:
    """The id of something that stands elsewhere in the policies."""
    return Text(40, pattern=ID, form=f"the id of {what}", **more)


def event(**more: Any) -> Text:
    """A business event of `consentcore.policyset.EVENTS`."""
    return Text(40, validate=validate.OneOf(sorted(EVENTS), error="must be one of {choices}"), **more)


def email(**more: Any) -> Text:
    """An e-mail address."""
    return Text(254, pattern=EMAIL, form="an e-mail address", **more)


class PolicyFile(Strict):
    """`policy.yaml`: the form of the files and the name of this set of decisions."""

    format = Whole(required=True)
    version = Text(40, required=True, pattern=VERSION, form="a name such as 1.0.0")
    effective_on = Day(required=True)


class DpoGroup(Strict):
    """The data protection officer (Art. 37(7))."""

    name = Text(required=True)
    email = email(required=True)


class ControllerFile(Strict):
    """`controller.yaml`: who decides (Art. 4(7), 13(1)(a)(b))."""

    name = Text(required=True)
    address = Text(400, required=True)
    country = Text(2, required=True, pattern=COUNTRY, form="a country of two capital letters, such as FR")
    email = email(required=True)
    phone = Text(26, required=True, pattern=PHONE, form="a number with its country, such as +33 1 99 00 00 00")
    timezone = Text(60, required=True, validate=_timezone)
    languages = Listed(
        Text(2, pattern=LANGUAGE, form="a language of two small letters, such as fr"),
        required=True,
    )
    dpo = Group(DpoGroup, required=True)
    representative = Text(400)
    fiscal_year_end = Text(
        5, load_default="12-31", pattern=YEAR_END, form="a day of the calendar as MM-DD, such as 12-31"
    )
    public_authority = Truth(load_default=False)
    made_up = Truth(load_default=False)


class PurposeFile(Strict):
    """`purposes/<id>.yaml`: one purpose on one basis (Art. 5(1)(b), 6(1))."""

    version = Whole(required=True)
    title = Translated(120, required=True)
    description = Translated(1_000, required=True, lines=True)
    basis = OneOf(LegalBasis, required=True)
    channels = Listed(OneOf(Channel), required=True)
    rule = OneOf(Rule, required=True)
    notice = Text(45, pattern=NOTICE, form="a notice and its version, such as newsletter@1")
    legal_text = Text(1_000, lines=True)
    balancing_test = Translated(8_000, lines=True)
    validity = period()
    data = Listed(word("a data class"), required=True)
    recipients = Listed(word("a recipient"), load_default=())
    ends = event()
    marketing = Truth()
    profiling = Truth(load_default=False)
    conditional = Truth(load_default=False)
    conditional_review = Translated(4_000, lines=True)
    special_categories = Listed(OneOf(SpecialCategory), load_default=())
    article9 = Text(10, validate=validate.OneOf(ARTICLE_9, error="must be one of {choices}"))
    for_children = Truth(load_default=False)
    double_opt_in = Listed(OneOf(Channel), load_default=())
    refresh = period()
    partners = Listed(word("a recipient"), load_default=())
    sector = word("a sector")
    about_contract = Truth(load_default=False)
    derived_from = word("a purpose")
    compatibility_test = Translated(8_000, lines=True)


class NoticeFile(Strict):
    """`notices/<id>/<version>/notice.yaml`: from when, for which purposes, and which heading says what."""

    effective_on = Day(required=True)
    purposes = Listed(word("a purpose"), required=True)
    sections = Group(Strict.from_dict({item.name: Translated(120) for item in ITEMS}), required=True)


def shaped(schema: type[Schema], values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Check what a file holds against its shape and return it with enumerations and dates in place.

    Raises: PoliciesRefused, naming every wrong key of the file at once.
    """
    try:
        loaded: dict[str, Any] = _ready(schema).load(values)
    except ValidationError as cause:
        faults = [f"{name}, {key_path(path) or 'the whole'}: {what}" for path, what in _faults(cause.messages, [])]
        raise PoliciesRefused("\n".join(faults)) from None
    return loaded


@cache
def _ready(schema: type[Schema]) -> Schema:
    # making one costs more than reading a file with it
    return schema()


def _faults(messages: Any, path: list[str | int]) -> list[tuple[list[str | int], str]]:
    if not isinstance(messages, dict):
        return [(path, str(messages[0]))]
    found = []
    for key, inner in messages.items():
        found += _faults(inner, path if key == "_schema" else [*path, key])
    return found
