"""Every text that a person may see has a French translation that takes the same values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from tests.builders.source import ROOT
from web.shell.catalogue import merged, translations, typeset

WEB = ROOT / "web"
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "later": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
OPTIONS = {"**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
VALUE = re.compile(r"%\(([a-z_]+)\)s")

Text = tuple[str | None, str | tuple[str, ...]]


def texts() -> Iterator[tuple[str, Text]]:
    """Yield every text in the program with the file that it stands in."""
    found = extract_from_dir(WEB, METHODS, OPTIONS, KEYWORDS)
    for file, _, message, _, context in found:
        yield file, (context, message)


@pytest.fixture(scope="module")
def known() -> dict[tuple[str | None, str], tuple[str, ...]]:
    """What the French catalogue says, by context and text."""
    found = {}
    for message in merged("fr"):
        if message.id:
            first = message.id[0] if isinstance(message.id, tuple) else message.id
            said = message.string if isinstance(message.string, tuple) else (message.string,)
            found[message.context, first] = tuple(str(one) for one in said)
    return found


def test_there_are_texts() -> None:
    assert len({text for _, (_, text) in texts()}) > 80


def test_every_text_is_translated(known: dict[tuple[str | None, str], tuple[str, ...]]) -> None:
    missing = [
        f"{file}: {text!r}"
        for file, (context, text) in texts()
        if not all(known.get((context, text if isinstance(text, str) else text[0]), ("",)))
    ]
    assert not missing


def test_translations_take_the_same_values(known: dict[tuple[str | None, str], tuple[str, ...]]) -> None:
    for file, (context, text) in texts():
        forms = (text,) if isinstance(text, str) else text
        said = known.get((context, forms[0]), ())
        wanted = {name for form in forms for name in VALUE.findall(form)}
        for one in said:
            assert set(VALUE.findall(one)) <= wanted, f"{file}: {one!r} wants a value that nobody gives"
        assert wanted == {name for one in said for name in VALUE.findall(one)}, f"{file}: {forms[0]!r} loses a value"


def test_nothing_is_translated_that_nobody_says(known: dict[tuple[str | None, str], tuple[str, ...]]) -> None:
    used = {(context, text if isinstance(text, str) else text[0]) for _, (context, text) in texts()}
    assert not set(known) - used


def test_french_is_set_as_french_is() -> None:
    assert typeset("Peut-on écrire à… ?") == "Peut-on écrire à…\u202f?"
    assert typeset("l'art. 15 : « oui »") == "l’art.\u00a015\u202f: «\u202foui\u202f»"
    assert typeset("48 211 écritures, 3 jours") == "48\u202f211 écritures, 3 jours"


def test_the_source_language_needs_no_catalogue() -> None:
    assert translations("en").gettext("Sign in") == "Sign in"
    assert translations("fr").gettext("Sign in") == "Se connecter"
    assert Path(WEB / "translations" / "fr").is_dir()
