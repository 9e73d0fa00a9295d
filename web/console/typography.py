"""Texts of the policies and of the register, set as the page's language is set."""

from __future__ import annotations

from babel import Locale

from registry.wording import LANGUAGES
from web.shell.catalogue import typeset
from web.shell.language import language

FRENCH = LANGUAGES[0]


def set_in(text: str, lang: str) -> str:
    """Return a text of some language with its typography set right; only French asks for anything."""
    return typeset(text) if lang == FRENCH else text


def language_name(code: str) -> str:
    """Return what a language is called in the page's language: `français`, `French`; its code where it has no name."""
    return str(Locale.parse(language()).languages.get(code, code))


def set_here(text: str) -> str:
    """Return a text of the page's language with its typography set right."""
    return set_in(text, language())
