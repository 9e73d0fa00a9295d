"""Exports of a consent for other programs: every field that must be there, terms that exist, our own schema."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jsonschema_rs
import pytest

from consentcore.columns import Category, Provenance
from consentcore.consent.fields import ConsentEvent, DataUsed, Party, PartyRole, RegulatoryFields
from consentcore.consent.tables import ConsentState
from consentcore.errors import Conflict
from consentcore.policyset import SpecialCategory
from registry.documents.dpv import CONTEXT, DATA, RECEIPT_PROFILE, RECORD_PROFILE, SPECIAL, STATES, TERMS
from registry.documents.jsonld import Links, LogPlace, receipt_27560, record_27560
from registry.documents.kantara import kantara_receipt
from tests.builders.policies import shipped

SCHEMAS = Path(__file__).resolve().parents[3] / "registry" / "documents" / "schemas"
NOW = datetime(2026, 11, 9, 9, 0, 0, 123456, tzinfo=UTC)
PLACE = LogPlace("consentcore/x", 7, "consentcore/x\n9\nroot\n\n— consentcore/x sig\n")
LINKS = Links("https://x.example/{language}/{id}/{version}", "https://x.example/stop", "https://x.example/ask")
VKEY = "consentcore/x+0fad2a54+ASx0L0btQpJ09f1tmIsUWY6ESX1LfedNlU0VUC4Zra0V"
SHAPE = jsonschema_rs.validator_for(json.loads((SCHEMAS / "consent-27560.schema.json").read_text("utf-8")))
KANTARA = jsonschema_rs.validator_for(json.loads((SCHEMAS / "kantara-cr-1.1.schema.json").read_text("utf-8")))
MANDATORY = {
    "dct:conformsTo", "dct:identifier", "dpv:hasDataSubject", "dpv:hasNotice", "dct:language", "dpv:hasProcess",
    "dpv:hasEntity", "dpv:hasConsentStatus",
}  # fmt: skip
OF_THE_PROCESS = {
    "dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasStorageCondition", "dpv:hasDataController", "dpv:hasRecipient",
    "dpv:hasConsentControl", "dpv:hasJurisdiction",
    # what the GDPR makes mandatory besides
    "dpv:hasLegalBasis", "dpv:hasDataSource", "dpv:hasProcessing", "dpv:hasRight", "dpv:hasAuthority",
}  # fmt: skip


def event(state: ConsentState = ConsentState.GIVEN, *, days: int = 0, **more: Any) -> ConsentEvent:
    at = NOW - timedelta(days=days)
    made = ConsentEvent(
        uuid4(), uuid4(), state, at, NOW, at + timedelta(days=1000), "web_form", False, True,
        "newsletter", 1, "fr", "ab" * 32, "cd" * 32,
    )  # fmt: skip
    return replace(made, **more)


def fields(*events: ConsentEvent, **more: Any) -> RegulatoryFields:
    policy = shipped()
    said = events or (event(),)
    made = RegulatoryFields(
        subject_ref=UUID(int=5),
        proven=said[0],
        events=said,
        purpose=policy.purposes["newsletter"],
        channel="email",
        controller=Party(
            "controller", PartyRole.CONTROLLER, {"": "Exemplia"}, "FR", "1 rue", "contact@x.example", "+33199001234"
        ),
        data_protection_officer="dpo@x.example",
        data=(
            DataUsed(
                "contact", {"fr": "Fiche"}, tuple(Category), (Provenance.PROVIDED, Provenance.DERIVED),
                policy.retention_for("contact"),
            ),
            DataUsed("elsewhere", {}, (), (), ()),
        ),
        recipients=(Party("mailer", PartyRole.PROCESSOR, {"fr": "Envois", "en": "Mailer"}, "IE", email="a@b.example"),),
        languages=("fr", "en"),
        described_under=policy.sha256,
        same_wording=True,
    )  # fmt: skip
    return replace(made, **more)


VARIANTS: dict[str, RegulatoryFields] = {
    "given": fields(),
    "withdrawn": fields(event(days=9), event(ConsentState.WITHDRAWN, expires_at=None)),
    "every state": fields(*(event(state, days=30 - n) for n, state in enumerate(ConsentState))),
    "without end": fields(event(expires_at=None)),
    "explicit": fields(event(explicit=True)),
    "by no person": fields(event(ConsentState.EXPIRED, by_person=False)),
    "no recipient": fields(recipients=()),
    "far recipients": fields(
        recipients=(
            Party("far", PartyRole.RECIPIENT, {"en": "Far"}, "US"),
            Party("tax", PartyRole.AUTHORITY, {"fr": "T"}, "FR"),
        )
    ),
    "special": fields(
        purpose=replace(shipped().purposes["newsletter"], special_categories=frozenset(SpecialCategory), profiling=True)
    ),
    "another country": fields(controller=replace(fields().controller, country="DE")),
    "no marketing": fields(purpose=replace(shipped().purposes["newsletter"], marketing=False)),
    "by telephone": fields(channel="phone"),
    "imported": fields(event(ConsentState.UNKNOWN, method="import", by_person=False)),
}


def made(name: str) -> dict[str, Any]:
    return json.loads(json.dumps(receipt_27560(VARIANTS[name], PLACE, LINKS, NOW)))


@pytest.mark.parametrize("name", VARIANTS)
def test_receipt_and_record_fit_the_schema_and_their_profiles(name: str) -> None:
    receipt = made(name)
    assert not list(SHAPE.iter_errors(receipt))
    record = record_27560(VARIANTS[name], PLACE, LINKS)
    assert not list(SHAPE.iter_errors(record))
    assert receipt["dct:conformsTo"] == {"@id": RECEIPT_PROFILE} and record["dct:conformsTo"] == {"@id": RECORD_PROFILE}
    assert receipt["dpv:hasRecordOfActivity"] == [{k: v for k, v in record.items() if k != "@context"}]


@pytest.mark.parametrize("name", VARIANTS)
def test_nothing_but_terms_that_exist_is_said(name: str) -> None:
    """A strict expansion: each key and reference is a known prefix's, and each term of DPV is one of 2.3."""
    receipt = made(name)
    assert receipt["@context"] == dict(CONTEXT)
    for said in _names(receipt):
        prefix = said.partition(":")[0]
        assert prefix in (*CONTEXT, "urn", "https"), said
        if prefix in ("dpv", "eu-gdpr", "legal-eu", "pd"):
            assert said in TERMS, said
    text = json.dumps(receipt)
    assert "ConsentTerminated" not in text and "hasRole" not in text


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _names(one)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "@context":
                continue
            if key in ("@id", "@type"):
                yield from [value] if isinstance(value, str) else value
            elif key not in ("@value", "@language"):
                yield key
                yield from _names(value)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_reference_inside_leads_somewhere(name: str) -> None:
    record = made(name)["dpv:hasRecordOfActivity"][0]
    known = {one["@id"] for one in record["dpv:hasEntity"]}
    process = record["dpv:hasProcess"]
    asked = [process["dpv:hasDataController"], process["dpv:hasAuthority"], *process["dpv:hasRecipient"]]
    assert {one["@id"] for one in asked} <= known and len(known) == len(record["dpv:hasEntity"])
    notices = {one["@id"] for one in record["dpv:hasNotice"]}
    speakers = known | {record["dpv:hasDataSubject"]["@id"]}
    for one in record["dpv:hasConsentStatus"]:
        assert one["dpv:hasNotice"]["@id"] in notices and one["dpv:isIndicatedBy"]["@id"] in speakers


@pytest.mark.parametrize("field", sorted(MANDATORY | OF_THE_PROCESS))
def test_a_record_without_a_mandatory_field_does_not_fit(field: str) -> None:
    record = copy.deepcopy(record_27560(fields(), PLACE, LINKS))
    del (record if field in MANDATORY else record["dpv:hasProcess"])[field]
    assert not SHAPE.is_valid(record)


@pytest.mark.parametrize("field", ["dpv:hasName", "dpv:hasIdentifier", "schema:address", "schema:contactPoint"])
def test_a_party_without_a_mandatory_field_does_not_fit(field: str) -> None:
    record = copy.deepcopy(record_27560(fields(), PLACE, LINKS))
    del record["dpv:hasEntity"][1][field]
    assert not SHAPE.is_valid(record)


@pytest.mark.parametrize(
    "field", ["dpv:isIndicatedAtTime", "dpv:hasDuration", "dpv:isIndicatedBy", "dpv:hasLegalBasis", "@type"]
)
def test_an_event_without_a_mandatory_field_does_not_fit(field: str) -> None:
    record = copy.deepcopy(record_27560(fields(), PLACE, LINKS))
    del record["dpv:hasConsentStatus"][0][field]
    assert not SHAPE.is_valid(record)


def test_a_receipt_without_time_or_identifier_does_not_fit() -> None:
    for field in ("dct:created", "dpv:hasIdentifier", "dct:conformsTo", "dpv:hasRecordOfActivity"):
        receipt = made("given")
        del receipt[field]
        assert not SHAPE.is_valid(receipt)
    assert not SHAPE.is_valid(made("given") | {"note": "x"})


def test_each_state_category_and_special_kind_has_its_term() -> None:
    assert set(STATES) == set(ConsentState) and set(DATA) == set(Category) and set(SPECIAL) == set(SpecialCategory)
    record = made("every state")["dpv:hasRecordOfActivity"][0]
    assert [one["@type"] for one in record["dpv:hasConsentStatus"]] == [STATES[one] for one in ConsentState]


def test_an_end_that_nobody_declared_comes_from_the_controller() -> None:
    (said,) = made("by no person")["dpv:hasRecordOfActivity"][0]["dpv:hasConsentStatus"]
    assert said["dpv:isIndicatedBy"]["@id"].endswith("#controller")
    (said,) = made("given")["dpv:hasRecordOfActivity"][0]["dpv:hasConsentStatus"]
    assert said["dpv:isIndicatedBy"]["@id"] == f"urn:uuid:{UUID(int=5)}"


def test_a_recipient_outside_the_area_is_told() -> None:
    process = made("far recipients")["dpv:hasRecordOfActivity"][0]["dpv:hasProcess"]
    assert process["dpv:hasThirdCountry"] == [{"@id": "loc:US"}]
    assert "dpv:hasThirdCountry" not in made("given")["dpv:hasRecordOfActivity"][0]["dpv:hasProcess"]


def test_data_lie_where_controller_and_processors_are() -> None:
    process = made("given")["dpv:hasRecordOfActivity"][0]["dpv:hasProcess"]
    assert process["dpv:hasProcessingCondition"]["dpv:hasLocation"] == [{"@id": "loc:FR"}, {"@id": "loc:IE"}]


def test_what_reaches_the_person_is_required_and_the_rest_optional() -> None:
    def needed(name: str) -> set[str]:
        data = made(name)["dpv:hasRecordOfActivity"][0]["dpv:hasProcess"]["dpv:hasPersonalData"]
        return {one["skos:broader"]["@id"] for one in data if one["dpv:hasNecessity"]["@id"] == "dpv:Required"}

    assert needed("given") - needed("by telephone") == {"pd:EmailAddress"}
    assert needed("by telephone") - needed("given") == {"pd:TelephoneNumber"}


def kantara(found: RegulatoryFields) -> dict[str, Any]:
    return json.loads(json.dumps(kantara_receipt(found, LINKS, VKEY)))


@pytest.mark.parametrize("name", ["given", "without end", "no recipient", "far recipients", "special", "no marketing"])
def test_kantara_holds_every_field_and_fits_the_schema(name: str) -> None:
    receipt = kantara(VARIANTS[name])
    assert not list(KANTARA.iter_errors(receipt))
    assert receipt["publicKey"] == VKEY and receipt["consentTimestamp"] == int(NOW.replace(microsecond=0).timestamp())
    assert receipt["piiPrincipalId"] == str(UUID(int=5))
    for field in receipt:
        assert not KANTARA.is_valid({key: value for key, value in receipt.items() if key != field})


def test_kantara_names_third_parties_and_not_processors() -> None:
    assert "thirdPartyName" not in kantara(fields())["services"][0]["purposes"][0]
    assert kantara(VARIANTS["far recipients"])["services"][0]["purposes"][0]["thirdPartyName"] == "Far, T"


@pytest.mark.parametrize(
    "state", [one for one in ConsentState if one not in (ConsentState.GIVEN, ConsentState.RENEWED)]
)
def test_kantara_turns_nothing_else_into_a_yes(state: ConsentState) -> None:
    with pytest.raises(Conflict):
        kantara(fields(event(state)))
