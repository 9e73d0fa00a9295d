"""Sealed columns and their keys, and how a column is declared."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    CheckConstraint,
    inspect,
    select,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from consentcore.columns import Ref, impersonal
from consentcore.crypto.fields import Pending, attach, reveal, reveal_rows, seal_rows, sealed
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.crypto.sealedtext import REGISTRY, register_field
from consentcore.errors import BadInput, ConfigurationError, NotFound
from tests.builders.databases import Database
from tests.consentcore.crypto.people import SECRET, Person, stored


def test_a_session_that_was_never_bound_is_refused(database: Database, host: sessionmaker[Session]) -> None:
    with Session(database.engine) as session:
        session.add(Person(subject_ref=uuid4(), email=SECRET))
        with pytest.raises(ConfigurationError, match="bind"):
            session.flush()


def test_attaching_twice_hangs_the_listeners_once(database: Database) -> None:
    for factory in (sessionmaker(database.engine), scoped_session(sessionmaker(database.engine))):
        attach(factory)
        attach(factory)
        maker = factory.session_factory if isinstance(factory, scoped_session) else factory
        with maker() as session:
            assert len(list(session.dispatch.before_flush)) == 1


def test_a_factory_at_the_address_of_a_former_one_is_attached_too() -> None:
    for _ in range(300):  # a factory made where a former one lay is not that one
        factory = sessionmaker()
        attach(factory)
        with factory() as session:
            assert len(list(session.dispatch.before_flush)) == 1
        del factory, session


def test_a_subject_without_keys_is_refused_before_anything_is_written(session: Session, keyring: Keyring) -> None:
    stranger = uuid4()
    session.add(Person(subject_ref=stranger, email=SECRET))
    with pytest.raises(NotFound, match=str(stranger)):
        session.flush()
    session.rollback()
    with pytest.raises(NotFound):
        seal_rows(keyring, Person, [{"subject_ref": stranger, "email": SECRET}])
    assert stored(session) == []


def test_without_subject_nothing_is_sealed(session: Session) -> None:
    session.add(Person(email=SECRET))
    with pytest.raises(BadInput, match="subject_ref"):
        session.flush()


def test_shredding_one_class_leaves_the_other(
    session: Session, keyring: Keyring, person: Person, now: datetime
) -> None:
    person.billing = "rue de la Paix"
    session.commit()
    keyring.destroy_key(person.subject_ref, KeyClass.PROFILE, now)
    assert reveal(keyring, [person], Person.billing) == [("rue de la Paix",)]
    with pytest.raises(KeyDestroyed):
        reveal(keyring, [person], Person.email)
    assert reveal(keyring, [person], Person.phone) == [(None,)]


def test_a_key_destroyed_by_another_process_is_not_used(
    session: Session, keyring: Keyring, second_keyring: Keyring, person: Person, now: datetime
) -> None:
    assert reveal(keyring, [person], Person.email)
    second_keyring.destroy_key(person.subject_ref, KeyClass.PROFILE, now)
    with pytest.raises(KeyDestroyed):
        reveal(keyring, [person], Person.email)


def test_rows_need_their_identity_to_be_opened(session: Session, keyring: Keyring, person: Person) -> None:
    rows = session.execute(select(Person.email)).all()
    with pytest.raises(BadInput, match="no column id"):
        reveal_rows(keyring, rows, [Person.email])
    rows = session.execute(select(Person.email, Person.id, Person.subject_ref)).all()
    assert reveal_rows(keyring, rows, [Person.email], id=1, subject=2, positions=[0]) == [(SECRET,)]
    with pytest.raises(BadInput, match="not a sealed column"):
        reveal_rows(keyring, rows, [Person.subject_ref])
    assert reveal_rows(keyring, [], [Person.email]) == []


def test_a_number_has_one_column() -> None:
    assert REGISTRY[1_900_000_001] == "host_person.email"
    with pytest.raises(ConfigurationError, match=r"host_person\.email"):

        class Thief(DeclarativeBase):
            __abstract__ = True
            email = sealed(1_900_000_001, info=impersonal("test"))

        class Stolen(Thief):
            __tablename__ = "host_stolen"
            id: Mapped[UUID] = mapped_column(Ref, primary_key=True)
            subject_ref: Mapped[UUID] = mapped_column(Ref)


@pytest.mark.parametrize("number", [0, -1, 2**31])
def test_a_number_is_31_bits(number: int) -> None:
    with pytest.raises(ConfigurationError, match=r"host_x\.y"):
        register_field(number, "host_x.y")


def test_a_mixin_brings_its_check_along() -> None:
    class OtherBase(DeclarativeBase):
        pass

    class HasCode:
        code: Mapped[str | None] = sealed(1_900_000_008, info=impersonal("test"))

    class Coded(HasCode, OtherBase):
        __tablename__ = "host_coded"
        id: Mapped[UUID] = mapped_column(Ref, primary_key=True)
        subject_ref: Mapped[UUID] = mapped_column(Ref)

    checks = [each.name for each in inspect(Coded).local_table.constraints if isinstance(each, CheckConstraint)]  # type: ignore[attr-defined]
    assert checks == ["code_sealed"]
    assert REGISTRY[1_900_000_008] == "host_coded.code"
    assert isinstance(Coded(code="x").code, Pending)


def test_a_class_without_subject_cannot_have_sealed_columns() -> None:
    class OtherBase(DeclarativeBase):
        pass

    with pytest.raises(ConfigurationError, match="subject_ref"):

        class Stray(OtherBase):
            __tablename__ = "host_stray"
            id: Mapped[UUID] = mapped_column(Ref, primary_key=True)
            email: Mapped[str | None] = sealed(1_900_000_009, info=impersonal("test"))
