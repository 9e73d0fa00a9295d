"""Data keys rotate: what was sealed opens at every step, nothing written meanwhile is lost, the old keys go."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.crm.accounts import accounts_named, read_accounts
from consentcore.crm.contacts import Contact, ContactPoint
from consentcore.crypto.datakeys import open_generations
from consentcore.crypto.envelope import read_gen
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.crypto.rotation import destroy_epoch, rotate_kek
from consentcore.crypto.rotations import Keys, Progress
from consentcore.crypto.shredding import body_of
from consentcore.crypto.tables import KEYS, SUPERSEDED
from consentcore.db import Base
from consentcore.errors import DecryptionFailed
from consentcore.ledger import receipt, verify_receipt
from consentcore.ledger.tables import LogContent
from consentcore.outbox.put import Message, opened, put
from consentcore.outbox.tables import OutboxMessage
from consentcore.policyset import Channel
from consentcore.subjects import shredding
from tests.builders.choices import declare, reason
from tests.builders.people import open_people
from tests.consentcore.crypto.people import HostBase, Person
from web.jobs.audit import audit_log
from web.jobs.rotation import rotate
from web.jobs.rotation_of_data import GRACE, UnknownStore
from web.security import staff, unsubscribe_links
from web.security.permissions import Role
from web.security.unsubscribe_links import Unsubscription
from web.wiring import Service

EMAILS = [f"p{number}@courriel.example" for number in range(6)]


@pytest.fixture
def people(wired: Service, now: datetime) -> list[UUID]:
    """Persons with a contact, an address and a consent each."""
    made = open_people(wired.sessions, wired.keyring, now, *EMAILS)
    for person in made:
        declare(wired, person, "newsletter", ConsentState.GIVEN, now)
    return made


def addresses(wired: Service) -> list[str]:
    with wired.sessions() as session:
        points = session.scalars(select(ContactPoint).order_by(ContactPoint.id)).all()
        return sorted(str(value) for (value,) in reveal(wired.keyring, points, ContactPoint.value))


def generations_stored(wired: Service) -> set[int]:
    with wired.sessions() as session:
        blobs = [*session.scalars(select(ContactPoint.value)), *session.scalars(select(Contact.first_name))]
        blobs += [*session.scalars(select(LogContent.payload).where(LogContent.payload.is_not(None)))]
        return {read_gen(bytes(blob)) for blob in blobs}


def proved(wired: Service, person: UUID) -> str:
    with wired.sessions() as session:
        events = session.scalars(select(ConsentRecord.event_id).where(ConsentRecord.subject_ref == person)).all()
        made = [receipt.compose(session, wired.keyring, event, {}) for event in events]
    return " ".join({verify_receipt.verify(one, wired.keyring.log_signer().vkey) for one in made})


def sound(wired: Service) -> bool:
    with wired.sessions() as session:
        return audit_log(session, wired.keyring).ok


def test_everything_opens_at_every_step_and_the_old_keys_go(
    wired: Service, keyring: Keyring, people: list[UUID], now: datetime
) -> None:
    with wired.sessions.begin() as session:
        account = accounts_named(session, keyring, ["Boulangerie Ouest"])["Boulangerie Ouest"]
        staff.add(session, keyring, "dpo@example.org", "Dana", Role.DPO, now)
        message = put(session, keyring, Message("test", "a@example.org", "s", "b", people[0]), now)
    link = unsubscribe_links.issue(keyring, Unsubscription(people[0], "newsletter", Channel.EMAIL, now))
    before = {person: (proved(wired, person), reason(wired, person, "newsletter")) for person in people}
    phases: list[str] = []

    def look(progress: Progress) -> None:
        phases.append(progress.phase)
        assert addresses(wired) == EMAILS
        with wired.sessions() as session:
            assert read_accounts(session, keyring, [account]) == {account: "Boulangerie Ouest"}
            assert staff.by_email(session, keyring, "dpo@example.org") is not None
            kept = opened(keyring, session.get_one(OutboxMessage, message))
            assert kept is not None and kept.to == "a@example.org"

    ended = rotate(wired, Keys.DATA, now, at_once=True, rows=4, told=look)
    assert ended.ended_at is not None and ended.unopened == 0
    assert {"open", "rows", "rest", "rest_shared", "destroy_shared"} <= set(phases)
    assert generations_stored(wired) == {2} and keyring.shared_generations() == (2,)
    with keyring.reading() as connection:
        assert set(connection.execute(select(KEYS.c.gen)).scalars()) == {2}
        assert connection.execute(select(func.count()).select_from(SUPERSEDED)).scalar_one() == 3 * len(people)
    assert {p: (proved(wired, p), reason(wired, p, "newsletter")) for p in people} == before and sound(wired)
    assert unsubscribe_links.read(keyring, link).subject_ref == people[0], "links in mails go on working"
    for person in people:
        declare(wired, person, "newsletter", ConsentState.WITHDRAWN, now + timedelta(days=1))
    assert rotate(wired, Keys.DATA, now, at_once=True).generation == 2
    assert generations_stored(wired) == {3} and addresses(wired) == EMAILS and sound(wired)
    assert all(proved(wired, person) == before[person][0] for person in people)
    assert unsubscribe_links.read(keyring, link).subject_ref == people[0]
    assert len(keyring.commitment_roots(people[0])) == 3, "one for each generation there was"


def test_old_keys_stay_an_hour_and_what_came_late_is_sealed_anew(
    wired: Service, keyring: Keyring, people: list[UUID], now: datetime
) -> None:
    with wired.sessions() as session:
        late = session.scalars(select(ContactPoint).order_by(ContactPoint.id)).first()
        assert late is not None
        old = late.value
    begun = rotate(wired, Keys.DATA, now)
    assert (begun.phase, begun.due_at) == ("rest", now + GRACE) and generations_stored(wired) == {2}
    with wired.sessions.begin() as session:  # a unit that sealed before the rotation commits only now
        session.execute(update(ContactPoint).where(ContactPoint.id == late.id).values(value=old))
    assert rotate(wired, Keys.DATA, now + GRACE - timedelta(seconds=1)) == begun
    assert addresses(wired) == EMAILS
    assert rotate(wired, Keys.DATA, now + GRACE).ended_at is not None
    assert generations_stored(wired) == {2} and addresses(wired) == EMAILS


def test_a_value_that_was_moved_is_not_sealed_anew_and_keeps_its_key(
    wired: Service, keyring: Keyring, people: list[UUID], now: datetime
) -> None:
    with wired.sessions.begin() as session:
        one, other = session.scalars(select(ContactPoint).order_by(ContactPoint.id).limit(2)).all()
        moved, target, owner = one.value, other.id, other.subject_ref
        session.execute(update(ContactPoint).where(ContactPoint.id == target).values(value=moved))
    ended = rotate(wired, Keys.DATA, now, at_once=True)
    assert ended.ended_at is not None and ended.unopened > 0
    with wired.sessions() as session:
        assert session.scalars(select(ContactPoint.value).where(ContactPoint.id == target)).one() == moved
        with pytest.raises(DecryptionFailed):
            reveal(keyring, [session.get_one(ContactPoint, target)], ContactPoint.value)
    with keyring.reading() as connection:
        mine = KEYS.c.subject_ref == owner
        kept = connection.execute(select(KEYS.c.key_class, KEYS.c.gen).where(mine).order_by(KEYS.c.gen)).all()
        assert [tuple(row) for row in kept if row.key_class == "profile"] == [("profile", 1), ("profile", 2)]
        assert {tuple(row) for row in kept if row.key_class != "profile"} == {("evidence", 2), ("archive", 2)}


def test_a_concurrent_write_is_never_overwritten(
    wired: Service, keyring: Keyring, people: list[UUID], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consentcore.crypto import resealing

    write, changed = resealing._write, []

    def write_later(session: Session, store: object, places: object, changes: object) -> int:
        if not changed and "cc_contact_point" in str(store):
            first = changes[0]["of_row"]  # type: ignore[index]
            point = session.get_one(ContactPoint, first)
            point.value = "between@courriel.example"
            session.flush()
            changed.append(point.id)
        return write(session, store, places, changes)  # type: ignore[arg-type]

    monkeypatch.setattr(resealing, "_write", write_later)
    assert rotate(wired, Keys.DATA, now, at_once=True).ended_at is not None
    assert changed and "between@courriel.example" in addresses(wired)
    assert len(set(addresses(wired)) & set(EMAILS)) == len(EMAILS) - 1


def test_erasing_after_a_rotation_takes_every_generation(
    wired: Service, keyring: Keyring, people: list[UUID], now: datetime
) -> None:
    person = people[0]
    rotate(wired, Keys.DATA, now, at_once=True)
    rotate(wired, Keys.DATA, now)  # and in the middle of the next one
    with wired.sessions.begin() as session:
        shredding.request(session, person, KeyClass.PROFILE, "test", "tester", now)
        (pending,) = shredding.open_requests(session)
    shredding.destroy(keyring, pending, now)
    stones = [stone for stone in keyring.tombstones(person) if stone.key_class is KeyClass.PROFILE]
    assert [stone.gen for stone in stones] == [1, 2, 3]
    assert len(body_of(keyring, stones).older_key_check_values) == 2
    with pytest.raises(KeyDestroyed):
        keyring.field_cipher(person, KeyClass.PROFILE)
    assert rotate(wired, Keys.DATA, now + GRACE).ended_at is not None
    with keyring.reading() as connection:
        assert not connection.execute(
            select(KEYS.c.gen).where(KEYS.c.subject_ref == person, KEYS.c.key_class == "profile")
        ).all()


def test_a_person_being_destroyed_gets_no_new_key(keyring: Keyring, people: list[UUID], now: datetime) -> None:
    keyring.destroy_key(people[0], KeyClass.ARCHIVE, now)
    later = now + timedelta(days=1)
    made = open_generations(keyring, later, later, None, 100)
    assert made.made == 3 * len(people) - 1
    assert open_generations(keyring, later, later, None, 100).made == 0
    assert open_generations(keyring, later, later, made.last, 100).last is None


def test_an_old_copy_of_both_databases_opens_nothing_once_the_epoch_is_gone(
    wired: Service, keyring: Keyring, people: list[UUID], now: datetime
) -> None:
    with keyring.reading() as connection:
        old = connection.execute(select(KEYS)).all()
    rotate(wired, Keys.DATA, now, at_once=True)
    rotate_kek(keyring, now)
    destroy_epoch(keyring, 1, now)
    assert addresses(wired) == EMAILS and sound(wired)
    for row in old:
        with pytest.raises(DecryptionFailed):
            keyring.provider.unwrap(row.kek_epoch, row.wrapped, b"")


def test_a_hosts_own_table_is_refused_until_it_is_named(
    wired: Service, keyring: Keyring, people: list[UUID], now: datetime
) -> None:
    HostBase.metadata.create_all(wired.engine)
    try:
        with wired.sessions.begin() as session:
            session.add(Person(subject_ref=people[0], email="x@example.org", billing="1 rue des Ifs"))
        with pytest.raises(UnknownStore, match="host_person"):
            rotate(wired, Keys.DATA, now, at_once=True)
        rotate(wired, Keys.DATA, now, at_once=True, metadata=(Base.metadata, HostBase.metadata))
        with wired.sessions() as session:
            (row,) = session.scalars(select(Person)).all()
            assert reveal(keyring, [row], Person.email, Person.billing) == [("x@example.org", "1 rue des Ifs")]
            assert read_gen(row.email) == read_gen(row.billing) == 2  # type: ignore[arg-type]
    finally:
        HostBase.metadata.drop_all(wired.engine)
