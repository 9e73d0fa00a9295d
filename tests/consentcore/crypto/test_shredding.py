from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.rotation import destroy_epoch, rotate_kek
from consentcore.crypto.shredding import body_of, clear_pending, destroy, list_pending, mark_pending
from consentcore.crypto.tables import KEYS
from consentcore.errors import NotFound
from tests.builders.databases import Database


def test_a_mark_lives_and_dies_with_its_unit(database: Database, now: datetime) -> None:
    subject = uuid4()
    with Session(database.engine) as session:
        mark_pending(session, subject, KeyClass.PROFILE, "erasure", now)
        session.rollback()
        assert list_pending(session) == []
        mark_pending(session, subject, KeyClass.PROFILE, "erasure", now)
        mark_pending(session, subject, KeyClass.PROFILE, "retention", now + timedelta(1))
        mark_pending(session, subject, KeyClass.EVIDENCE, "retention", now + timedelta(1))
        session.commit()
        first, second = list_pending(session)
        assert (first.subject_ref, first.key_class, first.reason) == (subject, KeyClass.PROFILE, "erasure")
        assert second.key_class is KeyClass.EVIDENCE
        clear_pending(session, subject, KeyClass.PROFILE)
        session.commit()
        assert list_pending(session) == [second]


def test_the_body_states_what_happened(database: Database, keyring: Keyring, subject: UUID, now: datetime) -> None:
    with database.keyring_engine.connect() as connection:
        wrapped = connection.execute(select(KEYS.c.wrapped).where(KEYS.c.key_class == "profile")).scalar_one()
    body = destroy(keyring, subject, KeyClass.PROFILE, now)
    assert body.as_data() == {
        "key_class": "profile",
        "dek_destroyed_at": "2026-11-09T09:00:00Z",
        "kek_epoch": 1,
        "kek_epoch_destroyed_at": None,
        "effective_at": None,
        "key_check_value": hashlib.sha256(wrapped).hexdigest(),
    }
    assert str(subject) not in json.dumps(body.as_data())
    assert destroy(keyring, subject, KeyClass.PROFILE, now + timedelta(1)) == body


def test_it_takes_effect_when_the_epoch_is_gone_too(keyring: Keyring, subject: UUID, now: datetime) -> None:
    destroy(keyring, subject, KeyClass.PROFILE, now)
    rotate_kek(keyring, now)
    destroy(keyring, subject, KeyClass.EVIDENCE, now)
    later = now + timedelta(days=30)
    destroy_epoch(keyring, 1, later)
    by_class = {stone.key_class: body_of(keyring, [stone]) for stone in keyring.tombstones(subject)}
    assert by_class[KeyClass.PROFILE].kek_epoch_destroyed_at == by_class[KeyClass.PROFILE].effective_at == later
    assert by_class[KeyClass.PROFILE].dek_destroyed_at == now
    assert by_class[KeyClass.EVIDENCE].kek_epoch == 2
    assert by_class[KeyClass.EVIDENCE].effective_at is None


def test_nothing_to_destroy_is_an_error(keyring: Keyring, now: datetime) -> None:
    with pytest.raises(NotFound):
        destroy(keyring, uuid4(), KeyClass.PROFILE, now)
