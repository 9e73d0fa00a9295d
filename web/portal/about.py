"""What this site knows of its visitors, and how accessible it is: two pages that the footer leads to."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, render_template

from web.security.codes import ATTEMPTS, MINUTES
from web.security.sessions import SPANS
from web.shell.visits import cookie_name

PAGES = Blueprint("about", __name__)
ASSESSED_ON = date(2026, 11, 22)
"""When accessibility was last tested; a test of the pages themselves stands in the suite."""


@PAGES.get("/about")
def page() -> str:
    """Say what is kept of a visit, where and for how long."""
    span = SPANS["portal"]
    return render_template(
        "about.html",
        cookie=cookie_name(),
        idle=span.idle // timedelta(minutes=1),
        hours=span.whole // timedelta(hours=1),
        minutes=MINUTES,
        attempts=ATTEMPTS,
    )


@PAGES.get("/accessibility")
def accessibility() -> str:
    """Give the statement on accessibility: what was tested, what is known to fall short, how to complain."""
    return render_template("accessibility.html", assessed_on=ASSESSED_ON)
