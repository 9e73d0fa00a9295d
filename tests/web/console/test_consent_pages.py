"""One person's consent, its proofs, and the question whether somebody may be written to."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from uuid import UUID, uuid4

import pikepdf
import pytest
from sqlalchemy import select, update

from consentcore.consent.decide import Reason
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crm.contact_points import email_point
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.drafts import ContactDraft
from consentcore.errors import ConfigurationError
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogEvent, LogLeaf
from consentcore.ledger.verify_receipt import verify
from consentcore.policyset import Channel, Rule
from consentcore.subjects import access_log, objections
from consentcore.subjects.objections import ObjectionState
from registry.documents.issued import ISSUED
from tests.builders.console import NOW, ConsoleSite
from tests.builders.faces import Browser
from tests.builders.people import open_people
from web.console import person
from web.console.decision_words import BY_CHANNEL, REASONS, RULES
from web.console.notice_text import blocks
from web.security.permissions import Role
from web.shell.catalogue import translations
from web.transaction import reading, unit

GIVEN = NOW - timedelta(days=20)
WITHDRAWN = NOW - timedelta(days=10)
NUMBERS = count(1)


def someone(site: ConsoleSite, *, first_name: str = "Camille") -> tuple[UUID, str]:
    """Open a contact long ago; returns reference and address."""
    email = f"c{next(NUMBERS)}amille@courriel.example"
    draft = ContactDraft(
        texts={"first_name": first_name, "last_name": "Deschamps"},
        points=(email_point(email),),
        created_at=GIVEN,
    )
    with unit(site.wired.sessions) as session:
        written = open_contacts(session, site.wired.keyring, [draft], NOW - timedelta(days=30))
    return written[0].subject_ref, email


def declare(site: ConsoleSite, subject: UUID, state: ConsentState, at: datetime, email: str | None = None) -> UUID:
    """Record what the person said of the newsletter; returns the record."""
    choice = Choice("newsletter", Channel.EMAIL, state, site.wired.policy.notice("newsletter", 1, "fr"), at)
    with unit(site.wired.sessions) as session:
        evidence = Evidence("web_form", contact_point=email)
        return record(session, subject, [choice], site.wired.policy, evidence, NOW)[0].record_id


def headers(site: ConsoleSite, kind: str) -> list[dict[str, object]]:
    """Return what the log's entries of a type say, in their order."""
    with reading(site.wired.sessions) as session:
        rows = session.scalars(
            select(LogEvent.header).join(LogLeaf, LogLeaf.event_id == LogEvent.id).order_by(LogLeaf.idx)
        ).all()
    return [said for said in map(read_header, rows) if said["type"] == kind]


def text_of(browser: Browser) -> str:
    """Return the page that a browser shows, without its tags."""
    assert browser.page is not None
    page = re.sub(r"<(script|style|title).*?</\1>", " ", browser.page.get_data(as_text=True), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def the_row(page: str, purpose: str, *, until: Sequence[str] = ("Art.",)) -> str:
    """Return the words around one purpose: its answer stands right before."""
    place = page.index(purpose)
    return page[place - 12 : page.index(until[0], place)]


def test_the_address_of_one_person_leads_to_a_page_whose_url_says_nothing(site: ConsoleSite) -> None:
    subject, email = someone(site)
    browser = site.browser(Role.AUDITOR)
    answer = browser.post("/people/", {"email": email.upper()})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/people/{subject}")
    browser.get(answer.headers["Location"])
    assert "Deschamps" not in text_of(browser) and email not in text_of(browser)
    assert "C… D…" in text_of(browser) and "c…e@co…el.example" in text_of(browser)


def test_several_at_one_address_are_told_apart_masked(site: ConsoleSite) -> None:
    email = "famille@courriel.example"
    refs = open_people(site.wired.sessions, site.wired.keyring, NOW, email, email)
    browser = site.browser(Role.OPERATOR)
    answer = browser.post("/people/", {"email": email})
    assert answer.status_code == 200
    assert "2 persons use this address" in text_of(browser) and "Deschamps" not in text_of(browser)
    assert all(f"/people/{ref}" in answer.get_data(as_text=True) for ref in refs)


def test_nobody_and_no_address_are_told(site: ConsoleSite) -> None:
    browser = site.browser(Role.OPERATOR)
    assert browser.post("/people/", {"email": "nobody@courriel.example"}).status_code == 200
    assert "answered no" in text_of(browser)
    answer = browser.post("/people/", {"email": "no address"})
    assert answer.status_code == 422 and "<title>Error:" in answer.get_data(as_text=True)
    assert browser.get(f"/people/{uuid4()}").status_code == 404


def test_the_answer_follows_what_was_declared_and_the_past_stays_as_it_was(site: ConsoleSite) -> None:
    subject, email = someone(site)
    declare(site, subject, ConsentState.GIVEN, GIVEN, email)
    declare(site, subject, ConsentState.WITHDRAWN, WITHDRAWN, email)
    browser = site.browser(Role.OPERATOR)
    browser.get(f"/people/{subject}")
    assert "No Newsletter" in the_row(text_of(browser), "Newsletter, by e-mail")
    assert "took the consent back" in the_row(text_of(browser), "Newsletter, by e-mail")
    browser.get(f"/people/{subject}?at={GIVEN:%Y-%m-%d}")
    assert "Could we write to" in text_of(browser)
    assert "Yes Newsletter" in the_row(text_of(browser), "Newsletter, by e-mail")
    browser.get(f"/people/{subject}?at={GIVEN - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
    assert "never answered" in the_row(text_of(browser), "Newsletter, by e-mail")
    browser.get(f"/people/{subject}?at=2020-01-01")
    assert "not known here at that time" in the_row(text_of(browser), "Newsletter, by e-mail")


@pytest.mark.parametrize("at", ["2036-01-01", "yesterday", "2026-13-01", "2026-11-09T10:00:00", "9999-12-31"])
def test_a_time_that_cannot_be_asked_about_is_told(site: ConsoleSite, at: str) -> None:
    subject, _ = someone(site)
    answer = site.browser(Role.OPERATOR).get(f"/people/{subject}?at={at}")
    assert answer.status_code == 422 and 'href="#at"' in answer.get_data(as_text=True)


def test_today_is_now(site: ConsoleSite) -> None:
    subject, _ = someone(site)
    browser = site.browser(Role.OPERATOR)
    assert browser.get(f"/people/{subject}?at={NOW:%Y-%m-%d}").status_code == 200
    assert "May we write to" in text_of(browser)


def test_what_stands_against_is_named_with_its_article(site: ConsoleSite) -> None:
    subject, _ = someone(site)
    with unit(site.wired.sessions) as session:
        objections.record(session, subject, ["similar_products"], ObjectionState.ABSOLUTE, NOW)
    browser = site.browser(Role.OPERATOR)
    browser.get(f"/people/{subject}")
    assert "Objection: Offers of similar products" in text_of(browser) and "21(2)" in text_of(browser)
    assert "objected to this purpose" in the_row(text_of(browser), "Offers of similar products, by e-mail")


def test_the_wording_shown_can_be_read(site: ConsoleSite) -> None:
    subject, email = someone(site)
    declare(site, subject, ConsentState.GIVEN, GIVEN, email)
    browser = site.browser(Role.AUDITOR)
    page = browser.get(f"/people/{subject}").get_data(as_text=True)
    href = re.search(r'href="(/people/notices/[^"]+)"', page)
    assert href is not None and href[1] == "/people/notices/newsletter/1/fr"
    answer = browser.get(href[1])
    assert answer.status_code == 200 and "<h3>Retirer votre consentement</h3>" in answer.get_data(as_text=True)
    assert browser.get("/people/notices/newsletter/99/fr").status_code == 404


def test_notices_are_cut_into_blocks_and_nothing_else_is_read() -> None:
    found = blocks("# Title\n\n## Why\n\nOne\ntwo <b>\n\n- a\n- b\n")
    assert [(one.kind, one.lines) for one in found] == [
        ("heading", ("Why",)), ("text", ("One two <b>",)), ("list", ("a", "b"))
    ]  # fmt: skip


def test_a_name_is_shown_once_the_look_is_in_the_log_and_for_ten_minutes(site: ConsoleSite) -> None:
    subject, email = someone(site, first_name="<b>Camille</b>")
    browser = site.browser(Role.OPERATOR)
    browser.get(f"/people/{subject}")
    before = len(headers(site, access_log.RECORDED))
    browser.send(f"/people/{subject}/name")
    assert len(headers(site, access_log.RECORDED)) == before + 1
    assert browser.page is not None
    shown = browser.page.get_data(as_text=True)
    assert "&lt;b&gt;Camille&lt;/b&gt; Deschamps" in shown and email in shown and "<b>Camille" not in shown
    later = Browser(site.later(NOW + timedelta(minutes=11)))
    later.client = later.client.application.test_client()
    token = browser.client.get_cookie("cc_console")
    assert token is not None
    later.client.set_cookie("cc_console", token.value)
    later.get(f"/people/{subject}")
    assert "Deschamps" not in text_of(later)
    browser.send(f"/people/{subject}/mask")
    assert "Deschamps" not in text_of(browser)


def test_who_may_not_see_names_gets_neither_name_nor_receipt(site: ConsoleSite) -> None:
    subject, email = someone(site)
    made = declare(site, subject, ConsentState.GIVEN, GIVEN, email)
    browser = site.browser(Role.AUDITOR)
    browser.get(f"/people/{subject}/records/{made}")
    assert browser.page is not None and "receipt.json" not in browser.page.get_data(as_text=True).replace(
        "verify_receipt.py receipt.json", ""
    )
    before = len(headers(site, access_log.RECORDED))
    for path in (f"/people/{subject}/name", f"/people/{subject}/records/{made}/receipt.json"):
        assert browser.post(path).status_code == 403
    assert len(headers(site, access_log.RECORDED)) == before


def test_the_proof_names_its_place_in_the_log_and_shows_nobody(site: ConsoleSite) -> None:
    subject, email = someone(site)
    made = declare(site, subject, ConsentState.GIVEN, GIVEN, email)
    browser = site.browser(Role.AUDITOR)
    answer = browser.get(f"/people/{subject}/records/{made}")
    assert answer.status_code == 200
    assert "The log proves it" in text_of(browser) and re.search(r"Entry n° [\d,]+", text_of(browser))
    assert email not in answer.get_data(as_text=True) and "Deschamps" not in answer.get_data(as_text=True)
    assert site.wired.keyring.log_signer().vkey in answer.get_data(as_text=True)


def test_the_proof_as_pdf_is_issued_under_its_hash(site: ConsoleSite) -> None:
    subject, email = someone(site)
    made = declare(site, subject, ConsentState.GIVEN, GIVEN, email)
    browser = site.browser(Role.AUDITOR)
    answer = browser.post(f"/people/{subject}/records/{made}/proof.pdf")
    assert answer.status_code == 200 and answer.data.startswith(b"%PDF-")
    assert answer.headers["Cache-Control"] == "no-store" and "attachment" in answer.headers["Content-Disposition"]
    with pikepdf.open(io.BytesIO(answer.data)) as opened:
        assert not opened.attachments, "whoever may not see an address gets no receipt, inside a PDF either"
    data = headers(site, ISSUED)[-1]["data"]
    assert data == {
        "document": "consent_proof", "format": "pdf", "language": "en",
        "sha256": sha256(answer.data).hexdigest(), "by": str(site.account(Role.AUDITOR).id),
    }  # fmt: skip


def test_the_pdf_holds_the_receipt_for_those_who_may_see_it_and_that_is_recorded(site: ConsoleSite) -> None:
    subject, email = someone(site)
    made = declare(site, subject, ConsentState.GIVEN, GIVEN, email)
    before = len(headers(site, access_log.RECORDED))
    browser = site.browser(Role.DPO)
    answer = browser.post(f"/people/{subject}/records/{made}/proof.pdf")
    with pikepdf.open(io.BytesIO(answer.data)) as opened:
        receipt = json.loads(opened.attachments["receipt.json"].get_file().read_bytes())
    assert verify(receipt, site.wired.keyring.log_signer().vkey) == "proved"
    assert receipt["content"]["payload"]["contact_point"] == email
    assert len(headers(site, access_log.RECORDED)) == before + 1


def test_a_receipt_verifies_alone_and_taking_it_is_recorded(site: ConsoleSite) -> None:
    subject, email = someone(site)
    made = declare(site, subject, ConsentState.GIVEN, GIVEN, email)
    before = len(headers(site, access_log.RECORDED))
    answer = site.browser(Role.DPO).post(f"/people/{subject}/records/{made}/receipt.json")
    receipt = json.loads(answer.data)
    verify(receipt, site.wired.keyring.log_signer().vkey)
    assert receipt["content"]["payload"]["contact_point"] == email
    assert len(headers(site, access_log.RECORDED)) == before + 1


def test_files_are_asked_for_by_forms_alone_and_for_their_own_person(site: ConsoleSite) -> None:
    subject, email = someone(site)
    other, _ = someone(site)
    made = declare(site, subject, ConsentState.GIVEN, GIVEN, email)
    browser = site.browser(Role.DPO)
    for name in ("proof.pdf", "receipt.json"):
        assert browser.get(f"/people/{subject}/records/{made}/{name}").status_code == 405
        assert browser.post(f"/people/{other}/records/{made}/{name}").status_code == 404
    assert browser.get(f"/people/{other}/records/{made}").status_code == 404
    assert browser.get(f"/people/{subject}/records/{uuid4()}").status_code == 404


def test_where_pdf_cannot_be_drawn_the_page_says_so(site: ConsoleSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_pango(*_: object) -> bytes:
        raise ConfigurationError("PDF needs the system library Pango")

    monkeypatch.setattr(person, "consent_proof_pdf", without_pango)
    subject, email = someone(site)
    made = declare(site, subject, ConsentState.GIVEN, GIVEN, email)
    before = len(headers(site, ISSUED))
    browser = site.browser(Role.DPO)
    assert browser.post(f"/people/{subject}/records/{made}/proof.pdf").status_code == 503
    assert "Pango" in text_of(browser) and len(headers(site, ISSUED)) == before


def test_a_record_that_was_changed_does_not_prove_itself(fresh_site: ConsoleSite) -> None:
    subject, email = someone(fresh_site)
    made = declare(fresh_site, subject, ConsentState.GIVEN, GIVEN, email)
    browser = fresh_site.browser(Role.DPO)
    with unit(fresh_site.wired.sessions) as session:
        event = next(one for one in session.scalars(select(LogEvent)) if b"consent.given" in one.header)
        changed = event.header.replace(b'"consent.given"', b'"consent.renewed"')
        assert changed != event.header
        session.execute(update(LogEvent).where(LogEvent.id == event.id).values(header=changed))
    assert browser.get(f"/people/{subject}/records/{made}").status_code == 200
    assert "does not prove this record" in text_of(browser)
    for name in ("proof.pdf", "receipt.json"):
        assert browser.post(f"/people/{subject}/records/{made}/{name}").status_code == 409


def test_the_question_is_answered_with_its_chain_and_as_a_call(site: ConsoleSite) -> None:
    subject, email = someone(site)
    declare(site, subject, ConsentState.GIVEN, GIVEN, email)
    browser = site.browser(Role.AUDITOR)
    asked = {"email": email, "purpose": "newsletter", "channel": "email"}
    page = browser.post("/decision/", asked).get_data(as_text=True)
    assert "Yes, you may write." in text_of(browser) and "One person is reached there." in text_of(browser)
    assert "consent_given" in text_of(browser) and f"/people/{subject}" in page and "/api/v1/decisions" in page
    declare(site, subject, ConsentState.WITHDRAWN, WITHDRAWN, email)
    browser.post("/decision/", asked)
    assert "No, you may not write." in text_of(browser) and "consent_withdrawn" in text_of(browser)


def test_a_shared_address_is_as_free_as_its_most_reserved_owner(site: ConsoleSite) -> None:
    email = "deux@courriel.example"
    one, _other = open_people(site.wired.sessions, site.wired.keyring, GIVEN, email, email)
    declare(site, one, ConsentState.GIVEN, GIVEN, email)
    browser = site.browser(Role.AUDITOR)
    browser.post("/decision/", {"email": email, "purpose": "newsletter", "channel": "email"})
    assert "No, you may not write." in text_of(browser) and "shared_contact_point" in text_of(browser)
    assert "2 persons are reached there" in text_of(browser)


def test_an_unknown_address_is_answered_no_and_is_safe_to_paste(site: ConsoleSite) -> None:
    hostile = "o'$(reboot)`x`@courriel.example"
    browser = site.browser(Role.AUDITOR)
    answer = browser.post(
        "/decision/", {"email": "o'brien@courriel.example", "purpose": "newsletter", "channel": "email"}
    )
    assert "Nobody is known here" in text_of(browser) and "unknown_subject" in text_of(browser)
    # the apostrophe is closed, quoted and opened again, as a shell wants it
    assert "o&#39;&#34;&#39;&#34;&#39;brien@courriel.example" in answer.get_data(as_text=True)
    assert browser.post("/decision/", {"email": hostile, "purpose": "newsletter", "channel": "email"}).status_code in (
        200,
        422,
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "x"}, "email"),
        ({"purpose": "no_such"}, "purpose"),
        ({"purpose": ""}, "purpose"),
        ({"channel": "post"}, "channel"),
        ({"channel": "pigeon"}, "channel"),
    ],
    ids=str,
)
def test_a_question_that_cannot_be_asked_is_told_at_its_field(
    site: ConsoleSite, change: dict[str, str], field: str
) -> None:
    asked = {"email": "x@courriel.example", "purpose": "newsletter", "channel": "email", **change}
    answer = site.browser(Role.AUDITOR).post("/decision/", asked)
    assert answer.status_code == 422 and f'href="#{field}"' in answer.get_data(as_text=True)


def test_every_reason_rule_and_channel_has_words_in_both_languages() -> None:
    assert set(REASONS) == set(Reason) and set(RULES) == set(Rule) and set(BY_CHANNEL) == set(Channel)
    for words in (*REASONS.values(), *RULES.values(), *BY_CHANNEL.values()):
        assert words and translations("fr").gettext(words) not in ("", words)


def test_asking_writes_nothing(site: ConsoleSite) -> None:
    subject, email = someone(site)
    browser = site.browser(Role.AUDITOR)
    with reading(site.wired.sessions) as session:
        before = session.scalars(select(LogLeaf.idx).order_by(LogLeaf.idx.desc()).limit(1)).first()
    for path in ("/people/", f"/people/{subject}", f"/people/{subject}?at=2026-11-01", "/decision/"):
        assert browser.get(path).status_code == 200
    browser.post("/decision/", {"email": email, "purpose": "newsletter", "channel": "email"})
    browser.post("/people/", {"email": email})
    with reading(site.wired.sessions) as session:
        assert session.scalars(select(LogLeaf.idx).order_by(LogLeaf.idx.desc()).limit(1)).first() == before


def test_dates_follow_the_clocks_of_the_controller(site: ConsoleSite) -> None:
    subject, email = someone(site)
    declare(site, subject, ConsentState.GIVEN, datetime(2026, 10, 31, 23, 30, tzinfo=UTC), email)
    browser = site.browser(Role.OPERATOR)
    browser.get(f"/people/{subject}?at=2026-10-31")
    assert "never answered" in the_row(text_of(browser), "Newsletter, by e-mail")
    browser.get(f"/people/{subject}?at=2026-11-01")
    assert "Yes Newsletter" in the_row(text_of(browser), "Newsletter, by e-mail")
