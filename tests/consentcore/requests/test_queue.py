"""Lists of requests: what each group holds, in which order, at a cost that does not grow with them.

Everything is read from one made-up queue; what a test writes is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, event
from sqlalchemy.orm import Session, sessionmaker

from consentcore.binding import bind
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyring import Keyring
from consentcore.ledger.append import ensure_log
from consentcore.policyset import PolicySet
from consentcore.requests import erasure, identity, lifecycle
from consentcore.requests.duplicates import running_already
from consentcore.requests.figures import Course, Standing, courses, standings
from consentcore.requests.intake import Intake, IntakeChannel, receive
from consentcore.requests.queue import (
    Filters,
    Group,
    Horizon,
    Order,
    assessments,
    counts,
    next_due,
    page_of,
)
from consentcore.requests.tables import (
    Outcome,
    RequestItem,
    RequestRight,
    RequestStep,
    RequestTransition,
    Right,
    SubjectRequest,
)
from consentcore.requests.tasks import TaskKind
from tests.builders.databases import Database, DatabaseSource, kinds
from tests.builders.people import open_people

HORIZON = Horizon(date(2026, 11, 9), date(2026, 11, 16))
EMAILS = tuple(f"personne{number}@courriel.example" for number in range(6))


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=UTC)


def asks(place: int, *rights: Right, **more: object) -> Intake:
    return Intake(rights or (Right.ACCESS,), email=EMAILS[place], **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=kinds())
def database(
    request: pytest.FixtureRequest, database_source: DatabaseSource, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    with database_source.lend(request.param, tmp_path_factory.mktemp("queue")) as lent:
        yield lent


@pytest.fixture(scope="module")
def keyring(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    made = Keyring(database.keyring_engine, FileKek.create(tmp_path_factory.mktemp("kek") / "kek.json"))
    made.initialise(at(10, 1))
    return made


@pytest.fixture(scope="module")
def bound(database: Database, keyring: Keyring) -> sessionmaker[Session]:
    with database.engine.begin() as connection:
        ensure_log(connection)
    factory = sessionmaker(database.engine)
    bind(factory, keyring)
    return factory


@pytest.fixture(scope="module")
def people(bound: sessionmaker[Session], keyring: Keyring) -> list[UUID]:
    return open_people(bound, keyring, at(9, 1), *EMAILS)


@pytest.fixture(scope="module")
def queue(people: list[UUID], bound: sessionmaker[Session], policy: PolicySet) -> dict[str, str]:
    """Four requests that run (one late, one soon, one later, one of nobody verified and late) and one that ended."""
    wanted = {
        "late": (asks(0), at(10, 5)),
        "soon": (asks(1, Right.PORTABILITY, Right.ACCESS), at(10, 12)),
        "later": (asks(2, Right.ERASURE, channel=IntakeChannel.LETTER), at(11, 3)),
        "unverified": (asks(3), at(10, 1)),
        "ended": (asks(4, Right.OBJECTION, scope="marketing"), at(11, 2)),
    }
    with bound.begin() as session:
        made = {name: receive(session, policy, intake, when).reference for name, (intake, when) in wanted.items()}
        for name in ("late", "soon", "later"):
            identity.verify(session, policy, made[name], "phone", "anna@exemplia-jardins.example", at(11, 4))
    return made


def listed(bound: sessionmaker[Session], filters: Filters) -> list[str]:
    with bound() as session:
        return [line.dsr.reference for line in page_of(session, filters, HORIZON).lines]


def test_each_group_holds_what_it_says(bound: sessionmaker[Session], queue: dict[str, str]) -> None:
    def named(group: Group) -> list[str]:
        names = {reference: name for name, reference in queue.items()}
        return [names[reference] for reference in listed(bound, Filters(group))]

    assert named(Group.OPEN) == ["late", "soon", "later"]
    assert named(Group.RUNNING) == ["unverified", "late", "soon", "later"]
    assert named(Group.LATE) == ["unverified", "late"], "what nobody verified is late all the same"
    assert named(Group.SOON) == ["soon"]
    assert named(Group.UNVERIFIED) == ["unverified"]
    assert named(Group.CLOSED) == ["ended"]
    assert named(Group.APPROVAL) == named(Group.FAILED) == []


def test_counts_are_those_of_the_lists(bound: sessionmaker[Session], queue: dict[str, str]) -> None:
    with bound() as session:
        numbers = counts(session, HORIZON)
    for group in Group:
        assert getattr(numbers, group.value) == len(listed(bound, Filters(group)))


def test_nothing_to_list(bound: sessionmaker[Session], queue: dict[str, str]) -> None:
    with bound() as session:
        for table in (RequestTransition, RequestItem, RequestStep, RequestRight, SubjectRequest):
            session.execute(delete(table))
        assert counts(session, HORIZON).running == 0
        assert page_of(session, Filters(), HORIZON).lines == ()
        assert next_due(session) is None


def test_filters_narrow(bound: sessionmaker[Session], queue: dict[str, str]) -> None:
    assert listed(bound, Filters(right=Right.PORTABILITY)) == [queue["soon"]]
    assert listed(bound, Filters(channel=IntakeChannel.LETTER)) == [queue["later"]]
    assert listed(bound, Filters(due_from=date(2026, 11, 12))) == [queue["soon"], queue["later"]]
    assert listed(bound, Filters(due_until=date(2026, 11, 12))) == [queue["late"], queue["soon"]]
    assert listed(bound, Filters(right=Right.PORTABILITY, channel=IntakeChannel.LETTER)) == []


def test_orders(bound: sessionmaker[Session], queue: dict[str, str]) -> None:
    assert listed(bound, Filters(order=Order.NEWEST)) == [queue["later"], queue["soon"], queue["late"]]
    assert listed(bound, Filters(order=Order.OLDEST)) == [queue["late"], queue["soon"], queue["later"]]


def test_pages_follow_each_other(bound: sessionmaker[Session], queue: dict[str, str]) -> None:
    with bound() as session:
        first = page_of(session, Filters(), HORIZON, 1, 2)
        second = page_of(session, Filters(), HORIZON, 2, 2)
        beyond = page_of(session, Filters(), HORIZON, 3, 2)
        assert [len(page.lines) for page in (first, second, beyond)] == [2, 1, 0]
        assert first.total == second.total == 3
        assert not {line.dsr.id for line in first.lines} & {line.dsr.id for line in second.lines}


def test_a_line_has_rights_in_order_initials_and_tasks(bound: sessionmaker[Session], queue: dict[str, str]) -> None:
    with bound() as session:
        line = page_of(session, Filters(Group.SOON), HORIZON).lines[0]
    assert line.rights == (Right.ACCESS, Right.PORTABILITY)
    assert line.initials == ("C", "D")
    assert line.email is None
    assert [task.kind for task in line.tasks][:2] == [TaskKind.VERIFY, TaskKind.LOCATE]


def test_of_somebody_unknown_the_address_stands_in_the_line(
    bound: sessionmaker[Session], policy: PolicySet, queue: dict[str, str]
) -> None:
    with bound() as session:
        receive(session, policy, Intake((Right.ACCESS,), email="nul@ailleurs.example"), at(11, 3))
        line = page_of(session, Filters(Group.UNVERIFIED, order=Order.NEWEST), HORIZON).lines[0]
    assert (line.initials, line.email) == ((), "nul@ailleurs.example")


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_longer_list_costs_no_more_statements(
    database: Database, bound: sessionmaker[Session], queue: dict[str, str]
) -> None:
    used = []
    for size in (1, 4):
        with bound() as session, counted(database) as statements:
            assert len(page_of(session, Filters(Group.RUNNING), HORIZON, 1, size).lines) == size
        used.append(len([one for one in statements if one.lstrip().upper().startswith("SELECT")]))
    assert used == [4, 4], "requests, rights, done steps, names"


def test_the_next_due_date(bound: sessionmaker[Session], queue: dict[str, str]) -> None:
    with bound() as session:
        assert next_due(session) == (queue["unverified"], date(2026, 11, 2))


def test_who_made_the_plan_that_stands(
    bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, queue: dict[str, str]
) -> None:
    with bound() as session:
        dsr = lifecycle.find(session, queue["later"])
        for by, when in (("anna@exemplia-jardins.example", at(11, 4)), ("bea@exemplia-jardins.example", at(11, 5))):
            erasure.assess(session, keyring, policy, dsr.id, by, when)
        session.refresh(dsr)
        made = assessments(session, [dsr, lifecycle.find(session, queue["late"])])
    assert set(made) == {dsr.id}
    assert "bea@exemplia-jardins.example" in made[dsr.id].by
    assert made[dsr.id].at == at(11, 5)
    assert assessments(session, []) == {}


def test_how_requests_stand_by_right(bound: sessionmaker[Session], queue: dict[str, str]) -> None:
    with bound() as session:
        found = standings(session, HORIZON)
    assert found == (
        Standing(Right.ACCESS, late=2, soon=1, in_time=0),
        Standing(Right.ERASURE, late=0, soon=0, in_time=1),
        Standing(Right.PORTABILITY, late=0, soon=1, in_time=0),
    )


def test_how_requests_went(bound: sessionmaker[Session], queue: dict[str, str]) -> None:
    with bound() as session:
        assert courses(session, at(11, 9) - timedelta(days=365)) == (
            Course(IntakeChannel.PORTAL, Right.OBJECTION, Outcome.DONE, 1),
        )
        assert courses(session, at(11, 3)) == ()


def test_the_same_asked_twice_is_seen(bound: sessionmaker[Session], queue: dict[str, str], people: list[UUID]) -> None:
    with bound() as session:
        assert running_already(session, [Right.ACCESS], normalised_email=EMAILS[0]) == [queue["late"]]
        assert running_already(session, [Right.ACCESS], subject_ref=people[0]) == [queue["late"]]
        assert running_already(session, [Right.ERASURE], normalised_email=EMAILS[0]) == []
        assert running_already(session, [Right.OBJECTION], normalised_email=EMAILS[4]) == [], "it has ended"


def test_the_same_asked_twice_by_somebody_unknown_is_seen(
    bound: sessionmaker[Session], policy: PolicySet, queue: dict[str, str]
) -> None:
    with bound() as session:
        first = receive(session, policy, Intake((Right.ACCESS,), email="nul@ailleurs.example"), at(11, 3)).reference
        assert running_already(session, [Right.ACCESS], normalised_email="nul@ailleurs.example") == [first]
        assert running_already(session, [Right.ACCESS], normalised_email="autre@ailleurs.example") == []
