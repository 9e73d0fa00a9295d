"""A look at a person's data is in the log before anything is shown: who and what, sealed under the person's key."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.ledger.tables import LogContent, LogEvent
from consentcore.policyset import PolicySet
from consentcore.requests.held_data import data_items
from consentcore.requests.locate import locate
from consentcore.subjects import access_log
from tests.builders.people import open_people
from tests.builders.policies import shipped


def test_a_look_is_recorded_and_the_person_reads_of_it_without_the_name_of_staff(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    policy: PolicySet = shipped()
    person = open_people(bound, keyring, now, "camille@courriel.example")[0]
    with bound.begin() as session:
        access_log.record(session, person, " anna@ex.example ", "contact_details", now, reference="K7QX-3TZM")
    with bound() as session:
        content = session.scalars(select(LogContent).where(LogContent.subject_ref == person)).one()
        header = session.get_one(LogEvent, content.event_id).header
        assert access_log.RECORDED.encode() in header
        assert content.payload is not None and b"anna" not in header + content.payload
        found = list(data_items(locate(session, keyring, policy, [person]), policy))
        told = {item.field: item.value for item in found if item.store == "cc_log_content"}
    assert told == {"payload.what": "contact_details", "payload.reference": "K7QX-3TZM"}


def test_a_look_names_who_and_what(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> None:
    person = open_people(bound, keyring, now, "camille@courriel.example")[0]
    with bound() as session:
        for by, what in ((" ", "name"), ("a" * 255, "name"), ("anna", ""), ("anna", "x" * 65)):
            with pytest.raises(BadInput):
                access_log.record(session, person, by, what, now, reference="K7QX-3TZM")
