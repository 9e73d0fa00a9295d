"""Asking on the portal as a person does, page by page; and what staff then do, without the console."""

from __future__ import annotations

import re

from consentcore.requests import erasure, lifecycle
from consentcore.requests.tables import Right
from tests.builders.faces import Browser
from web.jobs.executions import carry_on
from web.transaction import unit
from web.wiring import Service

_SUBMIT = re.compile(r'name="submit" value="([^"]+)"')


def fill_in(browser: Browser, what: str, *, whom: str = "me", lang: str = "fr") -> None:
    """Answer the questions of an access, a portability or an erasure for a confirmed visitor, up to the check."""
    browser.get(f"/{lang}/ask/{what}")
    browser.send(f"/{lang}/ask/{what}", {})
    browser.send(f"/{lang}/ask/whom", {"whom": whom})


def submit_of(browser: Browser) -> str:
    """Return the name of the draft on the page that checks the answers."""
    assert browser.page is not None
    found = _SUBMIT.search(browser.page.get_data(as_text=True))
    assert found, "this is not the page that checks the answers"
    return found[1]


def send_in(browser: Browser, *, lang: str = "fr", proof: bool = True) -> str:
    """Send the answers that stand on the page; returns the reference."""
    answer = browser.post(f"/{lang}/ask/{'answers' if proof else 'check'}", {"submit": submit_of(browser)})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"].rpartition("/")[2]


def ask_for(browser: Browser, what: str, *, lang: str = "fr") -> str:
    """Ask for an access, a portability or an erasure of one's own; returns the reference."""
    fill_in(browser, what, lang=lang)
    return send_in(browser, lang=lang)


def carry_through(service: Service, reference: str) -> None:
    """Let staff bring a verified request to its end: two persons, where it is an erasure."""
    now = service.now()
    with unit(service.sessions) as session:
        dsr = lifecycle.find(session, reference)
        if Right.ERASURE in lifecycle.rights_of(session, dsr.id) and dsr.subject_ref is not None:
            plan = erasure.assess(session, service.keyring, service.policy, dsr.id, "first@example.org", now)
            erasure.approve(session, dsr.id, plan.sha256, "second@example.org", now)
        lifecycle.start(session, dsr.id, now, by="first@example.org")
    carry_on(service)
