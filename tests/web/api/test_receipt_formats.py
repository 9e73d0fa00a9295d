"""The receipt over the API: by `format`, by `Accept`, the parameter first; the receipt itself where neither says."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from consentcore.ledger import verify_receipt
from web.receipts import MEDIA_TYPES, ReceiptForm


@pytest.fixture
def at(machine: Any, camille: UUID, consent: dict[str, Any]) -> str:
    return f"{machine.post('/api/v1/consents', consent).headers['Location']}/receipt"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("form", list(ReceiptForm))
def test_parameter_and_header_ask_for_the_same(machine: Any, at: str, form: ReceiptForm) -> None:
    by_name = machine.get(f"{at}?format={form.value}")
    by_header = machine.get(at, Accept=MEDIA_TYPES[form])
    assert by_name.status_code == by_header.status_code == 200
    assert by_name.mimetype == by_header.mimetype == MEDIA_TYPES[form]
    assert by_name.data == by_header.data and "Accept" in by_name.headers["Vary"]
    assert by_name.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("accept", ["", "*/*", "text/html", "image/png", "nonsense", "application/json;q=0.9, */*;q=0"])
def test_whoever_asks_for_nothing_we_know_gets_the_receipt(machine: Any, at: str, accept: str) -> None:
    answer = machine.get(at, Accept=accept)
    assert answer.mimetype == "application/json" and answer.json["format"] == "consentcore.receipt/1"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_parameter_goes_before_the_header(machine: Any, at: str) -> None:
    assert machine.get(f"{at}?format=27560", Accept="application/pdf").mimetype == "application/ld+json"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("query", ["format=xml", "format=", "lang=de", "form=pdf"])
def test_another_form_is_refused(machine: Any, at: str, query: str) -> None:
    answer = machine.get(f"{at}?{query}")
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_a_form_cannot_say_is_a_conflict(machine: Any, camille: UUID, consent: dict[str, Any]) -> None:
    made = machine.post("/api/v1/consents", consent | {"state": "refused"})
    at = f"{made.headers['Location']}/receipt"
    assert machine.get(f"{at}?format=kantara").status_code == 409
    assert machine.get(f"{at}?format=27560").status_code == 200
    assert machine.get(f"/api/v1/consents/{uuid4()}/receipt?format=pdf").status_code == 404


def test_what_comes_over_the_wire_verifies(machine: Any, at: str, service: Any) -> None:
    answer = machine.get(at)
    assert verify_receipt.verify(json.loads(answer.data), service.keyring.log_signer().vkey) == "proved"
    assert machine.get(at, If_None_Match=answer.headers["ETag"]).status_code == 304
