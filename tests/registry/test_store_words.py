"""Every store and personal column has words in both languages; codes are told from the person's own words."""

from __future__ import annotations

import pytest

import consentcore.binding  # noqa: F401  (maps every table)
from consentcore.db import Base
from consentcore.personal_data.datamap import compose
from registry.store_words import (
    CODES,
    FIELDS,
    FIELDS_OF,
    STORES,
    field_label,
    is_technical,
    store_label,
    value_in_words,
)


def test_every_mapped_store_and_column_has_words() -> None:
    entries = compose([Base.metadata]).fields
    assert len(entries) > 50
    assert {one.table for one in entries} <= set(STORES)
    assert not [
        f"{one.table}.{one.column}"
        for one in entries
        if one.column not in FIELDS and f"{one.table}.{one.column}" not in FIELDS_OF
    ]
    pairs = [pair for words in (STORES, FIELDS, FIELDS_OF, CODES) for pair in words.values()]
    assert all(french.strip() and english.strip() for french, english in pairs)


@pytest.mark.parametrize(
    ("store", "field", "value", "french", "english"),
    [
        ("cc_contact", "first_name", "Ada", "Prénom", "First name"),
        ("cc_contact_point", "value", "a@b.example", "Adresse électronique", "E-mail address"),
        ("cc_contact_point", "value", "+33199001234", "Téléphone", "Telephone"),
        ("cc_request", "content.changes.last_name", "x", "Nom", "Last name"),
        ("host_orders", "line_items.2", "x", "Line items", "Line items"),
    ],
)
def test_a_field_is_called_as_a_person_would(store: str, field: str, value: str, french: str, english: str) -> None:
    assert (field_label(store, field, "fr", value), field_label(store, field, "en", value)) == (french, english)


def test_codes_only_where_codes_stand() -> None:
    assert value_in_words("payload.method", "email_code", "fr") == "code reçu par e-mail"
    assert value_in_words("last_name", "return", "fr") == "return"
    assert store_label("host_orders", "fr") == "Host orders"
    assert is_technical("payload.request_id") and not is_technical("content.body")
