"""Requests come in the same for known and unknown persons; the log's proofs hold against its checkpoint."""

from __future__ import annotations

from base64 import b64decode
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from consentcore.ledger import merkle
from consentcore.ledger.checkpoint import open_checkpoint
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.tables import LogLeaf

CAMILLE = "camille@courriel.example"


def test_a_request_is_received_and_read_back(machine: Any, camille: UUID) -> None:
    made = machine.post("/api/v1/requests", {"rights": ["access"], "email": CAMILLE})
    assert made.status_code == 201
    assert set(made.json) == {"reference", "due_on", "status"}
    assert (made.json["status"], made.json["due_on"]) == ("received", "2026-12-09")
    read = machine.get(made.headers["Location"]).json
    assert (read["reference"], read["channel"], read["outcome"]) == (made.json["reference"], "api", None)
    assert read["rights"] == [{"right": "access", "scope": None}]
    assert CAMILLE not in str(read)


def test_an_unknown_person_is_answered_alike(machine: Any, camille: UUID) -> None:
    known = machine.post("/api/v1/requests", {"rights": ["erasure"], "email": CAMILLE})
    unknown = machine.post("/api/v1/requests", {"rights": ["erasure"], "email": "nobody@courriel.example"})
    assert (known.status_code, known.json["status"], known.json["due_on"]) == (
        unknown.status_code,
        unknown.json["status"],
        unknown.json["due_on"],
    )
    assert set(known.headers.keys()) == set(unknown.headers.keys())


def test_a_marketing_objection_takes_effect_at_receipt(machine: Any, camille: UUID, consent: dict[str, Any]) -> None:
    assert machine.post("/api/v1/consents", consent).status_code == 201
    body = {"rights": ["objection"], "scope": "marketing", "email": CAMILLE}
    assert machine.post("/api/v1/requests", body).json["status"] == "closed"
    ask = {"email": CAMILLE, "purpose": "newsletter", "channel": "email"}
    assert machine.post("/api/v1/decisions", ask).json["allowed"] is False


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        {"rights": [], "email": CAMILLE},
        {"rights": ["access", "access"], "email": CAMILLE},
        {"rights": ["access"]},
        {"rights": ["access"], "email": CAMILLE, "subject_ref": str(uuid4())},
        {"rights": ["rectification"], "email": CAMILLE},
        {"rights": ["objection"], "email": CAMILLE, "scope": "camille_scope"},
        {"rights": ["access"], "email": CAMILLE, "role": "heir"},
        {"rights": ["access"], "email": CAMILLE, "received_at": "2031-01-01T00:00:00Z"},
        {"rights": ["access"], "email": CAMILLE, "received_at": "0001-01-01T00:00:00+14:00"},
        {"rights": ["access"], "email": CAMILLE, "received_at": "2026-11-09T10:00:00"},
        {"rights": ["rectification"], "email": CAMILLE, "changes": {"Camille D.": "x"}},
    ],
)
def test_what_does_not_fit_is_refused_without_being_repeated(machine: Any, body: dict[str, Any]) -> None:
    answer = machine.post("/api/v1/requests", body)
    assert answer.status_code == 422
    assert "camille" not in answer.text.lower()


def test_an_unknown_reference_of_a_person_or_a_request_is_not_found(machine: Any) -> None:
    assert machine.post("/api/v1/requests", {"rights": ["access"], "subject_ref": str(uuid4())}).status_code == 404
    for reference in ("ABCD-EFGH", "nope", "%00", "ABCD-EFG%00"):
        assert machine.get(f"/api/v1/requests/{reference}").status_code == 404


def test_proofs_hold_against_the_checkpoint(
    machine: Any, keyring: Keyring, bound: sessionmaker[Session], camille: UUID
) -> None:
    with bound() as session:
        older = latest_checkpoint(session)
        assert older is not None
    for _ in range(3):
        machine.post("/api/v1/requests", {"rights": ["access"], "email": CAMILLE})
    newest = machine.get("/api/v1/ledger/checkpoint").json
    checked = open_checkpoint(newest["note"], [keyring.log_signer().vkey])
    assert (checked.size, checked.root.hex()) == (newest["size"], newest["root"])
    with bound() as session:
        leaf = session.get(LogLeaf, (1, 1))
        assert leaf is not None
        leaf_hash = leaf.hash
    proof = machine.get(f"/api/v1/ledger/proof?index=1&size={checked.size}").json["hashes"]
    merkle.verify_inclusion(leaf_hash, 1, checked.size, [b64decode(one) for one in proof], checked.root)
    between = machine.get(f"/api/v1/ledger/consistency?from={older.size}&to={checked.size}").json["hashes"]
    merkle.verify_consistency(older.size, checked.size, [b64decode(one) for one in between], older.root, checked.root)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?index=1",
        "?index=0&size=99",
        "?index=-1&size=1",
        "?index=1e1&size=2",
        "?index=0&size=1&x=1",
        "?index=%00&size=1",
        f"?index=0&size={2**53}",
        "?index=0&index=1&size=1" + "0" * 400,
    ],
)
def test_a_query_that_does_not_fit_is_refused(machine: Any, camille: UUID, query: str) -> None:
    answer = machine.get(f"/api/v1/ledger/proof{query}")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_did_not_change_is_not_sent_again(machine: Any, camille: UUID) -> None:
    first = machine.get("/api/v1/ledger/checkpoint")
    again = machine.get("/api/v1/ledger/checkpoint", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    machine.post("/api/v1/requests", {"rights": ["access"], "email": CAMILLE})
    assert machine.get("/api/v1/ledger/checkpoint", If_None_Match=first.headers["ETag"]).status_code == 200
