"""The log changes its key: old receipts hold by the old one, new ones by the new, and a retired key forges nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.crypto import generations
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.roots import LOG
from consentcore.crypto.rotations import Keys
from consentcore.crypto.signing import Signer
from consentcore.errors import LedgerTampered
from consentcore.identifiers import random_ref
from consentcore.ledger import receipt, verify_receipt
from consentcore.ledger.append import append
from consentcore.ledger.checkpoint import open_checkpoint
from consentcore.ledger.events import Event, header_bytes
from consentcore.ledger.keychange import key_ranges
from consentcore.ledger.log import queue
from consentcore.ledger.merkle import leaf_hash
from consentcore.ledger.note import sign_note
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.ledger.statements import insert
from consentcore.subjects import shredding
from tests.builders.choices import declare
from tests.builders.people import open_people
from web.jobs.audit import audit_log
from web.jobs.rotation import rotate
from web.jobs.rotation_of_log import OVERLAP
from web.jobs.rotation_turn import STARTED
from web.wiring import Service


@pytest.fixture
def person(wired: Service, now: datetime) -> UUID:
    """Somebody with a consent on record, made before any rotation."""
    (made,) = open_people(wired.sessions, wired.keyring, now, "camille@courriel.example")
    declare(wired, made, "newsletter", ConsentState.GIVEN, now)
    return made


_NOTES = "SELECT idx, checkpoint FROM cc_log_leaf WHERE checkpoint IS NOT NULL"
_SIGN = "UPDATE cc_log_leaf SET checkpoint = :note WHERE idx = :idx"


def receipt_of(wired: Service, person: UUID) -> dict[str, object]:
    with wired.sessions() as session:
        event = session.scalars(select(ConsentRecord.event_id).where(ConsentRecord.subject_ref == person)).one()
        return receipt.compose(session, wired.keyring, event, {})


def newest_note(wired: Service) -> str:
    with wired.sessions() as session:
        newest = latest_checkpoint(session)
        assert newest is not None
        return newest.note


def verifies(made: dict[str, object], vkey: str) -> bool:
    try:
        return bool(verify_receipt.verify(made, vkey))
    except verify_receipt.Refused:
        return False


def audited(wired: Service, against: str | None = None) -> str | None:
    with wired.sessions() as session:
        return audit_log(session, wired.keyring, against).problem


def test_both_sign_and_then_the_new_one_alone(wired: Service, keyring: Keyring, person: UUID, now: datetime) -> None:
    old = keyring.log_signer().vkey
    before, note_before = receipt_of(wired, person), newest_note(wired)
    begun = rotate(wired, Keys.LOG, now)
    assert (begun.phase, begun.due_at) == ("retire", now + OVERLAP)
    new = keyring.log_signer().vkey
    assert new != old and keyring.log_vkeys() == (new, old)
    declare(wired, person, "promotions", ConsentState.GIVEN, now)
    between, note_between = receipt_between(wired, person), newest_note(wired)
    for vkey in (old, new):
        assert verifies(between, vkey) and open_checkpoint(note_between, [vkey])
    assert rotate(wired, Keys.LOG, now + OVERLAP - timedelta(seconds=1)) == begun
    assert rotate(wired, Keys.LOG, now + OVERLAP).ended_at is not None
    declare(wired, person, "promotions", ConsentState.WITHDRAWN, now)
    assert verifies(before, old) and verifies(between, old) and open_checkpoint(note_before, [old])
    after = receipt_between(wired, person)
    assert verifies(after, new) and not verifies(after, old)
    with pytest.raises(LedgerTampered):
        open_checkpoint(newest_note(wired), [old])
    assert [key.signer is None for key in keyring.log_keys()] == [False, True]
    for kept in (note_before, note_between):
        assert audited(wired, kept) is None
    with wired.sessions() as session:
        newer, older = key_ranges(session, keyring.log_vkeys())
    assert older.from_size == 1 and newer.to_size is None and older.to_size is not None
    assert newer.from_size is not None and newer.from_size < older.to_size


def receipt_between(wired: Service, person: UUID) -> dict[str, object]:
    with wired.sessions() as session:
        newest = select(ConsentRecord.event_id).where(ConsentRecord.subject_ref == person)
        event = session.scalars(newest.order_by(ConsentRecord.recorded_at.desc()).limit(1)).one()
        return receipt.compose(session, wired.keyring, event, {})


def test_a_certificate_of_before_is_proved_by_the_key_of_after(
    wired: Service, keyring: Keyring, person: UUID, now: datetime
) -> None:
    with wired.sessions() as session:
        event = session.scalars(select(ConsentRecord.event_id).where(ConsentRecord.subject_ref == person)).one()
    with wired.sessions.begin() as session:
        shredding.request(session, person, KeyClass.EVIDENCE, "test", "tester", now)
        (pending,) = shredding.open_requests(session)
    facts = shredding.destroy(keyring, pending, now)
    with wired.sessions.begin() as session:
        shredding.certify(session, pending, facts, now)
    rotate(wired, Keys.LOG, now, at_once=True)
    with wired.sessions() as session:
        made = receipt.compose(session, keyring, event, {})
    assert verify_receipt.verify(made, keyring.log_signer().vkey)


def test_a_process_that_has_not_heard_of_it_keeps_in_step(
    wired: Service, keyring: Keyring, person: UUID, now: datetime
) -> None:
    other = Keyring(keyring.engine, keyring.provider)
    other.check()
    keyring_of = wired.sessions.kw["info"]
    for at in range(3):
        if at < 2:
            rotate(wired, Keys.LOG, now + at * OVERLAP)
        keyring_of["cc_keyring"] = other
        other._seen_at = float("inf")  # it looks at the keyring no more by itself
        with wired.sessions.begin() as session:
            queue(session, Event(type=STARTED, at=now))
        keyring_of["cc_keyring"] = keyring
        assert audited(wired) is None
    assert other.log_vkeys() == keyring.log_vkeys()


@pytest.mark.parametrize("whole", [False, True])
def test_a_retired_key_brings_nothing_back(
    wired: Service, keyring: Keyring, person: UUID, now: datetime, whole: bool
) -> None:
    stolen = keyring.log_signer()
    rotate(wired, Keys.LOG, now, at_once=True)
    assert audited(wired) is None
    with wired.sessions() as session:
        connection = session.connection()
        if whole:
            for index, note in connection.execute(text(_NOTES)).all():
                signed = sign_note(bytes(note).decode().partition("\n\n")[0] + "\n", [stolen]).encode()
                connection.execute(text(_SIGN), {"note": signed, "idx": index})
        else:
            forge(connection, stolen, now, keyring.log_signer().vkey)
        session.get_transaction().commit()  # type: ignore[union-attr]
    problem = audited(wired)
    assert problem is not None and ("retired key" if whole else "other keys") in problem
    with pytest.raises(LedgerTampered), wired.sessions.begin() as session:
        queue(session, Event(type=STARTED, at=now))


def forge(connection: object, signer: Signer, now: datetime, tail_vkey: str) -> None:
    """Append a leaf as somebody would who can write the tables and holds an old key."""
    item = Event(type=STARTED, at=now, id=random_ref())
    header = header_bytes(item, None, None)
    insert(connection, "cc_log_event", ("id", "log", "header"), [(item.id.bytes, 1, header)])  # type: ignore[arg-type]
    append(connection, [(item.id.bytes, leaf_hash(header))], signer, tail_vkey)  # type: ignore[arg-type]


def test_what_an_unannounced_key_signs_is_told(wired: Service, keyring: Keyring, person: UUID, now: datetime) -> None:
    generations.announce(keyring, LOG, 2, now)
    early = keyring.log_keys()[0]
    assert early.signer is not None and not early.current
    with wired.sessions() as session:
        forge(session.connection(), early.signer, now, keyring.log_signer().vkey)
        session.get_transaction().commit()  # type: ignore[union-attr]
    problem = audited(wired)
    assert problem is not None and "other keys" in problem
