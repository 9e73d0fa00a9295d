"""The packaged policies load whole; a folder that is not as it should be is refused with file, key and way out."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from consentcore.errors import ConsentCoreError
from consentcore.policyset import Channel, LegalBasis, Rule
from policies import loader
from policies.folder import PoliciesRefused, text_sha256
from policies.plain_text import UnreadableFile

Change = Callable[[str, str, str], None]


def test_the_packaged_policies_have_no_problem() -> None:
    inspection = loader.inspect()
    assert inspection.problems == ()
    assert loader.load() == inspection.policy_set


def test_the_packaged_purposes_are_those_of_the_surface() -> None:
    policy_set = loader.load()
    newsletter, offers, invoicing = (policy_set.purpose(i) for i in ("newsletter", "similar_products", "invoicing"))
    assert set(policy_set.purposes) == {
        "audience_measurement",
        "business_relations",
        "email_tracking",
        "invoicing",
        "newsletter",
        "order_management",
        "partner_sharing",
        "phone_prospecting",
        "promotions",
        "prospecting_b2b",
        "rights_requests",
        "satisfaction_survey",
        "scoring",
        "similar_products",
        "support",
    }
    assert (newsletter.basis, newsletter.rule, newsletter.channels, newsletter.validity) == (
        LegalBasis.CONSENT,
        Rule.OPT_IN,
        frozenset({Channel.EMAIL}),
        "P3Y",
    )
    promotions = policy_set.purpose("promotions")
    assert (promotions.basis, promotions.rule, promotions.channels, promotions.validity) == (
        LegalBasis.CONSENT,
        Rule.OPT_IN,
        frozenset({Channel.EMAIL, Channel.SMS}),
        "P3Y",
    )
    assert (offers.basis, offers.rule, offers.channels) == (
        LegalBasis.LEGITIMATE_INTEREST,
        Rule.SOFT_OPT_IN,
        frozenset({Channel.EMAIL}),
    )
    assert "L34-5" in str(offers.legal_text)
    assert (invoicing.basis, invoicing.rule, invoicing.channels) == (
        LegalBasis.LEGAL_OBLIGATION,
        Rule.BASIS,
        frozenset({Channel.EMAIL, Channel.POST}),
    )
    assert "L123-22" in str(invoicing.legal_text)
    assert policy_set.effective_on == date(2026, 11, 21)


def test_the_packaged_company_says_that_it_is_made_up() -> None:
    controller = loader.load().controller
    assert controller.made_up
    assert controller.email.endswith(".example")
    assert controller.dpo_email.endswith(".example")
    assert controller.languages == ("fr", "en")
    assert not controller.public_authority
    assert controller.fiscal_year_end == "12-31"


def test_orders_rest_on_the_contract_and_requests_on_the_law() -> None:
    policy_set = loader.load()
    orders, requests = policy_set.purpose("order_management"), policy_set.purpose("rights_requests")
    assert (orders.basis, orders.rule, orders.ends) == (LegalBasis.CONTRACT, Rule.BASIS, "contract_end")
    assert orders.channels == {Channel.EMAIL, Channel.PHONE, Channel.POST, Channel.SMS}
    assert (requests.basis, requests.rule, requests.ends) == (LegalBasis.LEGAL_OBLIGATION, Rule.BASIS, None)
    assert requests.data == {"request"}
    assert "art. 12" in str(requests.legal_text)
    ends = {one.id: one.ends for one in policy_set.purposes.values() if one.ends}
    assert ends == {"order_management": "contract_end", "support": "contract_end"}


def test_a_notice_carries_its_purposes_and_the_headings_of_its_own_language() -> None:
    policy_set = loader.load()
    french, english = (policy_set.notice("newsletter", 1, language) for language in ("fr", "en"))
    assert french.purposes == english.purposes == ("newsletter",)
    assert (french.sections["retention"], english.sections["retention"]) == ("Combien de temps", "How long")
    assert "objection" not in french.sections


NOTICES = ["newsletter", "similar_products", "invoicing", "order_management", "rights_requests"]


@pytest.mark.parametrize("notice_id", NOTICES)
def test_notices_stand_in_french_and_english_and_differ(notice_id: str) -> None:
    policy_set = loader.load()
    french, english = (policy_set.notice(notice_id, 1, language) for language in ("fr", "en"))
    assert french.title != english.title
    assert french.text != english.text
    assert "CNIL" in french.text
    assert "CNIL" in english.text
    for notice in (french, english):
        assert notice.sha256 == text_sha256(notice.text)
        assert notice.text.startswith(f"# {notice.title}\n")
        assert notice.effective_on == date(2026, 11, 21)


def test_balancing_test_stands_in_french_and_english() -> None:
    balancing = loader.load().purpose("similar_products").balancing_test
    assert balancing is not None
    assert balancing["fr"].startswith("Intérêt poursuivi")
    assert balancing["en"].startswith("Interest pursued")


def test_what_is_loaded_cannot_be_changed() -> None:
    policy_set = loader.load()
    for frozen in (
        policy_set.purposes,
        policy_set.notices,
        policy_set.purpose("newsletter").title,
        policy_set.notice("newsletter", 1, "fr").sections,
        policy_set.data_classes,
        policy_set.data_classes["contact"],
        policy_set.retention,
        policy_set.deadlines,
        policy_set.recipients,
        policy_set.recipients["carrier"].name,
    ):
        with pytest.raises(TypeError):
            frozen["x"] = "y"  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy_set.version = "2"  # type: ignore[misc]


def test_loading_takes_less_than_fifty_milliseconds_of_the_processor() -> None:
    loader.load()
    best = min(_seconds(loader.load) for _ in range(5))
    assert best < 0.05


def _seconds(work: Callable[[], object]) -> float:
    # Time of this process alone: what else the machine does is no fault of the loader.
    start = time.process_time()
    work()
    return time.process_time() - start


def test_a_folder_loads_like_the_packaged_one(organisation: Path) -> None:
    assert loader.load(organisation) == loader.load()


REFUSED = {
    "an unknown key": ("policy.yaml", "format: 1", "format: 1\nvesion: 2", "policy.yaml, vesion: is not a known key"),
    "an unknown key, deep": (
        "controller.yaml",
        "dpo:",
        "dpo:\n  nam: x",
        "dpo.nam: is not a known key; known here: email",
    ),
    "a form of the future": ("policy.yaml", "format: 1", "format: 2", "this version reads format 1"),
    "a bare no as a language": ("controller.yaml", "[fr, en]", "[fr, no]", "languages[1]: is an unquoted no"),
    "a date for a text": ("policy.yaml", "1.0.0", "2026-11-21", "version: must be a text and is a date; quote it"),
    "a text for a date": ("policy.yaml", "2026-11-21", "'2026-11-21'", "effective_on: must be a date and is a text"),
    "a number for a text": ("policy.yaml", "1.0.0", "1", "version: must be a text and is a whole number; quote it"),
    "a truth for a number": (
        "purposes/invoicing.yaml",
        "version: 1",
        "version: true",
        "version: must be a whole number",
    ),
    "a text for a list": ("purposes/invoicing.yaml", "[email, post]", "email", "channels: must be a list"),
    "an empty list": ("purposes/invoicing.yaml", "[email, post]", "[]", "channels: is empty"),
    "a value twice": ("purposes/invoicing.yaml", "[email, post]", "[email, email]", "the same thing twice"),
    "an unknown channel": ("purposes/invoicing.yaml", "post]", "pigeon]", "channels[1]: must be one of email, sms"),
    "an unknown basis": ("purposes/invoicing.yaml", "legal_obligation", "habit", "basis: must be one of consent, "),
    "an empty value": ("controller.yaml", "name: Exemplia Jardins SAS", "name:", "name: is empty; fill it in"),
    "a blank text": ("controller.yaml", "name: Exemplia Jardins SAS", "name: ' '", "name: is empty; fill it in"),
    "a missing key": ("controller.yaml", "country: FR", "", "controller.yaml, country: is missing; add it"),
    "two lines for one": ("controller.yaml", "name: Exemplia Jardins SAS", 'name: "a\\nb"', "name: has several lines"),
    "a text that is too long": ("controller.yaml", "name: Exem", f"name: {'x' * 300}", "characters; shorten it to 200"),
    "no time zone": ("controller.yaml", "Europe/Paris", "../../etc/hosts", "timezone: must be a time zone"),
    "no e-mail": ("controller.yaml", "dpo@exemplia", "dpo exemplia", "dpo.email: must be an e-mail address"),
    "no period": ("purposes/newsletter.yaml", "P3Y", "3 years", "validity: must be a period such as P3Y"),
    "a period of nothing": ("purposes/newsletter.yaml", "P3Y", "P", "validity: must be a period such as P3Y"),
    "no notice and version": (
        "purposes/newsletter.yaml",
        "newsletter@1",
        "newsletter",
        "must be a notice and its version",
    ),
    "a language in capitals": ("purposes/newsletter.yaml", "en: News", "EN: News", "title.EN: must be a language"),
    "a date as a translation": (
        "purposes/newsletter.yaml",
        "en: Newsletter",
        "en: 2026-01-01",
        "purposes/newsletter.yaml, title.en: must be a text and is a date; quote it",
    ),
    "an item that Art. 13 does not have": (
        "notices/newsletter/1/notice.yaml",
        "  dpo:",
        "  dop:",
        "sections.dop: is not a known key",
    ),
    "a repeated key": ("policy.yaml", "format: 1", "format: 1\nformat: 1", "policy.yaml, line 2, format: stands twice"),
    "an anchor": ("policy.yaml", "format: 1", "format: &a 1", "policy.yaml, line 1, format: has the anchor &a"),
    "a text without a title": ("notices/newsletter/1/fr.md", "# Lettre", "Lettre", "fr.md, line 1: must be the title"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_wrong_file_is_refused_with_its_name_and_the_way_out(kind: str, organisation: Path, change: Change) -> None:
    file, old, new, cause = REFUSED[kind]
    change(file, old, new)
    with pytest.raises(ConsentCoreError) as refused:
        loader.load(organisation, allow_problems=True)
    assert isinstance(refused.value, PoliciesRefused | UnreadableFile)
    assert file in str(refused.value)
    assert cause in str(refused.value)


def test_all_wrong_keys_of_a_file_are_named_at_once(organisation: Path, change: Change) -> None:
    change("controller.yaml", "country: FR", "country: France")
    change("controller.yaml", "made_up: true", "made_up: 'true'")
    with pytest.raises(PoliciesRefused) as refused:
        loader.load(organisation)
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize("file", ["policy.yaml", "controller.yaml"])
def test_a_missing_file_is_named(file: str, organisation: Path) -> None:
    (organisation / file).unlink()
    with pytest.raises(PoliciesRefused, match=f"{file}: is missing"):
        loader.load(organisation)


def test_no_purpose_no_text_or_no_notice_beside_a_text_is_refused(organisation: Path) -> None:
    (organisation / "notices/newsletter/1/notice.yaml").unlink()
    with pytest.raises(PoliciesRefused, match=r"newsletter/1/en\.md: has no notice\.yaml"):
        loader.load(organisation)
    (organisation / "notices/newsletter/1/en.md").unlink()
    (organisation / "notices/newsletter/1/fr.md").unlink()
    (organisation / "notices/invoicing/1/en.md").unlink()
    (organisation / "notices/invoicing/1/fr.md").unlink()
    with pytest.raises(PoliciesRefused, match="notices/invoicing/1: has no text"):
        loader.load(organisation)
    for purpose in (organisation / "purposes").iterdir():
        purpose.unlink()
    with pytest.raises(PoliciesRefused, match="holds no purpose"):
        loader.load(organisation)


def test_a_set_with_problems_is_refused_unless_allowed(organisation: Path, change: Change) -> None:
    change("purposes/invoicing.yaml", "legal_text: >-", "# >-")
    change("purposes/invoicing.yaml", "  Code de commerce", "# Code de commerce")
    with pytest.raises(PoliciesRefused, match=r"purposes/invoicing\.yaml: legal_obligation needs .*\(Art\. 6\(3\)\)"):
        loader.load(organisation)
    assert loader.load(organisation, allow_problems=True).purpose("invoicing").legal_text is None


def test_an_old_version_of_a_notice_stays_readable_beside_the_new_one(organisation: Path, change: Change) -> None:
    old = organisation / "notices/newsletter/1"
    new = organisation / "notices/newsletter/2"
    new.mkdir()
    for file in old.iterdir():
        (new / file.name).write_text(
            file.read_text(encoding="utf-8").replace("trois ans", "deux ans"), encoding="utf-8"
        )
    change("purposes/newsletter.yaml", "newsletter@1", "newsletter@2")
    policy_set = loader.load(organisation)
    assert policy_set.notice("newsletter", 1, "fr") == loader.load().notice("newsletter", 1, "fr")
    assert policy_set.notice("newsletter", 2, "fr").sha256 != policy_set.notice("newsletter", 1, "fr").sha256
