"""What the packaged policies decide on keeping and passing on data, and what such files refuse (R-RET, R-TIME)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest

from consentcore.db import Base, KeyringBase
from consentcore.errors import NotFound
from consentcore.personal_data.datamap import compose
from consentcore.policyset import EVENTS, LegalBasis, Phase, RecipientKind, RuleStatus
from policies import loader
from policies.folder import PoliciesRefused
from tests.builders.models import load_models

Change = Callable[[str, str, str], None]

RETENTION = "retention.yaml"
FRANCE = "deadlines/fr.yaml"
RECIPIENTS = "recipients.yaml"

RULES = [
    ("accounts", "account", "last_contact_from_person", "P3Y", "5(1)(e)", RuleStatus.AUTHORITY),
    ("audience", "audience", "last_contact_from_person", "P13M", "5(1)(e)", RuleStatus.ORGANISATION),
    ("scoring", "transaction", "relation_end", "P3Y", "5(1)(e)", RuleStatus.ORGANISATION),
    ("survey", "transaction", "relation_end", "P1Y", "5(1)(e)", RuleStatus.ORGANISATION),
    ("prospects", "contact", "last_contact_from_person", "P3Y", "5(1)(e)", RuleStatus.AUTHORITY),
    ("customers", "transaction", "relation_end", "P3Y", "5(1)(e)", RuleStatus.AUTHORITY),
    ("invoice", "invoice", "fiscal_year_end_of_issue", "P10Y", "17(3)(b)", RuleStatus.LAW),
    ("consent_proof", "consent_proof", "proof_last_used", "P5Y", "17(3)(e)", RuleStatus.ORGANISATION),
    ("request", "request", "request_closed", "P5Y", "17(3)(e)", RuleStatus.ORGANISATION),
    ("access_log", "access_log", "consultation_recorded", "P1Y", "5(1)(e)", RuleStatus.ORGANISATION),
    ("suppression", "suppression", "opposition_recorded", None, "21(3)", RuleStatus.ORGANISATION),
]


@pytest.mark.parametrize(("rule_id", "data", "starts", "period", "article", "status"), RULES)
def test_each_class_is_kept_as_the_table_of_the_law_says(
    rule_id: str, data: str, starts: str, period: str | None, article: str, status: RuleStatus
) -> None:
    rule = loader.load().retention[rule_id]
    assert rule in loader.load().retention_for(data)
    assert (rule.id, rule.starts, rule.period, rule.article, rule.status) == (rule_id, starts, period, article, status)
    assert rule.then is Phase.ERASE
    assert rule.starts in EVENTS
    assert bool(rule.unconfirmed) == (status is not RuleStatus.LAW)


def test_there_is_no_further_rule_and_no_rule_for_an_unknown_class() -> None:
    policy_set = loader.load()
    assert set(policy_set.retention) == {row[0] for row in RULES}
    assert policy_set.retention_for("nothing") == ()


def test_invoices_wait_in_the_archive_on_a_named_law() -> None:
    (rule,) = loader.load().retention_for("invoice")
    assert (rule.purpose, rule.archived_on) == ("invoicing", ("erasure", "contract_end"))
    assert "L123-22" in rule.legal_text


def test_a_contact_has_no_purpose_that_only_a_law_could_end() -> None:
    # R-17-0: were `invoicing` to use `contact`, no contact could be erased while an invoice is kept.
    using = loader.load().purposes_using("contact")
    assert {"newsletter", "order_management", "similar_products", "support"} <= {purpose.id for purpose in using}
    assert LegalBasis.LEGAL_OBLIGATION not in {purpose.basis for purpose in using}


def test_france_has_its_own_deadlines_and_every_other_country_those_of_the_union() -> None:
    policy_set = loader.load()
    france, germany = policy_set.deadlines_for("FR"), policy_set.deadlines_for("DE")
    assert (france.id, france.holiday_country, germany.id, germany.holiday_country) == ("FR@1", "FR", "EU@1", "DE")
    for pack in (france, germany):
        assert (pack.reply, pack.extension, pack.breach_hours, pack.strict) == ("P1M", "P2M", 72, False)
        assert any("1182/71" in source for source in pack.sources)
        assert any("extension" in point.lower() for point in pack.unconfirmed)
    assert policy_set.deadlines_for("EU").holiday_country is None
    assert any("2019-536" in point for point in france.unconfirmed)


def test_a_set_without_deadlines_says_so() -> None:
    bare = replace(loader.load(), deadlines=MappingProxyType({}))
    with pytest.raises(NotFound, match=r"deadlines/eu\.yaml"):
        bare.deadlines_for("FR")


def test_every_recipient_is_used_and_can_be_told() -> None:
    policy_set = loader.load()
    used = {name for purpose in policy_set.purposes.values() for name in purpose.recipients}
    assert used == set(policy_set.recipients)
    for recipient in policy_set.recipients.values():
        assert (recipient.email is None) == (recipient.kind is RecipientKind.AUTHORITY)
        assert recipient.email is None or recipient.email.endswith(".example")


def test_every_class_has_a_name_and_every_rule_a_class() -> None:
    policy_set = loader.load()
    assert {rule.data for rule in policy_set.retention.values()} <= set(policy_set.data_classes)
    assert all(set(names) == {"fr", "en"} for names in policy_set.data_classes.values())


def test_every_class_that_a_column_names_has_a_name_in_the_policies() -> None:
    load_models()
    mapped = {entry.retention for entry in compose([Base.metadata, KeyringBase.metadata]).fields}
    assert mapped
    assert mapped <= set(loader.load().data_classes)


REFUSED = {
    "no end": (RETENTION, "    period: P10Y\n", "", "rules.invoice.period: has no end, or two"),
    "two ends": (RETENTION, "period: P10Y", "period: P10Y\n    without_end: true", "rules.invoice.period: has no end,"),
    "a period of no form": (RETENTION, "P10Y", "10 years", "rules.invoice.period: must be a period such as P3Y"),
    "a start that is no event": (RETENTION, "relation_end", "updated_at", "rules.customers.starts: must be one of"),
    "a phase that is none": (RETENTION, "then: erase", "then: hide", "rules.prospects.then: must be one of archive,"),
    "a status that is none": (RETENTION, "status: law", "status: habit", "rules.invoice.status: must be one of law,"),
    "a rule without law": (
        RETENTION,
        "    legal_text: Code de commerce, art. L123-22\n",
        "",
        "rules.invoice.legal_text: is missing",
    ),
    "no article": (RETENTION, "17(3)(b)", "seventeen", "rules.invoice.article: must be an article of the GDPR"),
    "an unknown key of a rule": (RETENTION, "status: law", "status: law\n    ttl: 3", "rules.invoice.ttl: is not a"),
    "an archive at no event": (RETENTION, "[erasure,", "[whenever,", "rules.invoice.archived_on[0]: must be one of"),
    "an id of another form": (RETENTION, "  prospects:", "  Prospects:", "rules.Prospects: must be an id such as"),
    "a rule that is no group": (RETENTION, "rules:", "rules:\n  x: words", "rules.x: must be a group of keys"),
    "rules that are a list": (RETENTION, "rules:", "rules: [x]\nmore:", "rules: must be a group of keys"),
    "a class with a number for a name": (RETENTION, "fr: Factures", "fr: 7", "classes.invoice.fr: must be a text and"),
    "hours in days": (FRANCE, "breach_hours: 72", "breach_hours: P3D", "breach_hours: must be a whole number"),
    "no hours": (FRANCE, "breach_hours: 72", "breach_hours: 0", "breach_hours: must be from 1 to 999"),
    "a month in no form": (FRANCE, "reply: P1M", "reply: 30 days", "reply: must be a period such as"),
    "holidays of nowhere": (FRANCE, "holiday_country: FR", "holiday_country: fr", "holiday_country: must be a country"),
    "a kind that is none": (RECIPIENTS, "kind: processor", "kind: friend", "must be one of processor, recipient,"),
    "an address that is none": (RECIPIENTS, "dossiers@cabinet", "dossiers cabinet", "must be an e-mail address"),
    "a day that no year has": ("controller.yaml", "12-31", "11-31", "fiscal_year_end: must be a day of the calendar"),
    "a day that is not only a day": ("controller.yaml", "12-31", "2026-12-31", "fiscal_year_end: must be a text"),
    "data of no purpose": (
        "purposes/invoicing.yaml",
        "data: [invoice]",
        "",
        "purposes/invoicing.yaml, data: is missing",
    ),
    "an end that is no event": (
        "purposes/order_management.yaml",
        "ends: contract_end",
        "ends: someday",
        "ends: must be one of",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_of_another_shape_is_refused(case: str, organisation: Path, change: Change) -> None:
    file, old, new, sentence = REFUSED[case]
    change(file, old, new)
    with pytest.raises(PoliciesRefused) as refused:
        loader.load(organisation)
    assert str(refused.value).startswith(file)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("file", [RETENTION, RECIPIENTS, "deadlines/eu.yaml"])
def test_a_missing_file_is_named(file: str, organisation: Path) -> None:
    (organisation / file).unlink()
    with pytest.raises(PoliciesRefused, match=rf"{file}: is missing; write it"):
        loader.load(organisation)


def test_without_a_file_of_its_own_a_country_falls_back_to_the_union(organisation: Path) -> None:
    (organisation / FRANCE).unlink()
    pack = loader.load(organisation).deadlines_for("FR")
    assert (pack.id, pack.holiday_country) == ("EU@1", "FR")


def test_a_file_for_a_country_is_a_pack_with_that_name_and_version(organisation: Path, change: Change) -> None:
    change(FRANCE, "version: 1", "version: 7")
    change(FRANCE, "2026-11-21", "2026-11-20")
    pack = loader.load(organisation).deadlines_for("FR")
    assert (pack.id, pack.version, pack.effective_on) == ("FR@7", 7, date(2026, 11, 20))


@pytest.mark.parametrize("day", ["12-31", "06-30", "09-30", "02-28", "02-29"])
def test_an_accounting_year_may_end_on_any_day(day: str, organisation: Path, change: Change) -> None:
    change("controller.yaml", "fiscal_year_end: 12-31", f"fiscal_year_end: {day}")
    assert loader.load(organisation).controller.fiscal_year_end == day


def test_an_accounting_year_ends_with_the_calendar_unless_it_is_said(organisation: Path, change: Change) -> None:
    change("controller.yaml", "fiscal_year_end: 12-31", "")
    assert loader.load(organisation).controller.fiscal_year_end == "12-31"


BROKEN = {
    "an unknown class in a purpose": (
        "purposes/newsletter.yaml",
        "data: [contact,",
        "data: [shoe_size,",
        "30(1)(c)",
        "purposes/newsletter.yaml",
        "uses the data class shoe_size",
    ),
    "a class without end": (
        "purposes/newsletter.yaml",
        "data: [contact,",
        "data: [transaction,",
        "5(1)(e)",
        "purposes/newsletter.yaml",
        "keeps transaction without end",
    ),
    "a contract without end": (
        "purposes/order_management.yaml",
        "ends: contract_end",
        "",
        "5(1)(e)",
        "purposes/order_management.yaml",
        "keeps transaction without end",
    ),
    "an end for no contract": (
        "purposes/newsletter.yaml",
        "rule: opt_in",
        "rule: opt_in\nends: contract_end",
        "6(1)(b)",
        "purposes/newsletter.yaml",
        "the event that ends a contract",
    ),
    "an unknown recipient": (
        "purposes/newsletter.yaml",
        "[mailing_provider]",
        "[broker]",
        "30(1)(d)",
        "purposes/newsletter.yaml",
        "names the recipient broker",
    ),
    "a rule for an unknown class": (
        RETENTION,
        "    data: access_log",
        "    data: shoe_size",
        "30(1)(f)",
        "retention.yaml, rules.access_log",
        "is for the data class shoe_size",
    ),
    "a rule for an unknown purpose": (
        RETENTION,
        "purpose: invoicing",
        "purpose: hoarding",
        "5(1)(e)",
        "retention.yaml, rules.invoice",
        "is for the purpose hoarding",
    ),
    "a rule for a purpose without such data": (
        RETENTION,
        "purpose: invoicing",
        "purpose: newsletter",
        "5(1)(e)",
        "retention.yaml, rules.invoice",
        "which newsletter does not use",
    ),
    "a class in one language": (
        RETENTION,
        "{fr: Factures, en: Invoices}",
        "{fr: Factures}",
        "12(1)",
        "retention.yaml, classes.invoice",
        "wanted in 'en'",
    ),
    "a recipient in one language": (
        RECIPIENTS,
        "{fr: Exemple Audit, ",
        "{",
        "12(1)",
        "recipients.yaml, recipients.statutory_auditor",
        "wanted in 'fr'",
    ),
    "a recipient that cannot be told": (
        RECIPIENTS,
        "    email: donnees@transports-exemple.example\n",
        "",
        "19",
        "recipients.yaml, recipients.carrier",
        "could not be told",
    ),
    "deadlines of tomorrow": (FRANCE, "2026-11-21", "2026-11-22", "12(3)", FRANCE, "takes effect after"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_told_with_article_and_place(rule: str, organisation: Path, change: Change) -> None:
    file, old, new, article, where, sentence = BROKEN[rule]
    change(file, old, new)
    problems = loader.inspect(organisation).problems
    assert any((p.article, p.where) == (article, where) and sentence in p.sentence for p in problems), problems
