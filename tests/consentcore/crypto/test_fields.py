"""A sealed column does whatever any column does, on each database."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    delete,
    event,
    insert,
    select,
    union_all,
)
from sqlalchemy.orm import (
    Session,
    aliased,
    load_only,
    sessionmaker,
)

from consentcore.crypto.fields import reveal, reveal_rows, seal_rows
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from tests.builders.databases import Database
from tests.consentcore.crypto.people import SECRET, Person, stored


def test_insert_update_refresh(session: Session, keyring: Keyring, person: Person) -> None:
    assert stored(session)[0][0] == 1
    assert SECRET.encode() not in stored(session)[0]
    assert reveal(keyring, [person], Person.email, Person.phone) == [(SECRET, None)]
    person.phone, person.billing, person.note = "+33123456789", "rue de la Paix", "another"
    session.commit()
    session.refresh(person)
    assert reveal(keyring, [person], Person.billing, Person.email, Person.phone) == [
        ("rue de la Paix", SECRET, "+33123456789")
    ]
    person.email = None
    session.commit()
    assert stored(session) == [None]


def test_an_unchanged_value_is_not_sealed_again(session: Session, person: Person) -> None:
    before = stored(session)
    person.note = "changed"
    session.commit()
    assert stored(session) == before


def test_the_same_text_is_sealed_differently_each_time(session: Session, person: Person) -> None:
    before = stored(session)
    person.email = SECRET
    session.commit()
    assert stored(session) != before


def test_rollback_and_savepoint(session: Session, keyring: Keyring, person: Person) -> None:
    person.email = "other@example.org"
    session.flush()
    session.rollback()
    assert reveal(keyring, [person], Person.email) == [(SECRET,)]
    with pytest.raises(ZeroDivisionError), session.begin_nested():
        person.email = "third@example.org"
        session.flush()
        raise ZeroDivisionError
    assert reveal(keyring, [person], Person.email) == [(SECRET,)]


def test_an_object_added_again_after_a_rollback(session: Session, keyring: Keyring, subject: UUID) -> None:
    made = Person(subject_ref=subject, email=SECRET)
    session.add(made)
    session.flush()
    session.rollback()
    session.add(made)
    session.commit()
    assert reveal(keyring, [made], Person.email) == [(SECRET,)]


def test_merge(host: sessionmaker[Session], keyring: Keyring, person: Person, subject: UUID) -> None:
    person.note = "detached"
    with host() as other:
        merged = other.merge(person)
        merged.phone = "1"
        fresh = other.merge(Person(subject_ref=subject, email="fresh@example.org"))
        other.commit()
        assert reveal(keyring, [merged, fresh], Person.email, Person.phone) == [
            (SECRET, "1"),
            ("fresh@example.org", None),
        ]


def test_aliases_unions_returning_and_partial_loads(session: Session, keyring: Keyring, person: Person) -> None:
    other = aliased(Person)
    columns = (other.id, other.subject_ref, other.email)
    rows = session.execute(select(*columns).where(other.email.is_not(None))).all()
    assert reveal_rows(keyring, rows, [Person.email]) == [(SECRET,)]
    both = union_all(select(Person.id, Person.subject_ref, Person.email), select(*columns))
    assert reveal_rows(keyring, session.execute(both).all(), [Person.email]) == [(SECRET,)] * 2
    subject = person.subject_ref
    session.expunge_all()
    loaded = session.scalars(select(Person).options(load_only(Person.note))).all()
    assert reveal(keyring, loaded, Person.email) == [(SECRET,)]
    row = seal_rows(keyring, Person, [{"subject_ref": subject, "email": "second@example.org"}])
    made = session.scalars(insert(Person).returning(Person), row).all()
    assert reveal(keyring, made, Person.email) == [("second@example.org",)]
    assert session.execute(delete(Person).where(Person.email.is_not(None))).rowcount == 2


def test_bulk_inserts_of_sealed_rows(session: Session, keyring: Keyring, subject: UUID) -> None:
    given = [{"subject_ref": subject, "email": f"{n}@é.org", "billing": None, "note": "n"} for n in range(20)]
    rows = seal_rows(keyring, Person, given)
    assert given[0]["email"] == "0@é.org"
    session.execute(insert(Person), rows[:10])
    session.execute(insert(Person.__table__), rows[10:])  # type: ignore[arg-type]
    found = session.execute(select(Person.id, Person.subject_ref, Person.email).order_by(Person.id)).all()
    assert sorted(reveal_rows(keyring, found, [Person.email])) == sorted((row["email"],) for row in given)


def test_one_key_query_for_a_flush(host: sessionmaker[Session], keyring: Keyring, now: datetime) -> None:
    subjects = [uuid4() for _ in range(30)]
    keyring.ensure(subjects, now)
    keyring.forget()
    queries: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM cc_keyring " in statement.replace("\n", " ") + " ":
            queries.append(statement)

    event.listen(keyring.engine, "before_cursor_execute", count)
    try:
        with host() as session:
            session.add_all([Person(subject_ref=each, email=SECRET, phone="1") for each in subjects])
            session.commit()
    finally:
        event.remove(keyring.engine, "before_cursor_execute", count)
    assert len(queries) == 1


def test_a_tiny_cache_only_costs_time(database: Database, host: sessionmaker[Session], now: datetime) -> None:
    first = host.kw["info"][KEYRING_KEY]
    keyring = Keyring(database.keyring_engine, first.provider, cache_size=2)
    subjects = [uuid4() for _ in range(30)]
    keyring.ensure(subjects, now)
    with host(info={KEYRING_KEY: keyring}) as session:
        people = [Person(subject_ref=each, email=str(each), billing="b") for each in subjects]
        session.add_all(people)
        session.commit()
        assert reveal(keyring, people, Person.email) == [(str(each),) for each in subjects]
