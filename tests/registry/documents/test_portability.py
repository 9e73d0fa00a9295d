"""What a person takes along can be read by others, and holds nothing that was derived."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
import vobject  # type: ignore[import-untyped]

from consentcore.errors import PolicyViolation
from consentcore.policyset import Controller
from registry.documents.model import PersonCard, PortabilityData
from registry.documents.portability import SCHEMA, build_portability_package
from registry.documents.vcard import vcard_bytes
from tests.registry.documents.conftest import HOSTILE, item

CARD = PersonCard(
    first_name="Ayşe",
    last_name="Şahin; x\r\nTEL:666",
    emails=("ayse@sahin.example", "a2@sahin.example"),
    phones=("+33 1 99 00 12 34",),
    employer="Jardins, Fils; Cie",
    job_title="Cheffe",
    birth_date=date(1980, 2, 29),
    street="4 allée des Tilleuls, " + "é" * 90,
    city="Nantes",
    postal_code="44000",
    country="FR",
)


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Tell whether a value fits the few words of JSON Schema that ours uses."""
    if "const" in schema:
        return bool(value == schema["const"])
    if "enum" in schema:
        return value in schema["enum"]
    if schema["type"] == "object":
        return set(value) == set(schema["properties"]) and all(
            fits(value[name], part) for name, part in schema["properties"].items()
        )
    if schema["type"] == "array":
        return isinstance(value, list) and all(fits(one, schema["items"]) for one in value)
    return isinstance(value, str) or (value is None and "null" in schema["type"])


def test_the_package_reads_back(controller: Controller, now: datetime) -> None:
    items = tuple(item(field, value) for field, value in HOSTILE.items())
    data = PortabilityData("9TWP-63RD", date(2026, 10, 11), items, CARD)
    packed = build_portability_package(data, controller, "fr", now)
    assert packed == build_portability_package(data, controller, "fr", now)
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    assert set(files) == {
        "contact.vcf", "data.json", "data.schema.json", "contact.csv", "LISEZ-MOI.txt", "manifest.json",
    }  # fmt: skip
    read = json.loads(files["data.json"])
    assert json.loads(files["data.schema.json"]) == SCHEMA
    assert fits(read, SCHEMA)
    assert not fits(read | {"more": 1}, SCHEMA)
    values = {one["field"]: one["value"] for one in read["stores"][0]["rows"][0]["values"]}
    assert values == HOSTILE


def test_derived_values_are_refused(controller: Controller, now: datetime) -> None:
    data = PortabilityData("9TWP-63RD", date(2026, 10, 11), (item("score", "7", provenance="derived"),), CARD)
    with pytest.raises(PolicyViolation) as refused:
        build_portability_package(data, controller, "fr", now)
    assert refused.value.article == "20(1)"


def test_a_card_reads_back_and_nothing_breaks_out_of_its_line() -> None:
    made = vcard_bytes(CARD)
    assert made.startswith(b"BEGIN:VCARD\r\nVERSION:4.0\r\n")
    assert all(len(line) <= 76 for line in made.split(b"\r\n"))
    card = vobject.readOne(made.decode())
    assert [one.value for one in card.contents["email"]] == list(CARD.emails)
    assert [one.value for one in card.contents["tel"]] == list(CARD.phones)
    assert card.n.value.family == "Şahin; x\nTEL:666"
    assert card.org.value == ["Jardins, Fils; Cie"]
    assert card.adr.value.street == CARD.street
    assert card.bday.value == "19800229"


def test_a_card_without_a_name_still_has_one() -> None:
    assert vobject.readOne(vcard_bytes(PersonCard(emails=("a@b.example",))).decode()).fn.value == "a@b.example"
    assert vobject.readOne(vcard_bytes(PersonCard()).decode()).fn.value == "-"
