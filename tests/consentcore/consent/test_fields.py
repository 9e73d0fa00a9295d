"""The regulatory fields of a record: its own declaration, all others of the matter, what the policies say of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.columns import Category, Provenance
from consentcore.consent.fields import PartyRole, RegulatoryFields, fields_of
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crypto.keyring import Keyring
from consentcore.db import Base
from consentcore.errors import Conflict, NotFound
from consentcore.personal_data.datamap import compose
from consentcore.policyset import Channel, PolicySet, Recipient, RecipientKind
from tests.builders.people import open_people
from tests.builders.policies import shipped

MAP = compose([Base.metadata])


@pytest.fixture
def person(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> UUID:
    return open_people(bound, keyring, now, "camille@courriel.example")[0]


def declare(
    bound: sessionmaker[Session],
    person: UUID,
    state: ConsentState,
    at: datetime,
    now: datetime,
    what: str = "newsletter",
) -> UUID:
    choice = Choice(what, Channel.EMAIL, state, shipped().notice(what, 1, "fr"), at)
    with bound.begin() as session:
        return record(session, person, [choice], shipped(), Evidence("web_form"), now)[0].record_id


def read(bound: sessionmaker[Session], record_id: UUID, policy: PolicySet | None = None) -> RegulatoryFields:
    with bound() as session:
        return fields_of(session, policy or shipped(), MAP, record_id)


def test_the_record_stands_among_all_declarations_of_its_matter(
    bound: sessionmaker[Session], person: UUID, now: datetime
) -> None:
    given = declare(bound, person, ConsentState.GIVEN, now - timedelta(days=9), now)
    declare(bound, person, ConsentState.GIVEN, now - timedelta(days=8), now, "promotions")
    declare(bound, person, ConsentState.WITHDRAWN, now - timedelta(days=2), now)
    found = read(bound, given)
    assert found.proven.record_id == given and found.proven.state is ConsentState.GIVEN
    assert [one.state for one in found.events] == [ConsentState.GIVEN, ConsentState.WITHDRAWN]
    assert found.current.state is ConsentState.WITHDRAWN and found.current.expires_at is None
    assert found.proven.expires_at is not None and found.proven.by_person
    assert found.subject_ref == person and found.same_wording and found.described_under == shipped().sha256


def test_what_the_policies_say_goes_along(bound: sessionmaker[Session], person: UUID, now: datetime) -> None:
    found = read(bound, declare(bound, person, ConsentState.GIVEN, now, now))
    assert found.controller.role is PartyRole.CONTROLLER and found.controller.address
    assert {one.role for one in found.recipients} == {PartyRole.PROCESSOR}
    used = {one.id: one for one in found.data}
    assert Category.EMAIL in used["contact"].categories and Provenance.PROVIDED in used["contact"].provenances
    assert [rule.period for rule in used["consent_proof"].limits] == ["P5Y"]
    assert found.storage_countries == ("FR",)


def test_partners_and_authorities_are_recipients_and_store_nothing_for_us(
    bound: sessionmaker[Session], person: UUID, now: datetime
) -> None:
    made = declare(bound, person, ConsentState.GIVEN, now, now)
    policy = shipped()
    far = Recipient("far", {"en": "Far"}, RecipientKind.RECIPIENT, "US", None)
    host = Recipient("host", {"en": "Host"}, RecipientKind.PROCESSOR, "IE", "a@b.example")
    purpose = replace(policy.purposes["newsletter"], recipients=("host", "supervisory_authority"), partners=("far",))
    other = replace(
        policy,
        purposes={**policy.purposes, "newsletter": purpose},
        recipients={**policy.recipients, "far": far, "host": host},
    )
    found = read(bound, made, other)
    assert [(one.id, one.role) for one in found.recipients] == [
        ("host", PartyRole.PROCESSOR), ("supervisory_authority", PartyRole.AUTHORITY), ("far", PartyRole.RECIPIENT)
    ]  # fmt: skip
    assert found.storage_countries == ("FR", "IE")


def test_another_version_of_the_purpose_is_told(bound: sessionmaker[Session], person: UUID, now: datetime) -> None:
    made = declare(bound, person, ConsentState.GIVEN, now, now)
    policy = shipped()
    newer = replace(policy.purposes["newsletter"], version=2)
    assert not read(bound, made, replace(policy, purposes={**policy.purposes, "newsletter": newer})).same_wording


def test_what_is_not_there_is_told(bound: sessionmaker[Session], person: UUID, now: datetime) -> None:
    made = declare(bound, person, ConsentState.GIVEN, now, now)
    with pytest.raises(NotFound):
        read(bound, uuid4())
    with pytest.raises(Conflict, match="no longer"):
        read(bound, made, replace(shipped(), purposes={}))


def test_reading_the_fields_opens_nothing_sealed(
    bound: sessionmaker[Session], person: UUID, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = declare(bound, person, ConsentState.GIVEN, now, now)

    def refused(*_: object) -> None:
        raise AssertionError("a key was asked for")

    for name in ("field_cipher", "ciphers", "commitment_root"):
        monkeypatch.setattr(Keyring, name, refused)
    assert "camille" not in repr(read(bound, made))
