"""Who may open which page of the console: endpoint -> the one permission it asks for, or why it needs none."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from werkzeug.exceptions import Forbidden

from consentcore.errors import ConfigurationError
from web.console.access_table import ACCESS
from web.console.person_signed_in import find_staff
from web.shell.access import Open

__all__ = ["ACCESS", "check"]


def check() -> None:
    """Let a request through its rule: to the sign-in page without a session, refused without the permission.

    Raises: Forbidden.
    """
    if request.endpoint is None:  # no such page: the framework says so next
        return
    rule = ACCESS.get(request.endpoint)
    if rule is None:
        raise ConfigurationError(f"page {request.endpoint} has no access rule")
    if isinstance(rule, Open):
        return
    person = find_staff()
    if person is None:
        abort(redirect(url_for("sign_in.page"), code=303))
    if not person.may(rule):
        raise Forbidden
