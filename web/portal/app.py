"""The portal's application: its pages, each in two languages under `/fr` and `/en`, so that no cookie says which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, g, redirect, request, url_for
from werkzeug.wrappers import Response

from registry.wording import LANGUAGES
from web.portal import pages_of_choices, pages_of_requests, start
from web.portal.access import ACCESS, check
from web.shell.access import Open, check_table
from web.shell.app import Face, make_app
from web.shell.csrf import FOR_MACHINES
from web.shell.language import FIRST, preferred
from web.wiring import Service

FACE = Face("portal", "web.portal", Path(__file__).parent)
PAGES = (start.PAGES, *pages_of_choices.PAGES, *pages_of_requests.PAGES)
_PREFIX = f"/<any({', '.join(LANGUAGES)}):lang>"


def create_app(service: Service) -> Flask:
    """Make the WSGI application of the portal for a wired service; several may live in one process.

    Raises: ConfigurationError when a page lacks an access rule.
    """
    app = make_app(FACE, service, _language, check, controller=service.policy.controller, other_language=other_language)
    app.config[FOR_MACHINES] = frozenset(name for name, rule in ACCESS.items() if rule is Open.TO_MACHINES)
    app.url_value_preprocessor(_take_language)
    app.url_defaults(_give_language)
    app.add_url_rule("/", "to_start", _to_start)
    for pages in PAGES:
        app.register_blueprint(pages, url_prefix=_PREFIX + (pages.url_prefix or ""))
    check_table(app, ACCESS)
    return app


def other_language() -> tuple[str, str]:
    """Return the other language and this very page in it; the first page, where this one has no address of its own."""
    other = next(one for one in LANGUAGES if one != g.get("language", FIRST))
    if request.endpoint is None or request.method != "GET" or g.get("failed"):
        return other, url_for("start.page", lang=other)
    return other, url_for(request.endpoint, **{**(request.view_args or {}), "lang": other})


def _to_start() -> Response:
    return redirect(url_for("start.page", lang=preferred()))


def _take_language(endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.path_language = values.pop("lang", None) if values else None


def _give_language(endpoint: str, values: dict[str, Any]) -> None:
    if "lang" not in values and endpoint != "to_start":
        values["lang"] = g.get("language", FIRST)


def _language() -> str:
    return str(g.get("path_language") or preferred())
