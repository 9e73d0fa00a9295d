"""The menu of the console: groups of places, each only for those who may open it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, url_for

from web.console.access_table import ACCESS
from web.security.permissions import Permission
from web.security.staff import Staff
from web.shell.language import gettext, later


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the menu; `under` names the endpoints (up to the dot) whose pages stand under it."""

    endpoint: str
    icon: str
    text: str
    under: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the menu as it is drawn."""

    href: str
    icon: str
    text: str
    current: bool


MENU: tuple[tuple[str, tuple[Place, ...]], ...] = (
    ("", (Place("today.page", "sun-high", later("Today")),)),
    (
        later("Requests"),
        (
            Place(
                "requests.page",
                "inbox",
                later("All requests"),
                ("requests", "request", "verification", "plan", "execution", "refusal"),
            ),
            Place("intake.page", "mail-plus", later("Enter a request")),
        ),
    ),
    (
        later("Consent"),
        (
            Place("people.page", "user-check", later("One person’s consent"), ("people", "person")),
            Place("decision.page", "shield-check", later("May we write to…?")),
        ),
    ),
    (
        later("Accountability"),
        (
            Place("register.page", "book-2", later("Register")),
            Place("retention.page", "clock-hour-4", later("Retention")),
            Place("log.page", "lock", later("Log and proofs"), ("receipt_check",)),
        ),
    ),
)


def navigation(person: Staff, endpoint: str | None) -> list[tuple[str, list[Shown]]]:
    """Return the menu as `person` may use it, the place of the page marked; empty groups are left out."""
    here = (endpoint or "").partition(".")[0]
    groups = []
    for title, places in MENU:
        shown = [_shown(place, here) for place in places if _may_open(person, place)]
        if shown:
            groups.append((gettext(title) if title else "", shown))
    return groups


def _may_open(person: Staff, place: Place) -> bool:
    rule = ACCESS.get(place.endpoint)
    return place.endpoint in current_app.view_functions and isinstance(rule, Permission) and person.may(rule)


def _shown(place: Place, here: str) -> Shown:
    own = place.endpoint.partition(".")[0]
    return Shown(url_for(place.endpoint), place.icon, gettext(place.text), here == own or here in place.under)
