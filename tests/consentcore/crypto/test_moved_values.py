"""A stored value in another place does not open; a pending one does not leave."""

from __future__ import annotations

import copy
import logging
import pickle
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.orm import (
    Session,
    make_transient,
)
from sqlalchemy.orm.attributes import set_committed_value

from consentcore.crypto.fields import PlaintextRefused, reveal, reveal_rows
from consentcore.crypto.keyring import Keyring
from consentcore.errors import DecryptionFailed
from tests.consentcore.crypto.people import SECRET, Person, stored


def moved(session: Session, statement: Any) -> list[Any]:
    session.execute(statement)
    session.commit()
    return list(session.execute(select(Person.id, Person.subject_ref, Person.email, Person.phone)).all())


def test_a_value_in_another_column_row_or_subject_does_not_open(
    session: Session, keyring: Keyring, person: Person, subject: UUID, now: datetime
) -> None:
    stranger = uuid4()
    keyring.ensure([stranger], now)
    blob = stored(session)[0]
    row = {"id": uuid4(), "subject_ref": subject, "email": blob}
    attempts = (
        update(Person).values(phone=Person.email),
        insert(Person).values(row),
        update(Person).values(subject_ref=stranger),
        update(Person).values(email=b"\x01\x00\x02" + blob[3:]),
        update(Person).values(email=blob[:-1] + bytes([blob[-1] ^ 1])),
    )
    for statement in attempts:
        rows = moved(session, statement)
        bad = [each for each in rows if each.id != person.id] or rows
        attributes = [Person.phone] if bad[0].phone else [Person.email]
        with pytest.raises(DecryptionFailed, match=f"row {bad[0].id}") as caught:
            reveal_rows(keyring, bad, attributes)
        assert "field 19000000" in str(caught.value)
        session.execute(delete(Person))
        session.execute(insert(Person), [row | {"id": person.id}])
        session.commit()
    assert reveal(keyring, [person], Person.email) == [(SECRET,)]


def test_a_row_made_transient_under_another_id_does_not_open(
    session: Session, keyring: Keyring, person: Person
) -> None:
    session.refresh(person)
    make_transient(person)
    person.id = uuid4()
    session.add(person)
    session.commit()
    with pytest.raises(DecryptionFailed):
        reveal(keyring, [person], Person.email)


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01\x00\x01", b"\x01\x00\x01" + bytes(28), bytes(60), b"\x09" * 60])
def test_a_malformed_value_is_refused_by_field_and_row(keyring: Keyring, subject: UUID, blob: bytes) -> None:
    made = Person(subject_ref=subject)
    set_committed_value(made, "email", blob)
    with pytest.raises(DecryptionFailed, match=f"field 1900000001 of row {made.id}"):
        reveal(keyring, [made], Person.email)


def test_a_pending_value_shows_nothing_and_does_not_leave(subject: UUID, caplog: pytest.LogCaptureFixture) -> None:
    made = Person(subject_ref=subject, email=SECRET)
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%s %r", made.email, vars(made))
    shown = [repr(made.email), str(made.email), f"{made.email}", f"{made.email:>40}", caplog.text, repr(vars(made))]
    assert all("pending plaintext" in each for each in shown)
    assert not any(SECRET in each for each in shown)
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(PlaintextRefused):
            leave(made.email)
    with pytest.raises(PlaintextRefused):
        pickle.dumps(made)


def test_a_loaded_row_pickles_as_ciphertext(session: Session, keyring: Keyring, person: Person) -> None:
    session.refresh(person)
    frozen = pickle.dumps(person)
    assert SECRET.encode() not in frozen
    assert reveal(keyring, [pickle.loads(frozen)], Person.email) == [(SECRET,)]  # noqa: S301 - our own bytes


def test_reveal_reads_what_was_assigned(session: Session, keyring: Keyring, person: Person) -> None:
    person.email = "new@example.org"
    with session.no_autoflush:
        assert reveal(keyring, [person], Person.email, Person.phone) == [("new@example.org", None)]


def test_every_object_has_its_row_id_from_the_start(subject: UUID) -> None:
    assert Person(subject_ref=subject).id.version == 7
    given = uuid4()
    assert Person(subject_ref=subject, id=given).id == given
