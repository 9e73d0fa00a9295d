"""Accounts of staff: one password rule for every way in, nothing readable at rest, sessions that end with it."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, Conflict
from web.security import passwords, sessions, staff
from web.security.permissions import OF_ROLE, Permission, Role, may
from web.security.tables import SessionRow

EMAIL = "Anna.Exemple@exemplia-jardins.example"


@pytest.fixture
def anna(session: Session, keyring: Keyring, now: datetime) -> tuple[staff.Staff, str]:
    """An operator and her password."""
    return staff.add(session, keyring, EMAIL, "Anna Exemple", Role.OPERATOR, now)


def test_a_password_opens_its_account_alone(
    session: Session, keyring: Keyring, now: datetime, anna: tuple[staff.Staff, str]
) -> None:
    person, password = anna
    assert staff.check(session, keyring, EMAIL.upper(), password) == person
    assert staff.check(session, keyring, EMAIL, password + "x") is None
    assert staff.check(session, keyring, "nobody@exemplia-jardins.example", password) is None
    staff.disable(session, person.id, now)
    assert staff.check(session, keyring, EMAIL, password) is None


def test_nothing_readable_is_stored(session: Session, anna: tuple[staff.Staff, str]) -> None:
    row = session.execute(text("SELECT * FROM cc_staff")).one()
    stored = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    for secret in (b"anna", b"Anna", b"exemplia", anna[1].encode()):
        assert secret not in stored
    assert b"$argon2id$" in stored


def test_an_address_has_one_account(
    session: Session, keyring: Keyring, now: datetime, anna: tuple[staff.Staff, str]
) -> None:
    with pytest.raises(Conflict):
        staff.add(session, keyring, EMAIL.lower(), "Another", Role.DPO, now)


def test_a_new_password_ends_every_session(
    session: Session, keyring: Keyring, now: datetime, anna: tuple[staff.Staff, str]
) -> None:
    person, old = anna
    visit = sessions.start(session, keyring, "console", now, staff_id=person.id)
    assert sessions.find(session, keyring, "console", visit.token, now) is not None
    staff.set_password(session, keyring, person.id, "a garden has four seasons", now)
    assert sessions.find(session, keyring, "console", visit.token, now) is None
    assert staff.check(session, keyring, EMAIL, old) is None
    assert staff.check(session, keyring, EMAIL, "a garden has four seasons") == person


def test_a_closed_account_has_no_sessions(
    session: Session, keyring: Keyring, now: datetime, anna: tuple[staff.Staff, str]
) -> None:
    sessions.start(session, keyring, "console", now, staff_id=anna[0].id)
    staff.disable(session, anna[0].id, now)
    assert not session.scalars(select(SessionRow)).all()


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaaaa", "x" * 129, "anna.exemple is my name", "ababababababab"])
def test_weak_passwords_are_refused_on_every_path(
    session: Session, keyring: Keyring, now: datetime, anna: tuple[staff.Staff, str], weak: str
) -> None:
    with pytest.raises(BadInput):
        staff.set_password(session, keyring, anna[0].id, weak, now)
    with pytest.raises(BadInput):
        passwords.hashed(weak, EMAIL.lower())


def test_made_passwords_are_acceptable_and_differ() -> None:
    made = {passwords.make() for _ in range(50)}
    assert len(made) == 50
    assert all(len(one) >= passwords.LEAST for one in made)


def test_the_approver_is_never_the_one_who_prepares() -> None:
    assert not may(Role.OPERATOR, Permission.ERASURE_APPROVE)
    assert not may(Role.APPROVER, Permission.REQUESTS_HANDLE)
    assert OF_ROLE[Role.DPO] == frozenset(Permission)


def test_the_auditor_changes_nothing_and_reveals_nobody() -> None:
    changing = {
        Permission.REQUESTS_HANDLE,
        Permission.ERASURE_APPROVE,
        Permission.REQUESTS_EXECUTE,
        Permission.RETENTION_RUN,
        Permission.PERSONS_REVEAL,
    }
    assert not OF_ROLE[Role.AUDITOR] & changing
