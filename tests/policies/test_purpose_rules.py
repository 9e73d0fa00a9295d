"""The rules on consents, sensitive purposes and reaching people: each broken one is told with its article."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from consentcore.policyset import Channel, SpecialCategory
from policies import loader
from policies.folder import PoliciesRefused

Change = Callable[[str, str, str], None]

NEWSLETTER = "purposes/newsletter.yaml"
OFFERS = "purposes/similar_products.yaml"
SURVEY = "purposes/satisfaction_survey.yaml"
PARTNERS = "purposes/partner_sharing.yaml"
SCORING = "purposes/scoring.yaml"
B2B = "purposes/prospecting_b2b.yaml"
PHONE = "purposes/phone_prospecting.yaml"
SUPPORT = "purposes/support.yaml"
FRANCE = "contact_rules/fr.yaml"
CONSENT = "basis: consent\n"
HEALTH = "special_categories: [health]\n"

BROKEN: dict[str, tuple[list[tuple[str, str, str]], str, str, str]] = {
    "health without a condition": ([(NEWSLETTER, CONSENT, CONSENT + HEALTH)], "9(2)", NEWSLETTER, "write article9"),
    "a condition for nothing": (
        [(NEWSLETTER, CONSENT, CONSENT + "article9: 9(2)(a)\n")],
        "9(1)",
        NEWSLETTER,
        "name them, or remove it",
    ),
    "explicit consent on an interest": (
        [(OFFERS, "channels:", HEALTH + "article9: 9(2)(a)\nchannels:")],
        "9(2)(a)",
        OFFERS,
        "needs basis consent",
    ),
    "a service that depends on a consent": (
        [(NEWSLETTER, CONSENT, CONSENT + "conditional: true\nconditional_review: {fr: Vu.}\n")],
        "7(4)",
        NEWSLETTER,
        "write conditional_review in en",
    ),
    "a service that depends on an interest": (
        [(OFFERS, "channels:", "conditional: true\nconditional_review: {fr: Vu., en: Seen.}\nchannels:")],
        "7(4)",
        OFFERS,
        "conditional is about a consent",
    ),
    "a review of nothing": (
        [(NEWSLETTER, CONSENT, CONSENT + "conditional_review: {fr: Vu., en: Seen.}\n")],
        "7(4)",
        NEWSLETTER,
        "remove it",
    ),
    "a partner that is no recipient": (
        [(PARTNERS, "recipients: [nursery_partner, tools_partner]", "recipients: [nursery_partner]")],
        "13(1)(e)",
        PARTNERS,
        "names the partner tools_partner",
    ),
    "a partner that the notice keeps silent on": (
        [("notices/partner_sharing/1/en.md", "Outillage", "Another")],
        "13(1)(e), 7(1)",
        "notices/partner_sharing/1/en.md",
        "does not name the partner tools_partner",
    ),
    "partners without consent": (
        [(OFFERS, "recipients:", "partners: [mailing_provider]\nrecipients:")],
        "6(1)(a)",
        OFFERS,
        "partners are named in a consent",
    ),
    "confirmation of no consent": (
        [(OFFERS, "rule:", "double_opt_in: [email]\nrule:")],
        "7(1)",
        OFFERS,
        "double_opt_in confirms a consent",
    ),
    "confirmation over another channel": (
        [(NEWSLETTER, "rule:", "double_opt_in: [sms]\nrule:")],
        "7(1)",
        NEWSLETTER,
        "names sms, which channels does not",
    ),
    "confirmation where no link can be sent": (
        [("purposes/promotions.yaml", "rule:", "double_opt_in: [sms]\nrule:")],
        "7(1)",
        "purposes/promotions.yaml",
        "no link can be sent there",
    ),
    "a refresh that comes too late": (
        [(NEWSLETTER, "refresh: P2Y", "refresh: P36M")],
        "7",
        NEWSLETTER,
        "refresh P36M asks when the consent has ended (P3Y)",
    ),
    "a refresh of no consent": ([(OFFERS, "rule:", "refresh: P2Y\nrule:")], "7", OFFERS, "refresh asks again"),
    "children without a consent": (
        [(OFFERS, "rule:", "for_children: true\nrule:")],
        "8(1)",
        OFFERS,
        "the consent of a child",
    ),
    "children without an age": (
        [
            (NEWSLETTER, "rule:", "for_children: true\nrule:"),
            ("ages.yaml", "  EU:", "  LU:"),
            ("ages.yaml", "  FR:", "  HU:"),
        ],
        "8(1)",
        NEWSLETTER,
        "their age in FR or EU",
    ),
    "a new use without a test": (
        [(SCORING, "compatibility_test:\n  fr:", "compatibility_test:\n  de:")],
        "6(4)",
        SCORING,
        "write compatibility_test in fr",
    ),
    "a new use of nothing": (
        [(SCORING, "derived_from: order_management", "derived_from: hoarding")],
        "6(4)",
        SCORING,
        "derived from hoarding",
    ),
    "a new use of itself": (
        [(SCORING, "derived_from: order_management", "derived_from: scoring")],
        "6(4)",
        SCORING,
        "no other purpose",
    ),
    "a test that compares nothing": (
        [(SCORING, "derived_from: order_management\n", "")],
        "6(4)",
        SCORING,
        "write derived_from",
    ),
    "a profile that is told among other matters": (
        [("notices/scoring/1/notice.yaml", "fr: Profil et décisions automatisées", "fr: Vos droits")],
        "13(2)(f)",
        "notices/scoring/1/notice.yaml",
        "a heading of its own for automated_decisions in 'fr'",
    ),
    "marketing that is said to be none": (
        [(OFFERS, "rule:", "marketing: false\nrule:")],
        "21(2)",
        OFFERS,
        "remove marketing: false",
    ),
    "customers where none are exempt": (
        [(FRANCE, "customers_exempt: true", "customers_exempt: false")],
        "13(2) of Directive 2002/58",
        OFFERS,
        "contact_rules/fr.yaml does not",
    ),
    "professionals where none are exempt": (
        [(FRANCE, "professionals_exempt: true", "professionals_exempt: false")],
        "13(5) of Directive 2002/58",
        B2B,
        "contact_rules/fr.yaml does not",
    ),
    "professionals on another basis": (
        [(SUPPORT, "rule: basis", "rule: b2b")],
        "6(1)(f)",
        SUPPORT,
        "rule b2b needs basis legitimate_interest",
    ),
    "calls to consumers without consent": (
        [(SURVEY, "channels: [email]", "channels: [phone]"), (SURVEY, "marketing: false", "marketing: true")],
        "L223-1 C. conso.",
        SURVEY,
        "calls consumers to sell without consent",
    ),
    "calls in a country without rules": (
        [
            (SURVEY, "channels: [email]", "channels: [phone]"),
            (SURVEY, "marketing: false", "marketing: true"),
            ("controller.yaml", "country: FR", "country: BE"),
        ],
        "13(3) of Directive 2002/58",
        SURVEY,
        "in a country without contact_rules",
    ),
    "mail that sells without consent": (
        [(SURVEY, "marketing: false", "marketing: true")],
        "13(1) of Directive 2002/58",
        SURVEY,
        "sells over email without consent or an exception",
    ),
    "a sector that no rule knows": (
        [(PHONE, "rule:", "sector: beekeeping\nrule:")],
        "5(1)(a)",
        PHONE,
        "known: energy_renovation, home_adaptation",
    ),
    "rules of tomorrow": (
        [(FRANCE, "effective_on: 2026-08-11", "effective_on: 2026-11-22")],
        "13 of Directive 2002/58",
        FRANCE,
        "takes effect after",
    ),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_told_with_article_and_file(rule: str, organisation: Path, change: Change) -> None:
    changes, article, where, sentence = BROKEN[rule]
    for file, old, new in changes:
        change(file, old, new)
    problems = loader.inspect(organisation).problems
    assert any((p.article, p.where) == (article, where) and sentence in p.sentence for p in problems), problems


def test_a_profile_that_the_notice_is_silent_on_is_told(organisation: Path) -> None:
    file = organisation / "notices/scoring/1/notice.yaml"
    kept = [line for line in file.read_text(encoding="utf-8").splitlines() if "automated_decisions" not in line]
    file.write_text("\n".join(kept), encoding="utf-8")
    problems = loader.inspect(organisation).problems
    assert {(p.article, p.where) for p in problems} == {("13(2)(f)", "notices/scoring/1/notice.yaml")}


def _with(change: Change, file: str, anchor: str, lines: str) -> None:
    change(file, anchor, lines + anchor)


def test_what_the_rules_ask_for_passes(organisation: Path, change: Change) -> None:
    _with(change, NEWSLETTER, "rule:", "double_opt_in: [email]\nfor_children: true\n")
    _with(change, NEWSLETTER, "rule:", HEALTH + "article9: 9(2)(a)\n")
    _with(change, NEWSLETTER, "rule:", "conditional: true\nconditional_review: {fr: Vu par le DPO., en: Seen.}\n")
    _with(change, PHONE, "rule:", "sector: home_adaptation\nderived_from: order_management\n")
    _with(change, SURVEY, "rule:", HEALTH + "article9: 9(2)(f)\n")
    policy_set = loader.load(organisation)
    newsletter = policy_set.purpose("newsletter")
    assert newsletter.double_opt_in == {Channel.EMAIL}
    assert (newsletter.special_categories, newsletter.article9) == ({SpecialCategory.HEALTH}, "9(2)(a)")
    assert (newsletter.for_children, newsletter.conditional) == (True, True)
    assert newsletter.conditional_review == {"fr": "Vu par le DPO.", "en": "Seen."}
    assert policy_set.purpose("phone_prospecting").derived_from == "order_management"


def test_before_its_day_the_law_on_calls_asks_for_no_consent(organisation: Path, change: Change) -> None:
    change(SURVEY, "channels: [email]", "channels: [phone]")
    change(SURVEY, "marketing: false", "marketing: true")
    change(FRANCE, "consent_from: 2026-08-11", "consent_from: 2027-01-01")
    assert loader.inspect(organisation).problems == ()


def test_professionals_may_be_called_and_profiles_reach_nobody() -> None:
    policy_set = loader.load()
    assert Channel.PHONE in policy_set.purpose("prospecting_b2b").channels
    assert policy_set.purpose("scoring").channels == set(Channel)
    assert policy_set.purpose("scoring").is_marketing
    assert not policy_set.purpose("business_relations").is_marketing
    assert not policy_set.purpose("satisfaction_survey").is_marketing


REFUSED = {
    "a category that is none": ("special_categories: [shoe_size]", "special_categories[0]: must be one of racial_or"),
    "a condition that is none": ("article9: 9(2)(z)", "article9: must be one of 9(2)(a), "),
    "a channel that is none": ("double_opt_in: [pigeon]", "double_opt_in[0]: must be one of email,"),
    "a period of no form": ("refresh: soon", "refresh: must be a period such as"),
    "a truth in words": ("profiling: 'yes'", "profiling: must be true or false"),
    "partners in one text": ("partners: nursery_partner", "partners: must be a list"),
    "a test in one text": ("compatibility_test: fine", "compatibility_test: must be one text in each language"),
    "a sector in capitals": ("sector: Energy", "sector: must be the id of a sector"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_key_of_another_shape_is_refused(case: str, organisation: Path, change: Change) -> None:
    line, sentence = REFUSED[case]
    _with(change, SUPPORT, "rule:", f"{line}\n")
    with pytest.raises(PoliciesRefused) as refused:
        loader.load(organisation)
    assert str(refused.value).startswith(f"{SUPPORT}, {sentence}"), refused.value


@pytest.mark.parametrize("purpose_id", sorted(loader.load().purposes))
def test_every_packaged_purpose_is_whole_in_both_languages(purpose_id: str) -> None:
    policy_set = loader.load()
    purpose = policy_set.purpose(purpose_id)
    weighed = [purpose.balancing_test] if purpose.balancing_test else []
    for texts in (purpose.title, purpose.description, *weighed):
        assert set(texts) == {"fr", "en"}
        assert texts["fr"] != texts["en"]
        assert "'" not in texts["fr"]
    assert purpose.notice == f"{purpose_id}@1"
    for language in ("fr", "en"):
        notice = policy_set.notice(purpose_id, 1, language)
        assert notice.effective_on <= policy_set.effective_on
        assert "'" not in notice.text or language == "en"
    assert purpose.double_opt_in == frozenset()


def test_the_notice_of_the_partners_names_both() -> None:
    policy_set = loader.load()
    purpose = policy_set.purpose("partner_sharing")
    assert purpose.partners == ("nursery_partner", "tools_partner")
    for language in ("fr", "en"):
        text = " ".join(policy_set.notice("partner_sharing", 1, language).text.split())
        assert all(policy_set.recipients[one].name[language] in text for one in purpose.partners)
