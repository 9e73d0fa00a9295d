"""The register in the console: gaps first, the map with its table, each activity, and files whose issue is logged."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from hashlib import sha256

import pytest
from sqlalchemy import select

from consentcore.errors import BadInput, ConfigurationError
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogEvent, LogLeaf
from registry.documents.issued import ISSUED
from registry.gaps import Gap, GapKind, gap_in_words, gap_title
from tests.builders.console import ConsoleSite
from tests.builders.faces import Browser
from web.console import register
from web.console.app import create_app
from web.security.permissions import Role
from web.transaction import reading


def issued(site: ConsoleSite) -> list[dict[str, object]]:
    """Return what the log says of every document that was issued."""
    with reading(site.wired.sessions) as session:
        rows = session.scalars(
            select(LogEvent.header).join(LogLeaf, LogLeaf.event_id == LogEvent.id).order_by(LogLeaf.idx)
        ).all()
    return [said["data"] for said in map(read_header, rows) if said["type"] == ISSUED]


def page_of(browser: Browser, path: str) -> str:
    """Open a page that has to be there."""
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_every_activity_has_its_line_its_page_and_its_place_on_the_map(site: ConsoleSite) -> None:
    browser = site.browser(Role.AUDITOR)
    page = page_of(browser, "/register/")
    assert 'role="img"' in page and "As a table" in page
    for purpose in site.wired.policy.purposes.values():
        assert page.count(purpose.title["en"]) >= 3  # the map, its table, the list
        assert f"/register/activities/{purpose.id}" in page
    sheet = page_of(browser, "/register/activities/similar_products")
    assert "Weighing of interests" in sheet and "L34-5" in sheet and "from the last contact" in sheet
    assert "Consent valid for" in page_of(browser, "/register/activities/newsletter")
    assert browser.get("/register/activities/no_such").status_code == 404


def test_a_register_without_gaps_says_so(site: ConsoleSite) -> None:
    page = page_of(site.browser(Role.AUDITOR), "/register/")
    assert "agrees with what the system really holds" in page and "Gaps to close" not in page


def test_gaps_stand_first_in_words(site: ConsoleSite) -> None:
    policy = site.wired.policy
    abroad = {one: replace(who, country="US") for one, who in policy.recipients.items()}
    cut = replace(policy, recipients=abroad, retention={})
    browser = site.browser(Role.AUDITOR)
    other = Browser(create_app(replace(site.wired, policy=cut)))
    other.client.set_cookie("cc_console", browser.client.get_cookie("cc_console").value)  # type: ignore[union-attr]
    page = page_of(other, "/register/")
    assert page.index("Gaps to close") < page.index("Map of the processing")
    assert "outside the European Economic Area (United States" in page and "no safeguard is recorded" in page
    assert "No retention rule says when these data go: Invoices." in page
    assert "not recorded" in page_of(other, "/register/activities/newsletter")


@pytest.mark.parametrize("kind", GapKind)
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_kind_of_gap_has_words(kind: GapKind, lang: str) -> None:
    named = {"fr": "Nom", "en": "Name"}
    gap = Gap(kind, "newsletter", {"fr": "Lettre", "en": "Letter"}, "what", named, "US")
    assert gap_title(gap, lang) == {"fr": "Lettre", "en": "Letter"}[lang]
    assert gap_in_words(gap, lang).endswith(".") and "{" not in gap_in_words(gap, lang) + gap.sentence
    assert gap.sentence.endswith(f"[Art. {gap.article}]")
    with pytest.raises(BadInput):
        gap_in_words(gap, "de")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_register_as_csv_and_json_is_issued_under_its_hash(site: ConsoleSite, lang: str) -> None:
    browser = site.browser(Role.AUDITOR)
    files = {}
    for form in ("csv", "json"):
        answer = browser.post("/register/export", {"format": form, "language": lang})
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
        assert f"-{lang}.{form}" in answer.headers["Content-Disposition"]
        assert issued(site)[-1] == {
            "document": "register", "format": form, "language": lang,
            "sha256": sha256(answer.data).hexdigest(), "by": str(site.account(Role.AUDITOR).id),
        }  # fmt: skip
        files[form] = answer.data.decode("utf-8-sig")
    data = json.loads(files["json"])
    rows = list(csv.reader(io.StringIO(files["csv"])))
    assert data["language"] == lang and data["problems"] == []
    assert {row[0] for row in rows[1:]} == {one["title"] for one in data["activities"]}


def test_the_register_as_pdf_is_what_was_drawn(site: ConsoleSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "register_pdf", lambda view, lang: f"{lang} {len(view.activities)}".encode())
    answer = site.browser(Role.DPO).post("/register/export", {"format": "pdf", "language": "fr"})
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"fr ")
    assert issued(site)[-1]["sha256"] == sha256(answer.data).hexdigest()


def test_without_pango_the_page_says_so_and_nothing_is_issued(
    site: ConsoleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_pango(*_: object) -> bytes:
        raise ConfigurationError("PDF needs the system library Pango")

    monkeypatch.setattr(register, "register_pdf", without_pango)
    before = len(issued(site))
    answer = site.browser(Role.DPO).post("/register/export", {"format": "pdf", "language": "fr"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 503 and "Pango" in page and "<h1>Register of processing activities" in page
    assert len(issued(site)) == before


@pytest.mark.parametrize("wrong", [{"format": "exe"}, {"language": "de"}, {"format": ""}], ids=str)
def test_another_form_is_refused_at_the_page(site: ConsoleSite, wrong: dict[str, str]) -> None:
    answer = site.browser(Role.DPO).post("/register/export", {"format": "csv", "language": "fr", **wrong})
    assert answer.status_code == 422 and "Choose one of the formats" in answer.get_data(as_text=True)


def test_a_file_is_asked_for_by_a_form_alone(site: ConsoleSite) -> None:
    assert site.browser(Role.DPO).get("/register/export").status_code == 405
