"""What the files state on reaching people, as the frozen values of `consentcore.contactrules`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consentcore.policyset import AgeRule, CallingHours, ContactRules, PhoneRules
from policies.assembly import stated_in
from policies.contact_schema import DAYS, AgesFile, ContactRulesFile, span_times
from policies.folder import Folder

_AGES = "ages.yaml"


def contact_rules(files: Folder) -> dict[str, ContactRules]:
    """Read every `contact_rules/<country>.yaml`, by country in capitals; a set may have none (R-FR-1).

    Raises: PoliciesRefused, UnreadableFile.
    """
    found = {parts["country"].upper(): path for path, parts in files.kind("contact_rules")}
    return {country: _rules(country, stated_in(files, path, ContactRulesFile)) for country, path in found.items()}


def ages(files: Folder) -> dict[str, AgeRule]:
    """Read `ages.yaml`, by country in capitals; a set that offers nothing to children needs none (Art. 8(1), R-8-1).

    Raises: PoliciesRefused, UnreadableFile.
    """
    if _AGES not in files.texts:
        return {}
    stated = stated_in(files, _AGES, AgesFile)["ages"]
    return {country: AgeRule(country=country, **one) for country, one in stated.items()}


def _rules(country: str, stated: Mapping[str, Any]) -> ContactRules:
    return ContactRules(
        id=f"{country}@{stated['version']}",
        country=country,
        version=stated["version"],
        effective_on=stated["effective_on"],
        customers_exempt=stated["electronic_mail"]["customers_exempt"],
        professionals_exempt=stated["electronic_mail"]["professionals_exempt"],
        phone=_phone(stated["phone"]),
        sources=tuple(stated["sources"]),
        unconfirmed=tuple(stated["unconfirmed"]),
    )


def _phone(stated: Mapping[str, Any]) -> PhoneRules:
    return PhoneRules(
        consent_from=stated.get("consent_from"),
        contract_exception=stated["contract_exception"],
        banned_sectors=frozenset(stated["banned_sectors"]),
        hours=_hours(stated["hours"]) if "hours" in stated else None,
        most_calls=stated.get("most_calls"),
        call_window=stated.get("call_window"),
        quiet_after_refusal=stated.get("quiet_after_refusal"),
    )


def _hours(stated: Mapping[str, Any]) -> CallingHours:
    return CallingHours(
        days=frozenset(DAYS.index(day) for day in stated["days"]),
        spans=tuple(span_times(stated["spans"])),
        holidays=stated.get("holidays"),
    )
