"""The log in the console: what happened without saying to whom, and the audit of the whole of it."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from consentcore.ledger import entries as entries_of_log
from consentcore.ledger.entries import entries, log_size, newest_entry
from consentcore.ledger.events import Event, registered
from consentcore.ledger.log import queue_many
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.tables import LogEvent, LogLeaf
from tests.builders.console import NOW, ConsoleSite
from tests.builders.faces import Browser
from tests.builders.people import open_people
from web.cli.main import main
from web.console.event_words import EVENT_WORDS
from web.jobs.audit import MAX_CHECKPOINT_BYTES
from web.security.permissions import Role
from web.shell.catalogue import translations
from web.transaction import reading, unit


def write(site: ConsoleSite, kind: str, count: int = 1, days_ago: int = 0) -> None:
    """Write some entries of a type into the log, in one unit."""
    at = NOW - timedelta(days=days_ago)
    with unit(site.wired.sessions) as session:
        queue_many(session, [Event(type=kind, at=at, data={"number": n}) for n in range(count)])


def verify(browser: Browser, content: bytes | None = None) -> tuple[int, str]:
    """Press "Verify now", with a checkpoint perhaps; returns status and page."""
    files = {} if content is None else {"checkpoint": (io.BytesIO(content), "checkpoint.txt")}
    answer = browser.post("/log/verify", files, content_type="multipart/form-data")
    return answer.status_code, answer.get_data(as_text=True)


def test_every_event_has_words_in_both_languages() -> None:
    assert main.commands  # every room has named its events
    assert not set(registered()) - set(EVENT_WORDS) - {name for name in registered() if name.startswith("test")}
    for words in EVENT_WORDS.values():
        assert words and translations("fr").gettext(words) not in ("", words)


def test_the_page_tells_what_and_when_and_nobody(fresh_site: ConsoleSite) -> None:
    refs = open_people(fresh_site.wired.sessions, fresh_site.wired.keyring, NOW, "odile@courriel.example")
    write(fresh_site, "import.batch", 3)
    write(fresh_site, "breach.opened")
    browser = fresh_site.browser(Role.AUDITOR)
    page = browser.get("/log/").get_data(as_text=True)
    assert "The log has 5 entries." in page and "Rows imported (3)" in page and "Data breach entered" in page
    assert str(refs[0]) not in page and "odile" not in page and fresh_site.wired.keyring.log_signer().vkey in page
    only = browser.get("/log/?type=breach.opened").get_data(as_text=True)
    assert only.count("<td>Data breach entered</td>") == 1 and "<td>Rows imported</td>" not in only
    assert "Nothing of this kind" in browser.get("/log/?type=request.refused").get_data(as_text=True)
    assert browser.get("/log/?type=nonsense&days=5&before=-3").status_code == 200


def test_a_long_log_is_leafed_through_page_by_page(fresh_site: ConsoleSite) -> None:
    write(fresh_site, "import.batch", 70)
    browser = fresh_site.browser(Role.AUDITOR)
    seen: list[int] = []
    path: str | None = "/log/?type=import.batch"
    while path:
        page = browser.get(path).get_data(as_text=True)
        seen += [int(number) for number in re.findall(r'<th scope="row" class="cc-num">(\d+)</th>', page)]
        older = re.search(r'href="([^"]+before=\d+)">Older', page)
        path = older[1].replace("&amp;", "&") if older else None
    assert seen == list(range(69, -1, -1))


def test_reading_stops_at_the_time_asked_for_and_at_its_bound(
    fresh_site: ConsoleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reading(fresh_site.wired.sessions) as session:
        assert newest_entry(session) is None and log_size(session) == 0
    write(fresh_site, "import.batch", 4, days_ago=9)
    write(fresh_site, "breach.opened", 2)
    with reading(fresh_site.wired.sessions) as session:
        week = entries(session, NOW - timedelta(days=7))
        assert (
            [one.index for one in week.shown] == [5, 4] and week.complete and dict(week.counts) == {"breach.opened": 2}
        )
        assert len(entries(session, NOW - timedelta(days=30)).shown) == 6
        monkeypatch.setattr(entries_of_log, "MOST_READ", 3)
        assert not entries(session, NOW - timedelta(days=30)).complete


def test_a_whole_log_is_found_whole_and_continues_an_outside_checkpoint(fresh_site: ConsoleSite) -> None:
    write(fresh_site, "import.batch", 5)
    with reading(fresh_site.wired.sessions) as session:
        kept = latest_checkpoint(session)
    write(fresh_site, "import.batch", 5)
    browser = fresh_site.browser(Role.AUDITOR)
    handed = browser.get("/log/checkpoint")
    assert handed.status_code == 200 and "attachment" in handed.headers["Content-Disposition"]
    assert browser.get("/log/log.vkey").get_data(as_text=True).strip() == fresh_site.wired.keyring.log_signer().vkey
    status, page = verify(browser)
    assert status == 200 and "The log is whole." in page and "11 entries" in page
    assert kept is not None
    for note in (kept.note.encode(), handed.data):
        status, page = verify(browser, note)
        assert status == 200 and "It continues the checkpoint that you sent." in page


def test_a_log_that_was_cut_does_not_continue_what_was_kept(fresh_site: ConsoleSite) -> None:
    browser = fresh_site.browser(Role.AUDITOR)
    write(fresh_site, "import.batch")
    write(fresh_site, "breach.opened")
    kept = browser.get("/log/checkpoint").data
    with unit(fresh_site.wired.sessions) as session:
        last = session.scalar(select(func.max(LogLeaf.idx)))
        event = session.scalar(select(LogLeaf.event_id).where(LogLeaf.idx == last))
        session.execute(delete(LogLeaf).where(LogLeaf.idx == last))
        session.execute(delete(LogEvent).where(LogEvent.id == event))
    assert "The log is whole." in verify(browser)[1]  # alone it cannot know
    status, page = verify(browser, kept)
    assert status == 200 and "The log does not hold." in page and "rolled back" in page


def test_a_changed_entry_is_named_and_the_page_still_opens(fresh_site: ConsoleSite) -> None:
    write(fresh_site, "import.batch", 3)
    browser = fresh_site.browser(Role.AUDITOR)
    with unit(fresh_site.wired.sessions) as session:
        event = session.scalar(select(LogLeaf.event_id).where(LogLeaf.idx == 1))
        session.execute(update(LogEvent).where(LogEvent.id == event).values(header=b"{not json"))
    assert browser.get("/log/").status_code == 200
    status, page = verify(browser)
    assert status == 200 and "The log does not hold." in page and "does not fit is n° 1." in page


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\x00", "it is not text"),
        (b"x" * (MAX_CHECKPOINT_BYTES + 1), "too large"),
        (b"hello", "no checkpoint of a log"),
    ],
    ids=["bytes", "large", "text"],
)
def test_what_is_no_checkpoint_is_told_at_its_field(site: ConsoleSite, content: bytes, sentence: str) -> None:
    write(site, "import.batch")
    status, page = verify(site.browser(Role.AUDITOR), content)
    assert status == 422 and sentence in page and 'href="#checkpoint"' in page


def test_a_checkpoint_of_another_log_is_refused(site: ConsoleSite, fresh_site: ConsoleSite) -> None:
    write(fresh_site, "import.batch")
    foreign = fresh_site.browser(Role.AUDITOR).get("/log/checkpoint").data
    status, page = verify(site.browser(Role.AUDITOR), foreign)
    assert status == 422 and 'href="#checkpoint"' in page
