"""The language of a page, and texts, dates and numbers in it."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import current_app, g, has_request_context, request
from markupsafe import Markup

from registry.wording import LANGUAGES, date_in_words
from web.shell.catalogue import translations
from web.wiring import Service

FIRST = LANGUAGES[0]


def language() -> str:
    """Return the language of the page that is being made; French where there is no page."""
    return str(g.language) if has_request_context() and "language" in g else FIRST


def preferred() -> str:
    """Return the language that the browser asks for first, among ours; French otherwise."""
    return request.accept_languages.best_match(LANGUAGES) or FIRST


def gettext(text: str, /, **values: Any) -> str:
    """Return a text in the page's language, with named values put in."""
    return _filled(translations(language()).gettext(text), values)


def ngettext(singular: str, plural: str, number: int, /, **values: Any) -> str:
    """Return a text for a number of things; `number` can be put in as `%(num)s`, written as the language writes it."""
    said = translations(language()).ngettext(singular, plural, number)
    return _filled(said, {"num": decimal(number), **values})


def pgettext(context: str, text: str, /, **values: Any) -> str:
    """Return a text whose translation depends on where it stands."""
    return _filled(translations(language()).pgettext(context, text), values)


def later(text: str) -> str:
    """Mark a text of a table for the catalogue and return it as it is; `gettext` translates it where it is shown."""
    return text


_ = gettext


def _filled(text: str, values: dict[str, Any]) -> str:
    if not values:
        return text
    if any(isinstance(value, Markup) for value in values.values()):
        return Markup(text) % values  # noqa: S704 a text of ours; values are escaped by `%`
    return text % values


def _zone() -> ZoneInfo:
    service: Service = current_app.extensions["consentcore"]
    return ZoneInfo(service.policy.controller.timezone)


def local(instant: datetime) -> datetime:
    """Return an instant as the clocks of the controller show it."""
    return instant.astimezone(_zone())


def today() -> date:
    """Return the day it is where the controller is."""
    service: Service = current_app.extensions["consentcore"]
    return local(service.now()).date()


def long_day(day: date) -> str:
    """Write a day in full: `12 novembre 2026`."""
    return date_in_words(day, language())


def week_day(day: date) -> str:
    """Write a day in full with its name: `jeudi 12 novembre 2026`."""
    return f"{format_date(day, 'EEEE', locale=language())} {long_day(day)}"


def short_day(day: date, *, year: bool | None = None) -> str:
    """Write a day for tables: `jeu. 12 nov.`, with the year where it is not this one."""
    with_year = day.year != today().year if year is None else year
    return _ordinal(format_date(day, "EEE d MMM y" if with_year else "EEE d MMM", locale=language()), day)


def hour(instant: datetime) -> str:
    """Write the time of day where the controller is: `14 h 20`, `14:20`."""
    at = local(instant)
    return f"{at.hour}\u00a0h\u00a0{at.minute:02d}" if language() == "fr" else f"{at.hour:02d}:{at.minute:02d}"


def moment(instant: datetime) -> str:
    """Write an instant for lists: `9 nov. 8 h 31`, with the year where it is not this one."""
    day = local(instant).date()
    pattern = "d MMM" if day.year == today().year else "d MMM y"
    return f"{_ordinal(format_date(day, pattern, locale=language()), day)} {hour(instant)}"


def _ordinal(written: str, day: date) -> str:
    """Write the first of a month as French does: `1er janv.`."""
    return re.sub(r"\b1 ", "1er ", written, count=1) if language() == "fr" and day.day == 1 else written


def long_moment(instant: datetime) -> str:
    """Write an instant in full: `9 novembre 2026 à 8 h 47`."""
    word = "à" if language() == "fr" else "at"
    return f"{long_day(local(instant).date())} {word} {hour(instant)}"


def decimal(number: float) -> str:
    """Write a number as the language does."""
    return format_decimal(number, locale=language())


def days_away(day: date) -> str:
    """Say how far a day is from today: `aujourd’hui`, `dans 3 jours`, `3 jours de retard`."""
    days = (day - today()).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    if days > 0:
        return ngettext("in %(num)s day", "in %(num)s days", days)
    return ngettext("%(num)s day late", "%(num)s days late", -days)
