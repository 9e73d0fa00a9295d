"""Dates, numbers and masks as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask, g
from markupsafe import Markup
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from tests.builders.databases import Database
from tests.builders.wired import wired_service
from web.shell import language
from web.shell.masking import masked_email, masked_name, masked_phone

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(params=["fr", "en"])
def lang(
    request: pytest.FixtureRequest,
    database: Database,
    bound: sessionmaker[Session],
    keyring: Keyring,
    now: datetime,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A request in each language."""
    app = Flask("test")
    app.extensions["consentcore"] = wired_service(database, bound, keyring, now, tmp_path_factory.mktemp("x"))
    with app.test_request_context("/"):
        g.language = request.param
        yield request.param


@ON_SQLITE
def test_days(lang: str) -> None:
    day = date(2026, 11, 12)
    said = {
        "fr": ("12 novembre 2026", "jeudi 12 novembre 2026", "jeu. 12 nov.", "dans\u00a03\u00a0jours"),
        "en": ("12 November 2026", "Thursday 12 November 2026", "Thu 12 Nov", "in 3 days"),
    }[lang]
    assert language.long_day(day) == said[0]
    assert language.week_day(day) == said[1]
    assert language.short_day(day) == said[2]
    assert language.days_away(day).replace(" ", "\u00a0") == said[3].replace(" ", "\u00a0")
    assert language.short_day(date(2026, 12, 1)) == {"fr": "mar. 1er déc.", "en": "Tue 1 Dec"}[lang]
    assert str(day.year - 1) in language.short_day(date(2025, 1, 2))


@ON_SQLITE
def test_hours_are_the_controllers(lang: str) -> None:
    instant = datetime(2026, 11, 9, 7, 31, tzinfo=UTC)
    assert language.hour(instant) == {"fr": "8\u00a0h\u00a031", "en": "08:31"}[lang]
    assert language.moment(instant) == {"fr": "9 nov. 8\u00a0h\u00a031", "en": "9 Nov 08:31"}[lang]


@ON_SQLITE
def test_lateness(lang: str) -> None:
    assert language.days_away(date(2026, 11, 9)) == {"fr": "aujourd’hui", "en": "today"}[lang]
    assert language.days_away(date(2026, 11, 8)) == {"fr": "1 jour de retard", "en": "1 day late"}[lang]


@ON_SQLITE
def test_numbers(lang: str) -> None:
    assert language.decimal(48211) == {"fr": "48\u202f211", "en": "48,211"}[lang]
    assert "48" in language.ngettext("in %(num)s day", "in %(num)s days", 48211)


@ON_SQLITE
def test_values_put_into_marked_texts_are_escaped(lang: str) -> None:
    said = language._filled("a %(x)s %(y)s", {"x": Markup("<b>b</b>"), "y": "<i>"})
    assert said == "a <b>b</b> &lt;i&gt;"


def test_names_are_masked() -> None:
    assert masked_name("Jeanne", "Dupont") == "J… D…"
    assert masked_name("", None) == "—"


@pytest.mark.parametrize(
    ("address", "mask"),
    [
        ("jeanne.d@exemple.fr", "j…d@ex…le.fr"),
        ("jo@ab.fr", "j…@a…fr".replace("…fr", "….fr")),
        ("nonsense", "…"),
        ("@x.fr", "…"),
    ],
)
def test_addresses_are_masked(address: str, mask: str) -> None:
    assert masked_email(address) == mask


def test_numbers_are_masked() -> None:
    assert masked_phone("01 99 00 19 50") == "…50"
    assert masked_phone("12") == "…"
