"""P1, the first page: plain choices, how long an answer takes, how else to reach us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from flask import Blueprint, current_app, render_template

from registry.wording import period_in_words
from web.shell.language import gettext as _
from web.shell.language import language, later
from web.shell.wired import service

PAGES = Blueprint("start", __name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be done here."""

    endpoint: str
    icon: str
    title: str
    sentence: str
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def _ask(what: str, icon: str, title: str, sentence: str) -> Choice:
    return Choice("ask.page", icon, title, sentence, MappingProxyType({"what": what}))


CHOICES = (
    Choice("preferences.page", "hand-stop", later("Change what I receive"), later("At once, without an account")),
    _ask("access", "file-search", later("See my data"), later("A copy of what we know about you")),
    _ask("rectification", "edit", later("Correct a mistake"), later("Address, name, contact details…")),
    _ask("erasure", "trash", later("Erase my data"), later("And learn what the law makes us keep")),
    _ask("portability", "package", later("Take my data with me"), later("In a format that others can use")),
    _ask("limit", "ban", later("Object, or limit a use"), later("Marketing, profiling, dispute")),
)
FOLLOW = "follow.page"
_ONE_MONTH = "P1M"


@PAGES.get("/")
def page() -> str:
    """Show what can be done here."""
    policy, known = service().policy, current_app.view_functions
    reply = policy.deadlines_for(policy.controller.country).reply
    return render_template(
        "start.html",
        choices=[one for one in CHOICES if one.endpoint in known],
        within=_("one month") if reply == _ONE_MONTH else period_in_words(reply, language()),
        follow=FOLLOW if FOLLOW in known else None,
    )
