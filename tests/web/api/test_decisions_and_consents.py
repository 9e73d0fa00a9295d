"""A consent that is recorded decides, is proved by its receipt, and a repeated request records it once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.tables import ConsentRecord
from consentcore.crypto.keyring import Keyring
from consentcore.ledger import verify_receipt
from tests.builders.people import open_people
from web.api.subjects import MAX_FOUND

ASK = {"email": "camille@courriel.example", "purpose": "newsletter", "channel": "email"}


def test_silence_then_consent_then_withdrawal(machine: Any, camille: UUID, consent: dict[str, Any]) -> None:
    before = machine.post("/api/v1/decisions", ASK)
    assert before.status_code == 200
    assert (before.json["allowed"], before.json["reason"]) == (False, "consent_missing")
    assert machine.post("/api/v1/consents", consent).status_code == 201
    after = machine.post("/api/v1/decisions", ASK).json
    assert (after["allowed"], after["reason"], after["article"]) == (True, "consent_given", "6(1)(a)")
    assert machine.post("/api/v1/consents", consent | {"state": "withdrawn"}).status_code == 201
    assert machine.post("/api/v1/decisions", ASK).json["reason"] == "consent_withdrawn"


def test_a_record_is_read_back_with_its_place_in_the_log_and_its_receipt_proves_it(
    machine: Any, keyring: Keyring, camille: UUID, consent: dict[str, Any]
) -> None:
    made = machine.post("/api/v1/consents", consent | {"details": {"page": "/lettre"}, "form_sha256": "ab" * 32})
    read = machine.get(made.headers["Location"])
    assert read.status_code == 200
    assert read.json["record_id"] == made.json["record_id"] == made.json["records"][0]
    assert (read.json["subject_ref"], read.json["notice"]) == (str(camille), "newsletter@1/fr")
    receipt = machine.get(made.headers["Location"] + "/receipt").json
    verify_receipt.verify(receipt, keyring.log_signer().vkey)
    payload = receipt["content"]["payload"]
    assert payload["contact_point"] == ASK["email"]
    assert payload["actor"].startswith("apikey:")
    assert receipt["proof"]["leaf_index"] == read.json["leaf_index"]


def test_an_unknown_person_is_never_allowed_and_nothing_is_recorded_for_one(
    machine: Any, consent: dict[str, Any]
) -> None:
    assert machine.post("/api/v1/decisions", ASK).json["reason"] == "unknown_subject"
    by_reference = {"subject_ref": str(uuid4()), "purpose": "newsletter", "channel": "email"}
    assert machine.post("/api/v1/decisions", by_reference).json["reason"] == "unknown_subject"
    assert machine.post("/api/v1/consents", consent).status_code == 404
    del consent["email"]
    assert machine.post("/api/v1/consents", consent | {"subject_ref": str(uuid4())}).status_code == 404


def test_at_a_shared_address_a_yes_must_say_whose_and_a_no_is_everybodys(
    machine: Any, bound: sessionmaker[Session], keyring: Keyring, now: Any, consent: dict[str, Any]
) -> None:
    people = open_people(bound, keyring, now, ASK["email"], ASK["email"])
    refused = machine.post("/api/v1/consents", consent)
    assert (refused.status_code, refused.json["type"]) == (409, "urn:consentcore:problem:shared_contact_point")
    assert len(machine.post("/api/v1/consents", consent | {"state": "refused"}).json["records"]) == 2
    found = machine.post("/api/v1/subjects/search", {"email": ASK["email"].upper()}).json
    assert {one["subject_ref"] for one in found["subjects"]} == {str(one) for one in people}
    assert not found["truncated"] and MAX_FOUND >= 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"purpose": "camille_purpose"}, "unknown_purpose"),
        ({"notice": "newsletter@99"}, "unknown_notice"),
        ({"purpose": "invoicing"}, "policy_violation"),
        ({"channel": "sms"}, "policy_violation"),
        ({"at": "2030-01-01T00:00:00Z"}, "bad_input"),
    ],
)
def test_what_the_policies_refuse_is_a_problem_and_leaves_nothing(
    machine: Any,
    bound: sessionmaker[Session],
    camille: UUID,
    consent: dict[str, Any],
    change: dict[str, str],
    code: str,
) -> None:
    answer = machine.post("/api/v1/consents", consent | change)
    assert (answer.status_code, answer.json["type"]) == (422, f"urn:consentcore:problem:{code}")
    assert answer.content_type == "application/problem+json"
    with bound() as session:
        assert session.scalar(select(func.count()).select_from(ConsentRecord)) == 0


def test_a_decision_may_be_asked_of_the_past_and_not_of_the_future(machine: Any, camille: UUID) -> None:
    assert machine.post("/api/v1/decisions", ASK | {"at": "2020-01-01T00:00:00Z"}).json["reason"] == "unknown_subject"
    assert machine.post("/api/v1/decisions", ASK | {"at": "2031-01-01T00:00:00Z"}).status_code == 422


def test_a_phone_that_is_none_finds_nobody(machine: Any, camille: UUID) -> None:
    assert machine.post("/api/v1/subjects/search", {"phone": "12345"}).json == {"subjects": [], "truncated": False}


def test_what_is_not_there_is_a_problem(machine: Any, key_for: Callable[[Collection[Any]], Any]) -> None:
    for path in (f"/api/v1/consents/{uuid4()}", f"/api/v1/consents/{uuid4()}/receipt", "/api/v1/consents/abc"):
        answer = machine.get(path)
        assert (answer.status_code, answer.json["status"]) == (404, 404)


def test_many_are_answered_in_their_order(machine: Any, camille: UUID, consent: dict[str, Any]) -> None:
    assert machine.post("/api/v1/consents", consent).status_code == 201
    asked = [str(uuid4()), str(camille), str(camille)]
    body = {"purpose": "newsletter", "channel": "email", "subject_refs": asked}
    answers = machine.post("/api/v1/decisions/batch", body).json["decisions"]
    assert [one["reason"] for one in answers] == ["unknown_subject", "consent_given", "consent_given"]
    alone = {"subject_ref": str(camille), "purpose": "newsletter", "channel": "email"}
    assert machine.post("/api/v1/decisions", alone).json == answers[1]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_batch_is_bounded(machine: Any) -> None:
    body = {"purpose": "newsletter", "channel": "email", "subject_refs": [str(uuid4()) for _ in range(10_000)]}
    assert machine.post("/api/v1/decisions/batch", body).status_code == 200
    assert machine.post("/api/v1/decisions/batch", body | {"subject_refs": []}).status_code == 422
    body["subject_refs"].append(str(uuid4()))
    assert machine.post("/api/v1/decisions/batch", body).status_code == 422
    assert machine.post("/api/v1/decisions", b" " * 70_000).status_code == 413
