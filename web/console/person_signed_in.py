"""The member of staff behind a session."""

from __future__ import annotations

from typing import cast

from flask import g

from web.security import staff
from web.security.staff import Staff
from web.shell.wired import service, visit
from web.transaction import reading


def find_staff() -> Staff | None:
    """Return who is signed in; None without a session, or when the account was closed. Looked up once per request."""
    if "staff" not in g:
        g.staff = _looked_up()
    return cast("Staff | None", g.staff)


def _looked_up() -> Staff | None:
    current = visit()
    if current is None or current.staff_id is None:
        return None
    wired = service()
    with reading(wired.sessions) as session:
        found = staff.by_id(session, wired.keyring, current.staff_id)
    return None if found is None or found.disabled else found


def signed_in() -> Staff:
    """Return who is signed in, on a page that lets nobody else through."""
    return cast(Staff, g.staff)
