"""The main walks through the faces as people take them, each from its first page to its end."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from consentcore.ledger import verify_receipt
from consentcore.ledger.note import open_note
from tests.builders.places import CAMILLE
from tests.builders.seeing import PHONE
from tests.builders.site import Site
from tests.builders.watching import watching

LEAVING = "lucie.fournier-legoff@courriel.example"
WORDS = {
    "fr": {
        "erase": "Effacer mes données",
        "choices": "Changer ce que je reçois",
        "save": "Enregistrer mes choix",
        "proof": "Preuve (JSON)",
    },
    "en": {
        "erase": "Erase my data",
        "choices": "Change what I receive",
        "save": "Save my choices",
        "proof": "Proof (JSON)",
    },
}


def code_from(site: Site) -> str:
    """Deliver what waits and read the code out of the newest mail."""
    site.run_jobs()
    found = [re.search(r"\b(\d{3}[ \u00a0]?\d{3})\b", mail) for mail in site.mails()]
    codes = [one[1] for one in found if one]
    assert codes, "no code was mailed"
    return codes[-1]


def confirm(page: Page, site: Site, address: str) -> None:
    """Type an address, then the code that came."""
    page.fill("[name=email]", address)
    page.locator("main form:has([name=email]) button[type=submit]").click()
    page.fill("[name=code]", code_from(site))
    page.locator("main form:has([name=code]) button[type=submit]").click()


def sign_in(page: Page, site: Site, role: str) -> None:
    """Sign a member of staff in, with address and password."""
    email, password = site.password_of(role)
    page.goto(f"{site.root}/console/sign-in")
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/console/")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_erasure_from_the_first_page_to_the_certificate(browser: Browser, site: Site, language: str) -> None:
    with watching(browser, site.root, java_script_enabled=False, viewport=PHONE) as subject:
        page = subject.page
        reference = _asked_without_script(page, site, language)
        assert reference in page.locator(".cc-done-r").inner_text()
        _handled_by_two(browser, site, reference)
        page.goto(f"{site.root}/portal/{language}/follow/{reference}")
        assert page.locator("main").get_by_role("link").count()
        with page.expect_download() as download:
            page.locator("a[href$='/certificate']").first.click()
        note = Path(download.value.path()).read_text("utf-8")
        assert reference in note
        opened = open_note(note, [site.service.keyring.log_signer().vkey])
        assert opened.signed_by


def _asked_without_script(page: Page, site: Site, language: str) -> str:
    page.goto(f"{site.root}/portal/{language}/")
    page.get_by_role("link", name=WORDS[language]["erase"]).click()
    page.locator("main form button[type=submit]").first.click()
    for _ in range(6):
        if page.locator("[name=submit]").count():
            break
        if page.locator("main [name=email]").count():
            confirm(page, site, LEAVING)
            continue
        if page.locator("main input[type=radio][value=me]").count():
            page.locator("main input[type=radio][value=me]").check()
        page.locator("main form button[type=submit]").first.click()
    page.locator("main form:has([name=submit]) button[type=submit]").click()
    page.wait_for_url("**/requests/*")
    return page.url.rpartition("/")[2]


def _handled_by_two(browser: Browser, site: Site, reference: str) -> None:
    """The operator makes the plan and cannot approve it; the approver does; the operator executes it."""
    with watching(browser, site.root) as operator, watching(browser, site.root) as approver:
        sign_in(operator.page, site, "operator")
        operator.go(f"/console/requests/{reference}/plan")
        operator.page.locator("main form[action$='/plan'] button[type=submit]").first.click()
        operator.page.wait_for_load_state("load")
        assert not operator.page.locator("form[action$='/plan/approval']").count(), "nobody approves his own plan"
        sign_in(approver.page, site, "approver")
        approver.go(f"/console/requests/{reference}/plan")
        approver.page.fill("form[action$='/plan/approval'] input[type=text]", reference)
        approver.page.locator("form[action$='/plan/approval'] button[type=submit]").click()
        approver.page.wait_for_load_state("load")
        operator.go(f"/console/requests/{reference}")
        operator.page.locator("main form[action$='/execution'] button[type=submit]").first.click()
        operator.page.wait_for_load_state("load")
        assert operator.page.locator("progress").count(), "progress is to be seen"
        site.run_jobs()
        operator.page.wait_for_url(re.compile(rf"/console/requests/{reference}(?:/execution)?$"))
        operator.go(f"/console/requests/{reference}")
        with operator.page.expect_download() as download:
            operator.page.locator("a[href$='/certificate']").first.click()
        assert download.value.path() is not None
        assert not operator.broken()
        assert not approver.broken()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_choice_is_changed_and_its_proof_verifies(
    browser: Browser, site: Site, language: str, tmp_path: Path
) -> None:
    with watching(browser, site.root, java_script_enabled=False, viewport=PHONE) as watched:
        page = watched.page
        page.goto(f"{site.root}/portal/{language}/")
        page.get_by_role("link", name=WORDS[language]["choices"]).click()
        confirm(page, site, CAMILLE)
        page.wait_for_url("**/preferences/")
        sms = page.locator("fieldset", has=page.locator("[name*=promotions][name*=sms]"))
        sms.locator("label").first.click()
        page.get_by_role("button", name=WORDS[language]["save"]).click()
        page.wait_for_url("**/preferences/saved")
        with page.expect_download() as download:
            page.get_by_role("link", name=WORDS[language]["proof"]).first.click()
        receipt = tmp_path / "receipt.json"
        download.value.save_as(receipt)
    document = json.loads(receipt.read_text("utf-8"))
    said = verify_receipt.verify(document, site.service.keyring.log_signer().vkey)
    assert "promotions" in receipt.read_text("utf-8")
    assert said
    site.run_jobs()
    assert any("promotions" in mail.lower() or "sms" in mail.lower() for mail in site.mails())


def test_a_first_visit_is_light(browser: Browser, reading_site: Site) -> None:
    for path, most in (("/portal/fr/", 75), ("/portal/fr/sign-in/", 75), ("/console/sign-in", 95)):
        with watching(browser, reading_site.root) as watched:
            watched.go(path)
            watched.page.wait_for_load_state("networkidle")
            carried = sum(watched.bytes_of.values()) / 1024
            assert len(watched.bytes_of) >= 4, sorted(watched.bytes_of)
            assert carried <= most, f"{path}: {carried:.1f} kB of {most}"


def test_today_is_light_on_a_first_visit(browser: Browser, reading_site: Site) -> None:
    with watching(browser, reading_site.root) as signed_in:
        sign_in(signed_in.page, reading_site, "dpo")
        cookies = signed_in.page.context.cookies()
    with watching(browser, reading_site.root) as watched:
        watched.page.context.add_cookies(cookies)  # type: ignore[arg-type]
        watched.go("/console/")
        watched.page.wait_for_load_state("networkidle")
        carried = sum(watched.bytes_of.values()) / 1024
        assert carried <= 95, f"{carried:.1f} kB: {watched.bytes_of}"


_FOCUS = """() => {
  const e = document.activeElement, s = getComputedStyle(e), l = e.labels && e.labels[0];
  const shown = l && s.position === 'absolute' ? getComputedStyle(e.nextElementSibling || l) : s;
  return {text: (e.innerText || (l ? l.innerText : '') || e.name || '').trim(), ring: shown.outlineStyle !== 'none',
          tag: e.tagName, body: e === document.body, value: e.value || ''};
}"""


def tab_to(page: Page, wanted: str, *, by_value: bool = False) -> None:
    """Press Tab until the focus stands on what is wanted; every stop on the way shows where it is."""
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(_FOCUS)
        if at["body"]:
            continue
        assert at["ring"], f"the focus on {at['tag']} {at['text']!r} cannot be seen"
        if (at["tag"] == "INPUT" and wanted == at["value"]) if by_value else (wanted in at["text"]):
            return
    raise AssertionError(f"{wanted!r} cannot be reached by the keyboard")


def test_a_choice_is_changed_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    with watching(browser, site.root, viewport=PHONE) as watched:
        page, words = watched.page, WORDS["fr"]
        watched.go("/portal/fr/")
        tab_to(page, words["choices"])
        page.keyboard.press("Enter")
        page.wait_for_url("**/sign-in/**")
        tab_to(page, "Adresse électronique")
        page.keyboard.type(CAMILLE)
        page.keyboard.press("Enter")
        page.wait_for_url("**/code**")
        tab_to(page, "Code")
        page.keyboard.type(code_from(site))
        page.keyboard.press("Enter")
        page.wait_for_url("**/preferences/")
        tab_to(page, "yes", by_value=True)
        page.keyboard.press("ArrowRight")
        assert page.evaluate(_FOCUS)["value"] == "no"
        tab_to(page, words["save"])
        page.keyboard.press("Enter")
        page.wait_for_url("**/preferences/saved")
        assert not watched.broken()
