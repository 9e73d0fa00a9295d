"""A list of 1,000 contacts with six sealed fields, against the same list from six plain String columns.

Ours: Core rows and `reveal_rows`, keys open. The bar is the plain list as most programs read it, by the ORM; plain
columns by Core, and ours with the keys still to be read, are reported beside it. Each side ends with the same tuples.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sized
from typing import Any
from uuid import UUID

from sqlalchemy import String, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from consentcore.columns import Ref
from consentcore.crm.contacts import Contact
from consentcore.crypto.fields import raw_ref, reveal_rows, seal_rows
from consentcore.identifiers import random_ref, row_id
from consentcore.subjects.tables import DataSubject
from tests.benchmarks.ground import NOW, Ground, covered, ground
from tests.benchmarks.pairing import Pair, Work, arguments, clock_for, report

ROWS = 1_000
TIMES = 1.5
FIELDS = ("first_name", "last_name", "street", "city", "postal_code", "account_name")


class _PlainBase(DeclarativeBase):
    pass


class PlainContact(_PlainBase):
    """A contact with nothing sealed."""

    __tablename__ = "plain_contact"

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True)
    subject_ref: Mapped[UUID] = mapped_column(Ref, index=True)
    first_name: Mapped[str | None] = mapped_column(String(255))
    last_name: Mapped[str | None] = mapped_column(String(255))
    street: Mapped[str | None] = mapped_column(String(255))
    city: Mapped[str | None] = mapped_column(String(255))
    postal_code: Mapped[str | None] = mapped_column(String(255))
    account_name: Mapped[str | None] = mapped_column(String(255))


def main() -> int:
    """Measure and report, on each kind of database."""
    rounds, holds = arguments().rounds, True
    for kind in covered():
        with ground(kind) as made:
            holds &= report(_pairs(made), rounds)
    return 0 if holds else 1


def _pairs(made: Ground) -> Iterator[Pair]:
    with made.sessions() as session:
        expected = _fill(made, session)
        attributes = [getattr(Contact, name) for name in FIELDS]
        ours_query = select(raw_ref(Contact.id), raw_ref(Contact.subject_ref), *attributes)
        entities = select(PlainContact)
        columns = select(PlainContact.id, *(getattr(PlainContact, name) for name in FIELDS))

        def ours() -> list[tuple[Any, ...]]:
            rows = session.execute(ours_query).all()
            return reveal_rows(made.keyring, rows, attributes)

        def ours_cold() -> list[tuple[Any, ...]]:
            made.keyring.forget()
            return ours()

        def plain_orm() -> list[tuple[Any, ...]]:  # the session lets go of entities that nobody holds: all are new
            found = session.scalars(entities).all()
            return [(c.first_name, c.last_name, c.street, c.city, c.postal_code, c.account_name) for c in found]

        def plain_core() -> list[tuple[Any, ...]]:
            return [tuple(row[1:]) for row in session.execute(columns)]

        for way in (ours, ours_cold, plain_orm, plain_core):
            if set(way()) != expected:
                raise AssertionError("the list is not the one that was written")
        clock = clock_for(made.kind)
        name = f"{made.kind}: {ROWS:,} contacts x 6 fields"
        yield Pair(
            operation=f"{name}, plain by ORM", ours=_counted(ours), raw=_counted(plain_orm), times=TIMES, clock=clock
        )
        yield Pair(
            operation="  entities loaded, nothing read of them",
            ours=_counted(ours),
            raw=_counted(lambda: session.scalars(entities).all()),
            clock=clock,
        )
        yield Pair(
            operation="  keys cold, plain by ORM", ours=_counted(ours_cold), raw=_counted(plain_orm), clock=clock
        )
        yield Pair(operation="  keys open, plain by Core", ours=_counted(ours), raw=_counted(plain_core), clock=clock)


def _counted(way: Callable[[], Sized]) -> Work:
    return lambda: len(way())


def _fill(made: Ground, session: Session) -> set[tuple[str, ...]]:
    _PlainBase.metadata.create_all(made.database.engine)
    subjects = [random_ref() for _ in range(ROWS)]
    made.keyring.ensure(subjects, NOW)
    rows = [
        {"id": row_id(), "subject_ref": subject, **{name: f"{name}, Stéphanie {at}" for name in FIELDS}}
        for at, subject in enumerate(subjects)
    ]
    session.execute(insert(DataSubject), [{"subject_ref": subject, "created_at": NOW} for subject in subjects])
    session.execute(insert(Contact), [{**row, "created_at": NOW} for row in seal_rows(made.keyring, Contact, rows)])
    session.execute(insert(PlainContact), rows)
    session.commit()
    return {tuple(str(row[name]) for name in FIELDS) for row in rows}


if __name__ == "__main__":
    sys.exit(main())
