"""What France says on reaching people and on ages, as the packaged policies hold it, and what such files refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

from consentcore.errors import ConsentCoreError
from policies import loader

Change = Callable[[str, str, str], None]

FRANCE = "contact_rules/fr.yaml"
AGES = "ages.yaml"


def test_electronic_mail_in_france_exempts_customers_and_professionals() -> None:
    rules = loader.load().contact_rules_for("FR")
    assert rules is not None
    assert (rules.id, rules.effective_on) == ("FR@1", date(2026, 8, 11))
    assert (rules.customers_exempt, rules.professionals_exempt) == (True, True)
    assert any("L34-5" in source for source in rules.sources)


def test_calls_in_france_follow_the_rules_of_august_2026() -> None:
    rules = loader.load().contact_rules_for(None)
    assert rules is not None
    phone = rules.phone
    assert (phone.consent_from, phone.contract_exception) == (date(2026, 8, 11), True)
    assert phone.banned_sectors == {"energy_renovation", "home_adaptation"}
    assert (phone.most_calls, phone.call_window, phone.quiet_after_refusal) == (4, "P30D", "P60D")
    assert phone.hours is not None
    assert phone.hours.days == {0, 1, 2, 3, 4}
    assert phone.hours.spans == ((time(10), time(13)), (time(14), time(20)))
    assert phone.hours.holidays == "FR"


def test_what_nobody_checked_is_marked() -> None:
    policy_set = loader.load()
    rules = policy_set.contact_rules["FR"]
    assert any("predate the entry into force" in point for point in rules.unconfirmed)
    assert any("was not found" in point for point in rules.unconfirmed)
    assert {country for country, one in policy_set.ages.items() if not one.unconfirmed} == {"EU", "FR"}


def test_a_country_without_rules_has_none() -> None:
    assert loader.load().contact_rules_for("DE") is None


def test_ages_fall_back_to_the_union_and_france_asks_for_both() -> None:
    policy_set = loader.load()
    found = {country: policy_set.age_rule_for(country) for country in ("FR", "DE", "BE", None)}
    assert {country: (one.age, one.joint) for country, one in found.items() if one} == {
        "FR": (15, True),
        "DE": (16, False),
        "BE": (13, False),
        None: (15, True),
    }


def test_a_set_may_have_neither(organisation: Path) -> None:
    (organisation / FRANCE).unlink()
    (organisation / AGES).unlink()
    policy_set = loader.load(organisation, allow_problems=True)
    assert (dict(policy_set.contact_rules), dict(policy_set.ages)) == ({}, {})
    assert policy_set.age_rule_for("FR") is None


def test_calls_without_any_limit_are_told_as_none(organisation: Path) -> None:
    text = (organisation / FRANCE).read_text(encoding="utf-8")
    start, end = text.index("phone:\n"), text.index("sources:")
    bare = f"{text[:start]}phone: {{contract_exception: false}}\n{text[end:]}"
    (organisation / FRANCE).write_text(bare, encoding="utf-8")
    phone = loader.load(organisation, allow_problems=True).contact_rules["FR"].phone
    assert (phone.consent_from, phone.hours, phone.most_calls, phone.quiet_after_refusal) == (None, None, None, None)
    assert phone.banned_sectors == frozenset()


REFUSED = {
    "a day that no week has": (FRANCE, "[mon, tue,", "[mon, lundi,", "phone.hours.days[1]: must be one of mon, tue"),
    "a day twice": (FRANCE, "[mon, tue,", "[mon, mon,", "phone.hours.days: names the same thing twice"),
    "no day": (FRANCE, "[mon, tue, wed, thu, fri]", "[]", "phone.hours.days: is empty"),
    "hours of no form": (FRANCE, '"10:00-13:00"', '"10h-13h"', "phone.hours.spans[0]: must be hours such as"),
    "an hour that no clock has": (FRANCE, '"10:00-13:00"', '"10:00-24:00"', "spans[0]: must be hours such as"),
    "hours unquoted": (FRANCE, '["10:00-13:00", "14:00-20:00"]', "[10:00]", "spans[0]: is a number that readers take"),
    "hours backwards": (FRANCE, '"10:00-13:00"', '"13:00-10:00"', "phone.hours.spans[0]: ends before it starts"),
    "hours of nothing": (FRANCE, '"10:00-13:00"', '"10:00-10:00"', "phone.hours.spans[0]: ends before it starts"),
    "hours that overlap": (FRANCE, '"14:00-20:00"', '"12:30-20:00"', "phone.hours.spans[1]: begins before the one"),
    "calls in no time": (FRANCE, "  call_window: P30D\n", "", "phone.most_calls: needs the other of most_calls and"),
    "a time for no calls": (FRANCE, "  most_calls: 4\n", "", "phone.most_calls: needs the other of most_calls and"),
    "no calls at all": (FRANCE, "most_calls: 4", "most_calls: 0", "phone.most_calls: must be from 1 to 9999"),
    "days in no form": (FRANCE, "P60D", "60 days", "phone.quiet_after_refusal: must be a period such as"),
    "a day as a text": (FRANCE, "consent_from: 2026-08-11", 'consent_from: "2026-08-11"', "must be a date and is a"),
    "an unknown key": (FRANCE, "  most_calls: 4", "  bloctel: true\n  most_calls: 4", "phone.bloctel: is not a known"),
    "an exemption in words": (FRANCE, "customers_exempt: true", "customers_exempt: maybe", "must be true or false"),
    "no sources": (FRANCE, "sources:\n", "origins:\n", "sources: is missing; add it"),
    "an age under the floor": (AGES, "BE: {age: 13", "BE: {age: 12", "ages.BE.age: is under the floor of 13 years"),
    "an age in words": (AGES, "BE: {age: 13", "BE: {age: thirteen", "ages.BE.age: must be a whole number"),
    "an age of nothing": (AGES, "BE: {age: 13", "BE: {age: 0", "ages.BE.age: must be from 1 to 99"),
    "a country in small letters": (AGES, "  BE:", "  be:", "ages.be: must be a country of two capital letters"),
    "a country that YAML takes for no": (AGES, "  BE:", "  NO:", "is an unquoted NO"),
    "no word on who checked": (AGES, 'art. 45", unconfirmed: false', 'art. 45"', "ages.FR.unconfirmed: is missing"),
    "no floor": (AGES, "floor: 13\n", "", "floor: is missing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_of_another_shape_is_refused_with_the_key(case: str, organisation: Path, change: Change) -> None:
    file, old, new, sentence = REFUSED[case]
    change(file, old, new)
    with pytest.raises(ConsentCoreError) as refused:
        loader.load(organisation, allow_problems=True)
    assert str(refused.value).startswith(file)
    assert sentence in str(refused.value)
