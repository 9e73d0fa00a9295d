"""The closing letter of an erasure: what went, what stays and why, and where to complain (Art. 12(4))."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from jinja2 import UndefinedError

from consentcore.policyset import Controller
from registry.documents.letters import erasure_letter
from registry.documents.model import ErasureLetterData
from registry.documents.rendering import article_in_words, fill


def test_the_letter_says_what_stays_why_and_until_when(
    erasure: ErasureLetterData, controller: Controller, now: datetime
) -> None:
    letter = erasure_letter(erasure, controller, "fr", now)
    for words in (
        "à l’exception de ce que nous devons conserver",
        "Fiche &lt;contact&gt;",
        "31 décembre 2031",
        "fin du contrat",
        "article\u00a017\u00a0§3\u00a0b",
        "K7QM-3RTA",
        "CNIL",
        "article 77 du RGPD",
        "recours devant le juge",
        "Jardins &amp; Fils",
    ):
        assert words in letter.html, words
    assert letter.pdf.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"retained": ()}, "all your data are erased"),
        ({"erased": ()}, "We cannot do so"),
        ({"erased": (), "retained": ()}, "We hold no data about you"),
        ({}, "except for what we have to keep"),
    ],
)
def test_the_first_sentence_fits_the_outcome(
    erasure: ErasureLetterData, controller: Controller, now: datetime, changes: dict[str, tuple[()]], words: str
) -> None:
    html = fill("{lang}/erasure.html", controller, "en", now, d=replace(erasure, **changes))
    assert words in html
    assert ("keys of your file are destroyed" in html) is ("erased" not in changes)


def test_elsewhere_the_authority_is_that_of_the_person(
    erasure: ErasureLetterData, controller: Controller, now: datetime
) -> None:
    html = fill("{lang}/erasure.html", replace(controller, country="DE"), "en", now, d=erasure)
    assert "CNIL" not in html
    assert "data protection authority" in html


def test_a_letter_bears_the_date_of_where_the_controller_is(erasure: ErasureLetterData, controller: Controller) -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert "1er décembre 2026" in fill("{lang}/erasure.html", controller, "fr", late, d=erasure)


def test_nothing_may_be_left_undefined(controller: Controller, now: datetime) -> None:
    with pytest.raises(UndefinedError):
        fill("{lang}/index.html", controller, "fr", now)


def test_articles_in_both_languages() -> None:
    assert article_in_words("17(1)", "fr") == "article\u00a017\u00a0§1"
    assert article_in_words("6(1)(f)", "en") == "Article\u00a06(1)(f)"
    assert article_in_words("33", "fr") == "article\u00a033"
