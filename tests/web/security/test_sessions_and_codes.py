"""Sessions end when they should, and one-time codes open one thing in one browser, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from web.security import codes, sessions
from web.security.codes import ATTEMPTS, Tried
from web.security.sessions import SPANS, Visit
from web.security.tables import SessionRow

ADDRESS = "camille@courriel.example"


@pytest.fixture
def visit(session: Session, keyring: Keyring, now: datetime) -> Visit:
    """A session at the portal."""
    return sessions.start(session, keyring, "portal", now, content={"email": ADDRESS})


def test_a_token_opens_its_session_at_its_face_alone(
    session: Session, keyring: Keyring, now: datetime, visit: Visit
) -> None:
    found = sessions.find(session, keyring, "portal", visit.token, now)
    assert found is not None
    assert found.content == {"email": ADDRESS}
    assert sessions.find(session, keyring, "console", visit.token, now) is None
    for wrong in ("", "x" * 43, visit.token[:-1] + ("A" if visit.token[-1] != "A" else "B"), "é" * 43):
        assert sessions.find(session, keyring, "portal", wrong, now) is None


def test_a_session_ends_without_use_and_at_last_in_any_case(
    session: Session, keyring: Keyring, now: datetime, visit: Visit
) -> None:
    span, at = SPANS["portal"], now
    assert sessions.find(session, keyring, "portal", visit.token, now + span.idle) is None
    while at < now + span.whole:
        found = sessions.find(session, keyring, "portal", visit.token, at)
        assert found is not None, at
        sessions.touch(session, found, at)
        at += span.idle - timedelta(minutes=1)
    assert sessions.find(session, keyring, "portal", visit.token, now + span.whole) is None


def test_neither_token_nor_content_is_readable_at_rest(session: Session, visit: Visit) -> None:
    row = session.execute(text("SELECT * FROM cc_session")).one()
    stored = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert visit.token.encode() not in stored
    assert b"camille" not in stored


def test_what_is_over_is_swept(session: Session, keyring: Keyring, now: datetime, visit: Visit) -> None:
    sessions.start(session, keyring, "portal", now + timedelta(hours=3))
    assert len(session.scalars(select(SessionRow)).all()) == 1


def test_a_session_does_not_grow_without_end(session: Session, keyring: Keyring, visit: Visit) -> None:
    with pytest.raises(BadInput):
        sessions.keep(session, keyring, visit, {"x": "y" * sessions.MAX_CONTENT})


def test_a_form_belongs_to_its_session(session: Session, keyring: Keyring, now: datetime, visit: Visit) -> None:
    other = sessions.start(session, keyring, "portal", now)
    assert visit.owns_form(visit.form_token())
    assert not visit.owns_form(other.form_token())
    assert not visit.owns_form("")
    assert visit.token not in visit.form_token()


def test_a_code_opens_once(session: Session, now: datetime, visit: Visit) -> None:
    code = codes.issue(session, visit, "sign_in", now)
    typed = f" {code[:3]}-{code[3:]} "
    assert codes.attempt(session, visit, "sign_in", typed, now).outcome is Tried.RIGHT
    assert codes.attempt(session, visit, "sign_in", typed, now).outcome is Tried.OVER


def test_a_code_is_for_one_use_and_one_browser(session: Session, keyring: Keyring, now: datetime, visit: Visit) -> None:
    code = codes.issue(session, visit, "sign_in", now)
    other = sessions.start(session, keyring, "portal", now)
    assert codes.attempt(session, visit, "download", code, now).outcome is Tried.OVER
    assert codes.attempt(session, other, "sign_in", code, now).outcome is Tried.OVER


def test_a_newer_code_replaces_an_older_one(session: Session, now: datetime, visit: Visit) -> None:
    first, second = codes.issue(session, visit, "sign_in", now), codes.issue(session, visit, "sign_in", now)
    if first != second:
        assert codes.attempt(session, visit, "sign_in", first, now).outcome is Tried.WRONG
    assert codes.attempt(session, visit, "sign_in", second, now).outcome is Tried.RIGHT


def test_a_code_expires(session: Session, now: datetime, visit: Visit) -> None:
    code = codes.issue(session, visit, "sign_in", now)
    late = now + timedelta(minutes=codes.MINUTES)
    assert codes.attempt(session, visit, "sign_in", code, late).outcome is Tried.OVER


def test_guessing_ends(session: Session, now: datetime, visit: Visit) -> None:
    code = codes.issue(session, visit, "sign_in", now)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    left = [codes.attempt(session, visit, "sign_in", wrong, now).left for _ in range(ATTEMPTS)]
    assert left == list(range(ATTEMPTS - 1, -1, -1))
    assert codes.attempt(session, visit, "sign_in", code, now).outcome is Tried.OVER


@pytest.mark.parametrize("junk", ["", "x", "١٢٣٤٥٦", "0" * 10_000, "\x00\x01"])
def test_junk_is_a_wrong_code(session: Session, now: datetime, visit: Visit, junk: str) -> None:
    codes.issue(session, visit, "sign_in", now)
    assert codes.attempt(session, visit, "sign_in", junk, now).outcome is Tried.WRONG
