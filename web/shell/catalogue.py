"""The catalogues of texts: every `.po` file of a language, merged, with its typography set right.

Texts in the program are English; French stands in catalogues. They are read as text when a process starts, so nothing
compiled is kept beside them.
"""

from __future__ import annotations

import gettext
import io
import re
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from consentcore.errors import ConfigurationError

FOLDER = Path(__file__).parent.parent / "translations"
SOURCE = "en"
"""The language that the texts in the program are written in."""
_NARROW, _NO_BREAK = "\u202f", "\u00a0"
_BEFORE = re.compile(r" ([;:?!»€]|%(?!\())")
_DIGITS = re.compile(r"(?<=\d) (?=\d{3}\b)")


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the texts of a language; the source language needs no catalogue.

    Raises: ConfigurationError when two files translate one text in two ways.
    """
    if language == SOURCE:
        return gettext.NullTranslations()
    stream = io.BytesIO()
    write_mo(stream, merged(language))
    stream.seek(0)
    return gettext.GNUTranslations(stream)


def merged(language: str) -> Catalog:
    """Return every catalogue file of a language as one, French typography set."""
    whole = Catalog(locale=language)
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as stream:
            part = read_po(stream, locale=language, abort_invalid=True)
        for message in part:
            if message.id and not message.fuzzy:
                _add(whole, message.id, message.string, message.context, path.name)
    return whole


def _add(whole: Catalog, text: object, said: object, context: str | None, file: str) -> None:
    strings = tuple(typeset(one) for one in said) if isinstance(said, (tuple, list)) else typeset(str(said))
    known = whole.get(text, context)  # type: ignore[arg-type]
    if known is not None and known.string != strings:
        raise ConfigurationError(f"{file} translates a text in another way than a file before it: {str(text)[:60]!r}")
    whole.add(text, strings, context=context)  # type: ignore[arg-type]


def typeset(text: str) -> str:
    """Set a French text: narrow no-break spaces before double punctuation and inside numbers, typographic quotes."""
    spaced = _BEFORE.sub(rf"{_NARROW}\1", text).replace("« ", f"«{_NARROW}").replace("'", "’")
    return _DIGITS.sub(_NARROW, spaced).replace("art. ", f"art.{_NO_BREAK}").replace("n° ", f"n°{_NO_BREAK}")
