"""What a request of a face works with: the wired service and the session of its browser."""

from __future__ import annotations

from typing import cast

from flask import current_app, g

from web.security.sessions import Visit
from web.wiring import Service

EXTENSION = "consentcore"


def service() -> Service:
    """Return the wired service of the application that answers."""
    return cast(Service, current_app.extensions[EXTENSION])


def visit() -> Visit | None:
    """Return the session of this browser at this face, if there is one."""
    return cast("Visit | None", g.get("visit"))
