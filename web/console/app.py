"""The console's application: its pages, its language and light from the profile of whoever is signed in."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, g, request

from registry.wording import LANGUAGES
from web.console import account, pages_of_accountability, pages_of_cases, pages_of_consents, pages_of_requests, sign_in
from web.console.access import ACCESS, check
from web.console.navigation import navigation
from web.console.person_signed_in import find_staff
from web.console.role_words import role_in_words
from web.shell.access import check_table
from web.shell.app import Face, make_app
from web.shell.language import preferred
from web.wiring import Service

FACE = Face("console", "web.console", Path(__file__).parent, scripts=True)
PAGES = (
    sign_in.PAGES,
    account.PAGES,
    *pages_of_requests.PAGES,
    *pages_of_cases.PAGES,
    *pages_of_consents.PAGES,
    *pages_of_accountability.PAGES,
)


def create_app(service: Service) -> Flask:
    """Make the WSGI application of the console for a wired service; several may live in one process.

    Raises: ConfigurationError when a page lacks an access rule.
    """
    app = make_app(FACE, service, _language, check, controller=service.policy.controller, navigation=navigation)
    for pages in PAGES:
        app.register_blueprint(pages)
    app.context_processor(lambda: {"me": g.get("staff")})
    app.jinja_env.filters["role_in_words"] = role_in_words
    check_table(app, ACCESS)
    return app


def _language() -> str:
    person = find_staff()
    if person is not None:
        return person.language
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else preferred()
