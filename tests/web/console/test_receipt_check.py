"""A receipt that somebody brings is worked out again: proved, erased, or not and why; nothing is kept of it."""

from __future__ import annotations

import ast
import base64
import copy
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from consentcore.consent.tables import ConsentState
from consentcore.ledger import verify_receipt
from consentcore.ledger.certificates import issue
from consentcore.ledger.tables import LogEvent, LogLeaf
from tests.builders.console import NOW, ConsoleSite
from tests.builders.faces import Browser
from tests.builders.proven import EMAIL, Proven, declare, proven
from web.console.receipt_check import MAX_RECEIPT_BYTES
from web.console.receipt_words import _WORDS, OTHER, reason_in_words
from web.receipts import ReceiptForm, export
from web.security.permissions import Role
from web.shell.catalogue import translations
from web.transaction import reading, unit

PLACE = "/log/receipt/"
Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def known(site: ConsoleSite) -> Proven:
    return proven(site.wired)


def receipt_of(site: ConsoleSite, known: Proven) -> dict[str, Any]:
    with reading(site.wired.sessions) as session:
        made: dict[str, Any] = json.loads(export(session, site.wired, known.given, ReceiptForm.RECEIPT, "en").content)
    return made


def check(browser: Browser, content: bytes | dict[str, Any] | None, **more: Any) -> tuple[int, str]:
    """Send a file; returns status and what the page says, without its tags."""
    raw = json.dumps(content).encode() if isinstance(content, dict) else content
    files = {} if raw is None else {"receipt": (io.BytesIO(raw), "consent-receipt-1.json")}
    answer = browser.post(PLACE, files, content_type="multipart/form-data", **more)
    page = re.sub(r"<(script|style|title).*?</\1>", " ", answer.get_data(as_text=True), flags=re.DOTALL)
    return answer.status_code, " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_receipt_is_proved_and_shows_nobody(site: ConsoleSite, known: Proven) -> None:
    status, page = check(site.browser(Role.AUDITOR), receipt_of(site, known))
    assert status == 200 and "Proved, with its content." in page and "Newsletter" in page
    assert "the one that the person was shown" in page and "holds the same entry at the same place" in page
    assert EMAIL not in page and str(known.person) not in page


def _other_content(receipt: dict[str, Any]) -> None:
    receipt["content"]["payload"]["state"] = "refused"


def _other_wording(receipt: dict[str, Any]) -> None:
    receipt["about"]["notice"] += "."


def _other_event(receipt: dict[str, Any]) -> None:
    receipt["event"]["purpose"] = "promotions"


def _other_path(receipt: dict[str, Any]) -> None:
    receipt["proof"]["hashes"].append(base64.b64encode(bytes(32)).decode())


def _other_signature(receipt: dict[str, Any]) -> None:
    receipt["proof"]["checkpoint"] = receipt["proof"]["checkpoint"].replace("\n— ", "\n— not-", 1)


def _without_content(receipt: dict[str, Any]) -> None:
    del receipt["content"]


def _one_too_many(receipt: dict[str, Any]) -> None:
    receipt["note"] = "trust me"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_other_content, "The content in the file is not what was declared"),
        (_without_content, "The content in the file is not what was declared"),
        (_other_wording, "The wording in the file is not the one"),
        (_other_event, "The entry is not the one that the log signed"),
        (_other_path, "The entry is not the one that the log signed"),
        (_other_signature, "Our log did not sign this"),
        (_one_too_many, "This is no whole receipt"),
    ],
)
def test_what_was_changed_is_not_proved_and_the_page_says_what(
    site: ConsoleSite, known: Proven, change: Change, said: str
) -> None:
    receipt = copy.deepcopy(receipt_of(site, known))
    change(receipt)
    status, page = check(site.browser(Role.DPO), receipt)
    assert status == 200 and "Not proved." in page and said in page and "Proved" not in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "Choose the file of a receipt"),
        (b"", "Choose the file of a receipt"),
        (b"%PDF-1.7\n", "take the attached file receipt.json out"),
        (b"not json", "cannot be read as JSON"),
        (b"\xff\xfe{}", "cannot be read as JSON"),
        (b'{"format": 1, "format": 2}', "cannot be read as JSON"),
        (b"[" * 50_000, "cannot be read as JSON"),
        (b" " * (MAX_RECEIPT_BYTES + 1), "too large to be a receipt"),
    ],
)
def test_what_is_no_receipt_is_told_at_the_field(site: ConsoleSite, content: bytes | None, said: str) -> None:
    status, page = check(site.browser(Role.DPO), content)
    assert status == 422 and said in page and "Not proved" not in page


@pytest.mark.parametrize("content", [b"[]", b"1", b"null", b'"text"', b"{}", b'{"format": 1e9}', b'{"a": NaN}'])
def test_json_that_is_no_receipt_is_not_proved(site: ConsoleSite, content: bytes) -> None:
    status, page = check(site.browser(Role.DPO), content)
    assert status == 200 and "Not proved." in page


def test_far_too_much_is_not_even_read(site: ConsoleSite) -> None:
    assert check(site.browser(Role.DPO), b"x" * 300_000)[0] == 413


def test_it_wants_its_form_and_writes_nothing(site: ConsoleSite, known: Proven) -> None:
    browser = site.browser(Role.DPO)
    receipt = receipt_of(site, known)

    def leaves() -> int:
        with reading(site.wired.sessions) as session:
            return session.scalar(select(func.count()).select_from(LogLeaf)) or 0

    before = leaves()
    assert browser.get(PLACE).status_code == 200
    check(browser, receipt)
    browser.form_token = "another"
    assert check(browser, receipt)[0] in (400, 403)
    assert leaves() == before


def test_the_receipt_of_another_log_is_refused(site: ConsoleSite, fresh_site: ConsoleSite) -> None:
    foreign = receipt_of(fresh_site, proven(fresh_site.wired))
    _, page = check(site.browser(Role.DPO), foreign)
    assert "Not proved." in page and "Our log did not sign this" in page


def test_an_erased_content_is_proved_with_its_certificate(fresh_site: ConsoleSite) -> None:
    known = proven(fresh_site.wired)
    with unit(fresh_site.wired.sessions) as session:
        number = issue(session, "erasure", {"subject": "one"}, NOW, erases=known.person).number
    receipt = receipt_of(fresh_site, known)
    assert "content" not in receipt
    status, page = check(fresh_site.browser(Role.DPO), receipt)
    assert status == 200 and f"Proved; the content was erased under certificate {number}." in page
    _, mixed = check(fresh_site.browser(Role.DPO), receipt | {"erased": receipt["erased"] | {"statement": "x"}})
    assert "Not proved." in mixed


def test_a_log_that_lost_the_entry_says_so(fresh_site: ConsoleSite) -> None:
    known = proven(fresh_site.wired)
    receipt = receipt_of(fresh_site, known)
    with unit(fresh_site.wired.sessions) as session:
        event = next(one for one in session.scalars(select(LogEvent)) if str(one.id) == receipt["event"]["id"])
        changed = event.header.replace(b'"consent.given"', b'"consent.renewed"')
        session.execute(update(LogEvent).where(LogEvent.id == event.id).values(header=changed))
    _, page = check(fresh_site.browser(Role.DPO), receipt)
    assert "Proved, with its content." in page and "does not hold this entry at this place" in page


def test_an_older_receipt_still_stands_in_the_grown_log(fresh_site: ConsoleSite) -> None:
    known = proven(fresh_site.wired)
    receipt = receipt_of(fresh_site, known)
    for days in range(1, 8):
        declare(fresh_site.wired, known.person, ConsentState.REFUSED, NOW - timedelta(days=days))
    _, page = check(fresh_site.browser(Role.DPO), receipt)
    assert "holds the same entry at the same place" in page


def _sentences() -> Iterator[str]:
    tree = ast.parse(Path(verify_receipt.__file__).read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
            parts = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else [node.args[0]]
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "1" for one in parts)


def test_every_sentence_of_the_verifier_has_plain_words_in_both_languages() -> None:
    found = [one for one in _sentences() if "witness" not in one]
    assert len(found) > 30
    assert not [one for one in found if reason_in_words(one) == reason_in_words("something else")]
    for words in (*(words for _, words in _WORDS), OTHER):
        assert translations("fr").gettext(words) not in ("", words)
