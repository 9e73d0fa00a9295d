"""Persons found by what they are reached at; keys destroyed on purpose, each with its certificate."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.receipt import receipt
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX, Contact
from consentcore.crypto.blindindex import normalise_email
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.errors import Conflict, NotFound
from consentcore.ledger.verify_receipt import verify
from consentcore.policyset import Channel
from consentcore.subjects import shredding
from consentcore.subjects.matching import find_subjects, matches_of
from policies.loader import load
from tests.builders.people import draft, open_people


def found(bound: sessionmaker[Session], keyring: Keyring, email: str) -> list[object]:
    normalised = normalise_email(email)
    assert normalised is not None
    with bound() as session:
        return list(find_subjects(session, keyring, EMAIL_INDEX, normalised))


def test_an_address_is_found_in_any_case_and_form(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    (person,) = open_people(bound, keyring, now, "stanisław.wójcik@courriel.example")
    assert found(bound, keyring, " STANISŁAW.WÓJCIK@COURRIEL.EXAMPLE ") == [person]
    assert found(bound, keyring, "stanislaw.wojcik@courriel.example") == []


def test_equal_points_are_a_match_and_never_a_merge(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    with bound.begin() as session:
        written = open_contacts(
            session,
            keyring,
            [
                draft("foyer@courriel.example", phone="01 99 00 12 34"),
                draft("FOYER@courriel.example", first_name="Anaïs"),
                draft("autre@courriel.example", phone="+33 1 99 00 12 34"),
                draft("loin@courriel.example"),
            ],
            now,
        )
    refs = [one.subject_ref for one in written]
    assert len(set(refs)) == 4
    with bound() as session:
        matches = {match.subject_ref: match.fields for match in matches_of(session, refs[0])}
        assert matches == {refs[1]: (EMAIL_INDEX,), refs[2]: (PHONE_INDEX,)}
        assert matches_of(session, refs[3]) == []


def shred(bound: sessionmaker[Session], keyring: Keyring, person: object, key_class: KeyClass, now: datetime) -> str:
    with bound.begin() as session:
        shredding.request(session, person, key_class, "test", "dpo@courriel.example", now)  # type: ignore[arg-type]
    with bound() as session:
        (pending,) = shredding.open_requests(session)
    facts = shredding.destroy(keyring, pending, now)
    assert shredding.destroy(keyring, pending, now + timedelta(hours=1)) == facts  # a crash here is repeated
    with bound.begin() as session:
        number = shredding.certify(session, pending, facts, now).number
    with bound() as session:
        assert shredding.open_requests(session) == []
    return number


def test_destroying_evidence_keeps_old_proofs_and_tells_later_ones(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    policy = load()
    one, other = open_people(bound, keyring, now, "une@courriel.example", "autre@courriel.example")
    choice = Choice("newsletter", Channel.EMAIL, ConsentState.GIVEN, policy.notice("newsletter", 1, "fr"))
    with bound.begin() as session:
        evidence = Evidence("web_form", contact_point="une@courriel.example")
        mine = record(session, one, [choice], policy, evidence, now)[0]
        theirs = record(session, other, [choice], policy, Evidence("web_form"), now)[0]
    vkey = keyring.log_signer().vkey
    with bound() as session:
        before = receipt(session, keyring, policy, mine.record_id)
    assert verify(before, vkey) == "proved"
    assert "une@courriel.example" in json.dumps(before)

    number = shred(bound, keyring, one, KeyClass.EVIDENCE, now)

    assert verify(before, vkey) == "proved"
    with bound() as session:
        after = receipt(session, keyring, policy, mine.record_id)
        untouched = receipt(session, keyring, policy, theirs.record_id)
    assert verify(after, vkey) == f"proved, content erased under certificate {number}"
    assert "une@courriel.example" not in json.dumps(after)
    assert verify(untouched, vkey) == "proved"
    with bound() as session, pytest.raises(KeyDestroyed):
        record(session, one, [choice], policy, Evidence("web_form"), now)


def test_destroying_the_profile_leaves_the_evidence(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    policy = load()
    (person,) = open_people(bound, keyring, now, "une@courriel.example")
    choice = Choice("newsletter", Channel.EMAIL, ConsentState.WITHDRAWN, policy.notice("newsletter", 1, "fr"))
    with bound.begin() as session:
        mine = record(session, person, [choice], policy, Evidence("portal"), now)[0]
    shred(bound, keyring, person, KeyClass.PROFILE, now)
    with bound() as session:
        contact = session.scalars(select(Contact)).one()
        with pytest.raises(KeyDestroyed):
            reveal(keyring, [contact], Contact.first_name)
        assert verify(receipt(session, keyring, policy, mine.record_id), keyring.log_signer().vkey) == "proved"


def test_what_cannot_be_destroyed_is_refused_and_leaves_no_mark(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    (person,) = open_people(bound, keyring, now, "une@courriel.example")
    shred(bound, keyring, person, KeyClass.ARCHIVE, now)
    for error, subject, key_class in (
        (NotFound, uuid4(), KeyClass.PROFILE),
        (Conflict, person, KeyClass.ARCHIVE),
    ):
        with bound() as session, pytest.raises(error):
            shredding.request(session, subject, key_class, "test", "dpo", now)
    with bound() as session:
        assert shredding.open_requests(session) == []
        assert session.scalar(select(func.count()).select_from(Contact)) == 1
