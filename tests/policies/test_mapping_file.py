from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from consentcore.errors import BadInput
from policies.mapping_file import parse_mapping, read_mapping

GOOD = b"""entity: contact
external_id: {system: shop, column: id}
fields:
  email: mail
  birth_date: born
constants: {kind: customer}
dates: "%d/%m/%Y"
encoding: windows-1252
delimiter: ";"
decimal: ","
timezone: Europe/Paris
version: "1"
"""


def test_every_key_is_read() -> None:
    found = parse_mapping(GOOD, "shop.yaml")
    assert (found.entity, found.system, found.id_column) == ("contact", "shop", "id")
    assert dict(found.fields) == {"email": "mail", "birth_date": "born"}
    assert dict(found.constants) == {"kind": "customer"}
    assert (found.dates, found.encoding, found.delimiter) == ("%d/%m/%Y", "windows-1252", ";")
    assert (found.decimal, found.timezone, found.version) == (",", "Europe/Paris", "1")
    assert found.sha256 == hashlib.sha256(GOOD).hexdigest()


def test_the_real_mapping_of_contacts_loads_as_it_stands(data_dir: Path) -> None:
    found = read_mapping(data_dir / "chinook" / "contacts.mapping.yaml")
    assert (found.system, found.id_column, found.fields["account.name"]) == ("chinook", "customer_id", "company")
    assert len(found.fields) == 11


def test_the_real_mapping_of_invoices_loads_as_it_stands(data_dir: Path) -> None:
    found = read_mapping(data_dir / "chinook" / "invoices.mapping.yaml")
    assert (found.entity, found.system, found.id_column) == ("transaction", "chinook", "invoice_id")
    assert dict(found.constants) == {"kind": "invoice", "currency": "USD"}
    assert found.fields["contact.external_id"] == "customer_id"
    assert found.dates == "%Y/%m/%d"


BAD = [
    (b"entity: contact", b"entity: contact\nnew_key: 1", "new_key: is no key of a mapping file"),
    (b"column: id}", b"column: id, extra: x}", "external_id.extra: is no key of a mapping file"),
    (b"entity: contact\n", b"", "entity: is missing"),
    (b"entity: contact", b"entity:", "entity: is empty"),
    (b"  email: mail", b"  email: 7", "fields.email: must be a text and is a whole number; quote it"),
    (b"  email: mail", b"  e_mail: mail", "is no target of a contact"),
    (b"  email: mail", b"  email: mail\n  email: mail2", "twice"),
    (b"{kind: customer}", b"[kind]", "constants"),
    (b"system: shop, ", b"", "external_id.system: is missing"),
    (b'version: "1"', b"version: 2026-11-09", "version: must be a text and is a date; quote it"),
    (b"  birth_date: born", b"  birth_date: &a born", "anchor"),
]


@pytest.mark.parametrize(("old", "new", "said"), BAD, ids=[said for _, _, said in BAD])
def test_what_a_mapping_file_cannot_hold_is_said_with_its_place(old: bytes, new: bytes, said: str) -> None:
    assert old in GOOD
    with pytest.raises(BadInput, match=re.escape(said)) as caught:
        parse_mapping(GOOD.replace(old, new), "shop.yaml")
    assert str(caught.value).startswith("shop.yaml")
