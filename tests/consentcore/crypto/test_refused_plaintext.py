"""Every way in that was tried against a sealed column, on each database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    Column,
    LargeBinary,
    MetaData,
    Table,
    insert,
    inspect,
    literal,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.exc import CompileError, DBAPIError
from sqlalchemy.orm import (
    Session,
)

from consentcore.crypto.fields import Pending, PlaintextRefused, seal_rows
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, InvalidTransition
from tests.builders.databases import Database
from tests.consentcore.crypto.people import SECRET, Person, stored


def bulk_save(session: Session, subject: UUID) -> None:
    session.bulk_save_objects([Person(subject_ref=subject, email=SECRET)])


def bulk_mappings(session: Session, subject: UUID) -> None:
    session.bulk_insert_mappings(inspect(Person), [{"id": uuid4(), "subject_ref": subject, "email": SECRET}])


REFUSED: list[Callable[[Session, UUID], Any]] = [
    lambda s, ref: s.execute(insert(Person), [{"id": uuid4(), "subject_ref": ref, "email": SECRET}]),
    lambda s, ref: s.execute(insert(Person.__table__), [{"id": uuid4(), "subject_ref": ref, "email": SECRET}]),  # type: ignore[arg-type]
    lambda s, ref: s.execute(insert(Person).values(id=uuid4(), subject_ref=ref, email=SECRET)),
    lambda s, ref: s.execute(insert(Person).values(id=uuid4(), subject_ref=ref, email=Pending(SECRET))),
    bulk_save,
    bulk_mappings,
    lambda s, ref: s.execute(update(Person).values(email=SECRET)),
    lambda s, ref: s.execute(update(Person).where(Person.subject_ref == ref).values({Person.email: SECRET})),
    lambda s, ref: s.execute(update(Person), [{"id": uuid4(), "email": SECRET}]),
    lambda s, ref: s.execute(select(Person).where(Person.email == SECRET)),
    lambda s, ref: s.execute(select(Person).where(Person.email != SECRET)),
    lambda s, ref: s.execute(select(Person).where(Person.email.in_([SECRET]))),
    lambda s, ref: s.execute(select(Person).where(Person.email.like("some%"))),
    lambda s, ref: s.execute(select(Person).where(Person.email.startswith("some"))),
    lambda s, ref: s.execute(select(Person).where(Person.email > SECRET)),
    lambda s, ref: s.execute(select(Person).filter_by(email=SECRET)),
    lambda s, ref: s.execute(select(literal(SECRET, Person.email.type))),
]


@pytest.mark.filterwarnings("ignore:Type object:sqlalchemy.exc.SADeprecationWarning")  # LIKE on bytes: to go anyway
@pytest.mark.parametrize("attempt", REFUSED)
def test_plaintext_is_refused_by_the_type(
    session: Session, person: Person, subject: UUID, attempt: Callable[[Session, UUID], Any]
) -> None:
    before = stored(session)
    with pytest.raises(PlaintextRefused, match=r"host_person\.email") as caught:
        attempt(session, subject)
    assert SECRET not in str(caught.value)
    session.rollback()
    assert stored(session) == before


def test_plaintext_is_not_written_into_a_statement(database: Database) -> None:
    statement = select(Person).where(Person.email == SECRET)
    with pytest.raises(CompileError) as caught:
        statement.compile(database.engine, compile_kwargs={"literal_binds": True})
    assert isinstance(caught.value.__cause__, PlaintextRefused)


AROUND_THE_TYPE: list[Any] = [
    text("UPDATE host_person SET email = 'someone@example.org'"),
    text("UPDATE host_person SET email = :plain").bindparams(plain=SECRET.encode() * 3),
    text("UPDATE host_person SET email = :plain").bindparams(plain=b"\x01" * 30),
    text("UPDATE host_person SET email = :plain").bindparams(plain=b"\x02" * 60),
    text("UPDATE host_person SET email = :plain").bindparams(plain=b""),
    update(Person).values(email=literal(SECRET * 3)),
    update(Person).values(email=type_coerce(SECRET.encode() * 3, LargeBinary)),
    update(Table("host_person", MetaData(), Column("email", LargeBinary))).values(email=SECRET.encode() * 3),
]


@pytest.mark.parametrize("statement", AROUND_THE_TYPE)
def test_plaintext_around_the_type_stops_at_the_check(session: Session, person: Person, statement: Any) -> None:
    before = stored(session)
    with pytest.raises(DBAPIError) as caught:
        session.execute(statement)
    assert caught.value.hide_parameters
    session.rollback()
    assert stored(session) == before


@pytest.mark.parametrize("value", [1, b"plain bytes", b"\x01" * 30, ["a"], object()])
def test_only_text_is_assigned(subject: UUID, value: Any) -> None:
    with pytest.raises(PlaintextRefused, match=r"host_person\.email"):
        Person(subject_ref=subject, email=value)


def test_a_text_beyond_its_measure_is_refused_by_name(session: Session, keyring: Keyring, subject: UUID) -> None:
    long = "x" * 51
    session.add(Person(subject_ref=subject, email=long))
    with pytest.raises(BadInput, match=r"host_person\.email takes at most 50 characters, 51 were given") as caught:
        session.flush()
    assert long not in str(caught.value)
    for bad in (long, "\ud800", 5):
        with pytest.raises(BadInput, match=r"host_person\.email"):
            seal_rows(keyring, Person, [{"subject_ref": subject, "email": bad}])


@pytest.mark.parametrize("row", [{}, {"subject_ref": "x"}, {"subject_ref": uuid4(), "id": "x"}])
def test_rows_without_identity_are_not_sealed(keyring: Keyring, row: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="row 0"):
        seal_rows(keyring, Person, [row | {"email": SECRET}])


def test_the_row_is_bound_to_its_subject_and_id(session: Session, person: Person, keyring: Keyring) -> None:
    old = person.subject_ref, person.id
    for change in ({"subject_ref": uuid4()}, {"id": uuid4()}):
        for name, value in change.items():
            setattr(person, name, value)
        with pytest.raises(InvalidTransition, match="never changes"):
            session.flush()
        session.rollback()
        assert (person.subject_ref, person.id) == old
    person.subject_ref = UUID(bytes=person.subject_ref.bytes)  # the same is no change
    session.commit()
