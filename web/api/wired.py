"""The service that an application was made for, within a request."""

from __future__ import annotations

from typing import cast

from flask import current_app, g

from web.security.apikeys import Caller
from web.wiring import Service

EXTENSION = "consentcore"


def service() -> Service:
    """Return the wired service of the application that answers."""
    return cast(Service, current_app.extensions[EXTENSION])


def caller() -> Caller:
    """Return the machine that asks; every operation with a scope has one."""
    return cast(Caller, g.caller)
