"""Who may open which page of the portal: endpoint -> what the visitor must have shown.

A page about one request or one person judges besides whether it is the visitor's own: `web.portal.own`.
"""

from __future__ import annotations

from flask import abort, redirect, request, url_for

from consentcore.errors import ConfigurationError
from web.portal.access_table import ACCESS
from web.portal.sign_in import sent_away
from web.portal.visitor import Needs, visitor
from web.shell.access import Open

__all__ = ["ACCESS", "Needs", "check"]


def check() -> None:
    """Let a request through its rule; whoever has not confirmed an address yet is asked to."""
    if request.endpoint is None:
        return
    rule = ACCESS.get(request.endpoint)
    if rule is None:
        raise ConfigurationError(f"page {request.endpoint} has no access rule")
    if isinstance(rule, Open):
        return
    found = visitor()
    if rule is Needs.BEGUN and found is None:
        abort(redirect(url_for("start.page"), code=303))
    if rule is Needs.CONFIRMED_ADDRESS and (found is None or not found.confirmed):
        abort(sent_away(request.endpoint, request.view_args or {}))
