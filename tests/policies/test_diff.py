"""Two sets of policies beside each other: what differs, who has to be asked again, and who only told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentcore.policyset import LegalBasis, PolicySet, Purpose
from policies import loader
from policies.diff import Difference, compare
from policies.notice_changes import changed_items, in_substance
from tests.builders.policies import shipped

Change = Callable[[str, str, str], None]

NEWSLETTER = "purposes/newsletter.yaml"
PARTNERS = "purposes/partner_sharing.yaml"
OFFERS = "purposes/similar_products.yaml"


def compared(organisation: Path) -> Difference:
    return compare(shipped(), loader.load(organisation, allow_problems=True))


def asked(difference: Difference) -> dict[str, str]:
    return {need.purpose: need.article for need in difference.fresh_consent}


def told(difference: Difference) -> dict[str, str]:
    return {need.purpose: need.article for need in difference.inform}


def second_notice(organisation: Path, notice_id: str, old: str = "", new: str = "") -> None:
    """Write version 2 of a notice with another text in French, and use it."""
    folder = Path(shutil.copytree(organisation / f"notices/{notice_id}/1", organisation / f"notices/{notice_id}/2"))
    text = (folder / "fr.md").read_text(encoding="utf-8")
    assert old in text
    (folder / "fr.md").write_text(text.replace(old, new), encoding="utf-8")
    purpose = organisation / f"purposes/{notice_id}.yaml"
    purpose.write_text(
        purpose.read_text(encoding="utf-8").replace(f"{notice_id}@1", f"{notice_id}@2"), encoding="utf-8"
    )


def test_nothing_differs_from_itself(organisation: Path) -> None:
    difference = compared(organisation)
    assert (difference.changes, difference.fresh_consent, difference.inform, difference.problems) == ((), (), (), ())
    assert difference.from_sha256 == difference.to_sha256 == shipped().sha256


def test_the_spelling_of_a_title_asks_nobody(organisation: Path, change: Change) -> None:
    change(NEWSLETTER, "en: Newsletter", "en: News Letter")
    difference = compared(organisation)
    assert [(one.where, one.what) for one in difference.changes] == [("purposes.newsletter.title", "changed")]
    assert (difference.fresh_consent, difference.inform) == ((), ())
    assert difference.from_sha256 != difference.to_sha256


ASKED = {
    "wider data": (NEWSLETTER, "data: [contact,", "data: [transaction, contact,", "4(11)"),
    "a further recipient": (NEWSLETTER, "[mailing_provider]", "[mailing_provider, carrier]", "13(1)(e), 7(1)"),
    "a further channel": (NEWSLETTER, "channels: [email]", "channels: [email, sms]", "4(11)"),
    "health": (NEWSLETTER, "rule:", "special_categories: [health]\narticle9: 9(2)(a)\nrule:", "9(2)(a)"),
    "profiles": (NEWSLETTER, "rule:", "profiling: true\nrule:", "4(11), 13(2)(f)"),
    "children": (NEWSLETTER, "rule:", "for_children: true\nrule:", "8(1)"),
    "another notice": (NEWSLETTER, "newsletter@1", "promotions@1", "4(11), 7(1)"),
}


@pytest.mark.parametrize("case", ASKED)
def test_more_than_was_consented_to_is_asked_for_again(case: str, organisation: Path, change: Change) -> None:
    file, old, new, article = ASKED[case]
    change(file, old, new)
    difference = compared(organisation)
    assert asked(difference) == {"newsletter": article}
    assert told(difference) == {}


def test_less_than_was_consented_to_asks_nobody(organisation: Path, change: Change) -> None:
    change(NEWSLETTER, "[mailing_provider]", "[carrier]")
    change("purposes/promotions.yaml", "channels: [email, sms]", "channels: [email]")
    change(PARTNERS, "recipients: [nursery_partner, tools_partner]", "recipients: [nursery_partner]")
    change(PARTNERS, "partners: [nursery_partner, tools_partner]", "partners: [nursery_partner]")
    assert set(asked(compared(organisation))) == {"newsletter"}


def test_a_further_partner_is_asked_for_and_named(organisation: Path, change: Change) -> None:
    change(PARTNERS, "[nursery_partner, tools_partner]", "[nursery_partner, tools_partner, carrier]")
    (need,) = compared(organisation).fresh_consent
    assert (need.purpose, need.article) == ("partner_sharing", "13(1)(e), 7(1)")
    assert "carrier" in need.why


def test_a_partner_that_becomes_somebody_else_is_asked_for(organisation: Path, change: Change) -> None:
    change("recipients.yaml", "{fr: Outillage Exemple SAS, en:", "{fr: Autres Outils SA, en:")
    assert asked(compared(organisation)) == {"partner_sharing": "13(1)(e), 7(1)"}


def test_a_further_processor_is_only_told(organisation: Path, change: Change) -> None:
    change(NEWSLETTER, "[mailing_provider]", "[mailing_provider, shop_host]")
    difference = compared(organisation)
    assert (asked(difference), told(difference)) == ({}, {"newsletter": "13(3)"})


def test_another_controller_asks_every_consent_again_and_tells_all_others(organisation: Path, change: Change) -> None:
    change("controller.yaml", "Exemplia Jardins SAS", "Exemplia Potagers SAS")
    difference = compared(organisation)
    consents = {one.id for one in shipped().purposes.values() if one.basis is LegalBasis.CONSENT}
    assert set(asked(difference)) == consents
    assert set(told(difference)) == set(shipped().purposes) - consents


def test_a_new_address_of_the_controller_is_a_change_alone(organisation: Path, change: Change) -> None:
    change("controller.yaml", "+33 1 99 00 12 34", "+33 1 99 00 12 35")
    difference = compared(organisation)
    (one,) = difference.changes
    assert (one.where, one.before, one.after) == ("controller.phone", "+33 1 99 00 12 34", "+33 1 99 00 12 35")
    assert (difference.fresh_consent, difference.inform) == ((), ())


def test_a_new_purpose_is_asked_for_or_told_by_its_basis(organisation: Path) -> None:
    for name, like in (("tips", "newsletter"), ("recalls", "invoicing")):
        text = (organisation / f"purposes/{like}.yaml").read_text(encoding="utf-8")
        (organisation / f"purposes/{name}.yaml").write_text(text, encoding="utf-8")
    difference = compared(organisation)
    assert asked(difference) == {"tips": "6(1)(a)"}
    assert told(difference) == {"recalls": "13(3)"}
    assert ("purposes.tips", "added") in {(one.where, one.what) for one in difference.changes}


def test_a_purpose_that_ends_asks_nobody(organisation: Path) -> None:
    (organisation / NEWSLETTER).unlink()
    difference = compared(organisation)
    assert [(one.where, one.what) for one in difference.changes] == [("purposes.newsletter", "removed")]
    assert difference.fresh_consent == ()


def test_a_basis_that_becomes_consent_is_asked_for_and_the_reverse_is_told(organisation: Path, change: Change) -> None:
    change(OFFERS, "basis: legitimate_interest", "basis: consent")
    change(NEWSLETTER, "basis: consent\n", "basis: legitimate_interest\n")
    difference = compared(organisation)
    assert asked(difference) == {"similar_products": "6(1)(a)"}
    (need,) = difference.inform
    assert (need.purpose, need.article) == ("newsletter", "13(3)")
    assert "refused or withdrew stay out" in need.why


def test_a_notice_that_says_otherwise_is_asked_for_and_explained(organisation: Path) -> None:
    second_notice(organisation, "newsletter", "au bout de trois ans", "au bout de cinq ans")
    (need,) = compared(organisation).fresh_consent
    assert (need.purpose, need.article) == ("newsletter", "4(11), 7(1)")
    assert "newsletter@2" in need.why
    assert "newsletter@1" in need.why
    assert "retention" in need.why


def test_a_notice_that_words_a_right_anew_is_told(organisation: Path) -> None:
    second_notice(organisation, "newsletter", "nous répondons sans frais", "nous vous répondons sans frais")
    difference = compared(organisation)
    assert (asked(difference), told(difference)) == ({}, {"newsletter": "13(3)"})


@pytest.mark.parametrize(
    ("old", "new"),
    [("", ""), ("# Lettre d’information :", "# LETTRE d'information -"), ("vous envoyer", "vous\nenvoyer")],
)
def test_a_notice_in_another_spelling_asks_and_tells_nobody(old: str, new: str, organisation: Path) -> None:
    second_notice(organisation, "newsletter", old, new)
    difference = compared(organisation)
    assert (difference.fresh_consent, difference.inform, difference.problems) == ((), (), ())
    assert "purposes.newsletter.notice" in {one.where for one in difference.changes}


def test_a_section_that_answers_no_item_counts_as_substance(organisation: Path) -> None:
    second_notice(
        organisation, "newsletter", "## Combien de temps", "## Et encore\n\nNous vendons tout.\n\n## Combien de temps"
    )
    policy_set = loader.load(organisation)
    changed = changed_items(policy_set, policy_set, "newsletter@1", "newsletter@2")
    assert (changed, in_substance(changed)) == (("Et encore",), ("Et encore",))


def test_old_numbers_for_new_things_are_problems(organisation: Path, change: Change) -> None:
    change("notices/newsletter/1/fr.md", "deux fois par mois", "dix fois par mois")
    before = shipped()
    raised = replace(before.purpose("invoicing"), version=3)
    before = replace(before, purposes=MappingProxyType({**before.purposes, "invoicing": raised}))
    problems = compare(before, loader.load(organisation)).problems
    assert len(problems) == 2
    assert problems[0].startswith("notice newsletter@1/fr has another text than before (then ")
    assert problems[1].startswith("purpose invoicing is changed under version 1, lower than 3")


def _some(purposes: dict[str, Purpose]) -> PolicySet:
    return replace(shipped(), purposes=MappingProxyType(purposes))


SETS = st.dictionaries(
    st.sampled_from(sorted(shipped().purposes)),
    st.sampled_from(sorted(shipped().purposes.values(), key=lambda p: p.id)),
).map(lambda drawn: _some({name: replace(purpose, id=name) for name, purpose in drawn.items()}))


@given(SETS, SETS)
def test_only_consents_are_asked_for_and_never_for_less(before: PolicySet, after: PolicySet) -> None:
    difference = compare(before, after)
    for need in difference.fresh_consent:
        assert after.purposes[need.purpose].basis is LegalBasis.CONSENT
    for need in difference.inform:
        assert need.article == "13(3)"
    needed = {need.purpose for need in (*difference.fresh_consent, *difference.inform)}
    same = {name for name, purpose in after.purposes.items() if before.purposes.get(name) == purpose}
    assert not needed & same
    new = {name for name, one in after.purposes.items() if one.basis is LegalBasis.CONSENT} - set(before.purposes)
    assert new <= {need.purpose for need in difference.fresh_consent}
    assert (difference.changes == ()) == (before.purposes == after.purposes)
