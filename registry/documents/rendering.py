"""Filling the templates: everything is escaped, nothing may be undefined, French punctuation keeps to its word."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.ext import Extension
from markupsafe import Markup

from consentcore.clock import ensure_utc
from consentcore.policyset import Controller
from registry.activities import SUBJECTS
from registry.countries import country_name
from registry.documents.authorities import authority_of
from registry.documents.fonts import FONTS
from registry.documents.shown import shown
from registry.pictures.tokens import FONT_STACK, light
from registry.wording import BASES, CATEGORIES, RECIPIENT_KINDS, check_language, date_in_words, said, text_in

TEMPLATES = Path(__file__).parent / "templates"
_NARROW_SPACE = "\u202f"
_POINT = re.compile(r"(\d+)\((\d+)\)(?:\(([a-z])\))?")


class FrenchSpaces(Extension):
    """Sets narrow no-break spaces before double punctuation in French templates, never in the data filled in."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Change the prose of `fr/*.html`."""
        if name is None or not name.startswith("fr/") or not name.endswith(".html"):
            return source
        return re.sub(r" ([;:?!»])", rf"{_NARROW_SPACE}\1", source).replace("« ", f"«{_NARROW_SPACE}")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html",), disabled_extensions=("css", "txt"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
        extensions=[FrenchSpaces],
    )
    made.filters |= {"day": date_in_words, "country": country_name, "article": article_in_words, "said_in": text_in}
    made.filters |= {"basis": _words_of(BASES), "category": _words_of(CATEGORIES), "subject": _words_of(SUBJECTS)}
    made.filters |= {"recipient_kind": _words_of(RECIPIENT_KINDS)}
    return made


def _words_of(words: Any) -> Any:
    return lambda code, lang: said(words, code, lang)


def _visible(value: Any) -> Any:
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def article_in_words(article: str, lang: str) -> str:
    """Write an article as a language does: `17(3)(b)` is `article 17 §3 b` in French, `Article 17(3)(b)` in English."""
    found = _POINT.fullmatch(article)
    if lang != "fr":
        return f"Article\u00a0{article}"
    text = article if found is None else " ".join(part for part in (found[1], f"§{found[2]}", found[3]) if part)
    return f"article\u00a0{text}".replace(" ", "\u00a0")


def civil_day(controller: Controller, now: datetime) -> date:
    """Return the date that `now` falls on where the controller is."""
    return ensure_utc(now).astimezone(ZoneInfo(controller.timezone)).date()


def fill(template: str, controller: Controller, lang: str, now: datetime, **values: Any) -> str:
    """Fill a template and return its text; `{lang}` in its name stands for the language.

    Raises: BadInput for a language that documents are not written in; jinja2.UndefinedError where a value is missing.
    """
    check_language(lang)
    return (
        _environment()
        .get_template(template.replace("{lang}", lang))
        .render(
            lang=lang,
            controller=controller,
            authority=authority_of(controller.country),
            today=civil_day(controller, now),
            created=ensure_utc(now).strftime("%Y-%m-%dT%H:%M:%SZ"),
            token=light(),
            fonts=FONT_STACK,
            font_files=FONTS,
            **values,
        )
    )
