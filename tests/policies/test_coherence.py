"""Each rule of coherence: a set that breaks it is told so with the article, and the packaged set passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from consentcore.policyset import LegalBasis
from policies import loader
from policies.notices import ITEMS, Item

Change = Callable[[str, str, str], None]

NEWSLETTER = "purposes/newsletter.yaml"
OFFERS = "purposes/similar_products.yaml"
INVOICING = "purposes/invoicing.yaml"
NOTICE = "notices/newsletter/1/notice.yaml"
FRENCH = "notices/newsletter/1/fr.md"
CONTROLLER = "controller.yaml"

BROKEN: dict[str, tuple[list[tuple[str, str, str]], str, str, str]] = {
    "legitimate interest without balancing test": (
        [(INVOICING, "basis: legal_obligation", "basis: legitimate_interest")],
        "6(1)(f)",
        INVOICING,
        "needs its balancing_test",
    ),
    "public authority on legitimate interest": (
        [(CONTROLLER, "public_authority: false", "public_authority: true")],
        "6(1), second subparagraph",
        OFFERS,
        "public authority",
    ),
    "legal obligation without law": (
        [(NEWSLETTER, "basis: consent\n", "basis: legal_obligation\n")],
        "6(3)",
        NEWSLETTER,
        "legal_obligation needs the law",
    ),
    "public task without law": (
        [(NEWSLETTER, "basis: consent\n", "basis: public_task\n")],
        "6(3)",
        NEWSLETTER,
        "public_task needs the law",
    ),
    "opt-in without consent": (
        [(INVOICING, "rule: basis", "rule: opt_in")],
        "6(1)(a)",
        INVOICING,
        "opt_in needs basis consent",
    ),
    "consent without opt-in": (
        [(NEWSLETTER, "rule: opt_in", "rule: basis")],
        "7(1)",
        NEWSLETTER,
        "basis consent needs rule opt_in",
    ),
    "validity without consent": (
        [(INVOICING, "rule: basis", "rule: basis\nvalidity: P3Y")],
        "7",
        INVOICING,
        "life of a consent",
    ),
    "soft opt-in on another basis": (
        [(INVOICING, "rule: basis", "rule: soft_opt_in")],
        "13(2) of Directive 2002/58",
        INVOICING,
        "needs basis legitimate_interest",
    ),
    "soft opt-in by telephone": (
        [(OFFERS, "channels: [email]", "channels: [email, phone]")],
        "13(2) of Directive 2002/58",
        OFFERS,
        "email and sms",
    ),
    "soft opt-in without law": (
        [(OFFERS, "legal_text: >-", "#"), (OFFERS, "  Code des postes", "# Code des postes")],
        "13(2) of Directive 2002/58",
        OFFERS,
        "national law",
    ),
    "a title in one language": ([(NEWSLETTER, "  en: Newsletter\n", "")], "12(1)", NEWSLETTER, "wanted in 'en'"),
    "consent without notice": ([(NEWSLETTER, "notice: newsletter@1", "")], "4(11)", NEWSLETTER, "names no notice"),
    "another basis without notice": ([(INVOICING, "notice: invoicing@1", "")], "13(1)", INVOICING, "names no notice"),
    "a notice that is not there": (
        [(NEWSLETTER, "newsletter@1", "newsletter@7")],
        "13(1)",
        NEWSLETTER,
        "newsletter@7 is not there",
    ),
    "a notice of another purpose": (
        [(NEWSLETTER, "newsletter@1", "invoicing@1")],
        "13(1)(c)",
        "notices/invoicing/1/notice.yaml",
        "does not name the purpose newsletter",
    ),
    "a notice for no purpose": (
        [(NOTICE, "[newsletter]", "[newsletter, ghost]")],
        "13(1)(c)",
        NOTICE,
        "ghost, which is not there",
    ),
    "a notice of tomorrow": ([(NOTICE, "2026-11-21", "2026-11-22")], "13(3)", NOTICE, "takes effect after"),
    "a language without notice": ([(CONTROLLER, "[fr, en]", "[fr, en, de]")], "12(1)", NOTICE, "no text in 'de'"),
    "a notice without the controller": (
        [(FRENCH, "Exemplia Jardins SAS", "Nous")],
        "13(1)(a)",
        FRENCH,
        "name and e-mail of the controller",
    ),
    "a notice without the representative": (
        [(CONTROLLER, "public_authority: false", "representative: Rep Exemple")],
        "13(1)(a)",
        FRENCH,
        "representative",
    ),
    "a notice without the DPO": (
        [(FRENCH, "dpo@exemplia-jardins.example", "nous")],
        "13(1)(b)",
        FRENCH,
        "e-mail of the DPO",
    ),
    "an objection among other matters": (
        [("notices/similar_products/1/notice.yaml", "fr: Votre droit de vous opposer", "fr: Vos droits")],
        "21(4)",
        "notices/similar_products/1/notice.yaml",
        "a heading of its own",
    ),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_told_with_article_and_file(rule: str, organisation: Path, change: Change) -> None:
    changes, article, where, sentence = BROKEN[rule]
    assert loader.inspect(organisation).problems == ()
    for file, old, new in changes:
        change(file, old, new)
    problems = loader.inspect(organisation).problems
    assert any((p.article, p.where) == (article, where) and sentence in p.sentence for p in problems), problems
    assert all(str(p).endswith(f"(Art. {p.article})") for p in problems)


def test_a_notice_equal_in_two_languages_is_told(organisation: Path) -> None:
    (organisation / FRENCH).write_bytes((organisation / "notices/newsletter/1/en.md").read_bytes())
    problems = loader.inspect(organisation).problems
    assert ("12(1)", NOTICE) in {(p.article, p.where) for p in problems if "two languages" in p.sentence}


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
def test_a_notice_that_keeps_silent_on_an_item_is_told(item: Item, organisation: Path) -> None:
    every = {"newsletter", "similar_products", "invoicing", "order_management", "rights_requests"}
    for notice_id in every:
        file = organisation / f"notices/{notice_id}/1/notice.yaml"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(f"  {item.name}:")]
        file.write_text("".join(kept), encoding="utf-8")
    problems = loader.inspect(organisation).problems
    told = {p.where.split("/")[1] for p in problems if p.article == item.article}
    special = {
        "withdrawal": {"newsletter"},
        "legitimate_interests": {"similar_products"},
        "objection": {"similar_products"},
    }
    assert told == special.get(item.name, every)


def test_a_heading_with_nothing_under_it_is_told(organisation: Path, change: Change) -> None:
    change(FRENCH, "Aucune décision n’est prise à votre égard de façon automatisée et aucun profil n’est établi.", "")
    (problem,) = loader.inspect(organisation).problems
    assert (problem.article, problem.where) == ("13(2)(f)", FRENCH)


def test_a_public_task_with_its_law_and_an_objection_passes(organisation: Path, change: Change) -> None:
    change(CONTROLLER, "public_authority: false", "public_authority: true")
    change(OFFERS, "basis: legitimate_interest", "basis: public_task")
    change(OFFERS, "rule: soft_opt_in", "rule: basis")
    told = {(p.article, p.where) for p in loader.inspect(organisation).problems}
    interests = {one.id for one in loader.load().purposes.values() if one.basis is LegalBasis.LEGITIMATE_INTEREST}
    assert told == {("6(1), second subparagraph", f"purposes/{one}.yaml") for one in interests - {"similar_products"}}
