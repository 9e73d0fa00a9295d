"""The session of a browser: found by its cookie before each request, noted as used, begun and ended by the faces.

Each face has a cookie of its own, which the other one never receives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from web.security import sessions
from web.security.sessions import Visit
from web.shell.wired import service, visit
from web.transaction import reading, unit

_FACE = "CC_FACE"


def keep_visits(app: Flask, face: str) -> None:
    """Let every request of an application know its session, and every answer set or clear the cookie."""
    app.config[_FACE] = face
    app.before_request(_find)
    app.after_request(_set_cookie)


def start(session: Session, *, staff_id: UUID | None = None, content: Mapping[str, Any] | None = None) -> Visit:
    """Begin a session for this browser in the caller's unit; one that it had is ended (no fixation)."""
    wired = service()
    before = visit()
    if before is not None:
        sessions.end(session, before)
    made = sessions.start(session, wired.keyring, _face(), wired.now(), staff_id=staff_id, content=content)
    g.visit, g.set_cookie = made, made.token
    return made


def keep(session: Session, content: Mapping[str, Any]) -> Visit:
    """Keep other content in this browser's session, in the caller's unit; begins one where there is none."""
    current = visit()
    if current is None:
        return start(session, content=content)
    g.visit = sessions.keep(session, service().keyring, current, content)
    return current


def end(session: Session) -> None:
    """End this browser's session in the caller's unit, and clear its cookie."""
    current = visit()
    if current is not None:
        sessions.end(session, current)
    g.visit, g.set_cookie = None, ""


def cookie_name() -> str:
    """Return the name of this face's cookie; over TLS it has the prefix that only TLS can set."""
    return f"{'__Secure-' if _secure() else ''}cc_{_face()}"


def _find() -> None:
    token = request.cookies.get(cookie_name(), "")
    g.visit = None
    if not token:
        return
    wired = service()
    now = wired.now()
    with reading(wired.sessions) as session:
        found = sessions.find(session, wired.keyring, _face(), token, now)
    if found is not None and sessions.needs_touch(found, now):
        with unit(wired.sessions) as session:
            sessions.touch(session, found, now)
    g.visit = found


def _set_cookie(answer: Response) -> Response:
    if "set_cookie" not in g:
        return answer
    if g.set_cookie:
        answer.set_cookie(cookie_name(), g.set_cookie, path=_path(), secure=_secure(), httponly=True, samesite="Lax")
    else:
        answer.delete_cookie(cookie_name(), path=_path(), secure=_secure(), httponly=True, samesite="Lax")
    return answer


def _face() -> str:
    return str(current_app.config[_FACE])


def _path() -> str:
    return request.root_path or "/"


def _secure() -> bool:
    return service().settings.base_url.startswith("https://")
