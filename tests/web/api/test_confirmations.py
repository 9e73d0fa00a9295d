"""Asking for a confirmation over HTTP: `requested` writes to the address, counts once, and stands once confirmed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from consentcore.consent.tables import ConsentRecord
from consentcore.outbox.put import opened
from consentcore.outbox.tables import OutboxMessage
from consentcore.policyset import Channel
from tests.web.api.conftest import CAMILLE, Machine
from web.api.app import create_app
from web.wiring import Service

BODY: dict[str, Any] = {
    "email": CAMILLE,
    "purpose": "newsletter",
    "channel": "email",
    "state": "requested",
    "notice": "newsletter@1/fr",
    "method": "web_form",
    "form_sha256": "ab" * 32,
}
PATH = "/api/v1/consents"
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def asking(service: Service, machine: Machine, camille: UUID) -> Machine:
    """The machine at policies in which the newsletter asks for a confirmation over e-mail."""
    newsletter = replace(service.policy.purposes["newsletter"], double_opt_in=frozenset({Channel.EMAIL}))
    purposes = {**service.policy.purposes, "newsletter": newsletter}
    app = create_app(replace(service, policy=replace(service.policy, purposes=purposes)))
    return Machine(app.test_client(), machine.token)


def mails(service: Service) -> list[str]:
    with service.sessions() as session:
        found = [opened(service.keyring, row) for row in session.scalars(select(OutboxMessage)).all()]
        return [one.body for one in found if one is not None and one.kind == "confirm_consent"]


def states(service: Service) -> list[str]:
    with service.sessions() as session:
        return list(session.scalars(select(ConsentRecord.state)).all())


def test_requested_writes_to_the_address_once(asking: Machine, service: Service) -> None:
    key = uuid4().hex
    first, again = asking.post(PATH, BODY, key=key), asking.post(PATH, BODY, key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert (states(service), len(mails(service))) == (["requested"], 1)
    assert "/portal/fr/c/" in mails(service)[0]


def test_a_consent_that_stands_is_answered_and_nothing_is_sent(asking: Machine, service: Service) -> None:
    given = asking.post(PATH, BODY | {"state": "given"})
    asked = asking.post(PATH, BODY)
    assert asked.status_code == 201 and given.json is not None and asked.json is not None
    assert asked.json["record_id"] == given.json["record_id"]
    assert (states(service), mails(service)) == (["given"], [])


def test_asking_is_limited_and_refused_where_nobody_is_asked(
    asking: Machine, machine: Machine, service: Service
) -> None:
    codes = [asking.post(PATH, BODY).status_code for _ in range(5)]
    assert codes == [201, 201, 201, 409, 409]
    assert len(mails(service)) == 3
    assert asking.post(PATH, BODY | {"purpose": "promotions", "notice": "promotions@1"}).status_code in (400, 409, 422)
    assert asking.post(PATH, BODY | {"email": "personne@courriel.example"}).status_code == 404
    assert len(mails(service)) == 3
