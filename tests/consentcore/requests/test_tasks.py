"""What is to be done for a request: one task at a time in an open one, none in one that has ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from consentcore.policyset import PolicySet
from consentcore.requests import identity, lifecycle
from consentcore.requests.intake import Intake, Received
from consentcore.requests.tables import Right, Status
from consentcore.requests.tasks import (
    Task,
    TaskKind,
    TaskState,
    count_done,
    rights_by_hand,
    tasks_for,
    tasks_of,
    tasks_of_all,
)
from tests.consentcore.requests.conftest import EMAIL

OPEN = [one for one in Status if one not in (Status.CLOSED, Status.REFUSED)]
RIGHTS = st.lists(st.sampled_from(list(Right)), min_size=1, unique=True)


def said(tasks: tuple[Task, ...]) -> list[str]:
    return [
        f"{task.kind.value}{'(' + ','.join(task.rights) + ')' if task.rights else ''} {task.state.value}"
        for task in tasks
    ]


@pytest.mark.parametrize(
    ("status", "rights", "done", "expected"),
    [
        (Status.RECEIVED, [Right.ACCESS], [], "verify doing|locate todo|execute(access) todo|hand_over(access) todo"),
        (Status.VERIFIED, [Right.ACCESS], [], "verify done|locate done|execute(access) doing|hand_over(access) todo"),
        (
            Status.EXECUTING,
            [Right.ACCESS],
            ["right.access"],
            "verify done|locate done|execute(access) done|hand_over(access) doing",
        ),
        (
            Status.ASSESSED,
            [Right.ERASURE],
            [],
            "verify done|locate done|assess(erasure) done|approve(erasure) doing|execute(erasure) todo|answer todo",
        ),
        (
            Status.ERRORED,
            [Right.ERASURE],
            ["restrict", "oppose"],
            "verify done|locate done|assess(erasure) done|approve(erasure) done|execute(erasure) doing|answer todo",
        ),
        (
            Status.VERIFIED,
            [Right.ACCESS, Right.RESTRICTION],
            [],
            "verify done|locate done|by_hand(restriction) doing|execute(access) todo|hand_over(access) todo",
        ),
        (
            Status.RECEIVED,
            [Right.ACCESS, Right.OBJECTION],
            ["right.objection"],
            "verify doing|locate todo|execute(objection) done|execute(access) todo|hand_over(access) todo",
        ),
    ],
)
def test_the_tasks_of_a_status(status: Status, rights: list[Right], done: list[str], expected: str) -> None:
    assert said(tasks_for(status, rights, True, done)) == expected.split("|")


def test_an_unknown_person_is_only_answered_but_not_before_verification() -> None:
    assert said(tasks_for(Status.VERIFIED, [Right.ERASURE], False, [])) == [
        "verify done",
        "locate done",
        "answer doing",
    ]
    before = tasks_for(Status.RECEIVED, [Right.ERASURE], False, [])
    assert before == tasks_for(Status.RECEIVED, [Right.ERASURE], True, [])


def test_what_took_effect_at_receipt_was_never_verified() -> None:
    tasks = tasks_for(Status.CLOSED, [Right.OBJECTION], False, ["right.objection"], Status.RECEIVED)
    assert said(tasks) == ["execute(objection) done", "answer done"]


def test_a_refused_request_keeps_what_was_done_and_its_answer() -> None:
    assert said(tasks_for(Status.REFUSED, [Right.ERASURE], True, [], Status.RECEIVED)) == ["answer done"]
    later = tasks_for(Status.REFUSED, [Right.ERASURE], True, [], Status.ASSESSED)
    assert said(later) == ["verify done", "locate done", "assess(erasure) done", "answer done"]


@given(st.sampled_from(OPEN), RIGHTS, st.booleans(), st.data())
def test_an_open_request_has_exactly_one_task_under_way(
    status: Status, rights: list[Right], known: bool, data: st.DataObject
) -> None:
    done = data.draw(st.sets(st.sampled_from([lifecycle.step_of(right) for right in rights])))
    tasks = tasks_for(status, rights, known, done)
    states = [task.state for task in tasks]
    assert states.count(TaskState.DOING) == 1
    current = states.index(TaskState.DOING)
    assert TaskState.TODO not in states[:current]
    assert tasks[-1].kind in (TaskKind.ANSWER, TaskKind.HAND_OVER)
    assert tasks == tasks_for(status, list(reversed(rights)), known, done)


@given(st.sampled_from([Status.CLOSED, Status.REFUSED]), RIGHTS, st.booleans(), st.sampled_from([None, *OPEN]))
def test_an_ended_request_has_nothing_left(
    status: Status, rights: list[Right], known: bool, ended_from: Status | None
) -> None:
    tasks = tasks_for(status, rights, known, [lifecycle.step_of(right) for right in rights], ended_from)
    assert tasks and count_done(tasks) == len(tasks)


@given(RIGHTS, st.booleans())
def test_every_right_has_a_task_as_long_as_somebody_is_known(rights: list[Right], verified: bool) -> None:
    status = Status.VERIFIED if verified else Status.RECEIVED
    kinds = {TaskKind.EXECUTE, TaskKind.BY_HAND}
    named = [right for task in tasks_for(status, rights, True, []) if task.kind in kinds for right in task.rights]
    assert sorted(named) == sorted(rights)


def test_rights_by_hand_are_those_that_nothing_carries_out() -> None:
    asked = [Right.POST_MORTEM, Right.ACCESS, Right.RESTRICTION, Right.WITHDRAWAL]
    assert rights_by_hand(asked, ["right.withdrawal"]) == (Right.RESTRICTION, Right.POST_MORTEM)


def test_tasks_are_read_off_the_rows(
    bound: sessionmaker[Session],
    policy: PolicySet,
    person: UUID,
    take_in: Callable[[Intake, datetime], Received],
    now: datetime,
) -> None:
    erasure = take_in(Intake((Right.ERASURE,), email=EMAIL), now)
    objection = take_in(Intake((Right.OBJECTION,), email=EMAIL, scope="marketing"), now)
    refused = take_in(Intake((Right.ACCESS,), email=EMAIL), now)
    with bound.begin() as session:
        identity.verify(session, policy, erasure.reference, "portal", "a@ex.example", now)
        lifecycle.refused(session, refused.request_id, "manifestly_unfounded", "Why.", "a@ex.example", now)
    with bound() as session:
        requests = [lifecycle.find(session, one.reference) for one in (erasure, objection, refused)]
        of_all = tasks_of_all(session, requests)
        for dsr in requests:
            rights, steps = lifecycle.rights_of(session, dsr.id), lifecycle.steps_of(session, dsr)
            assert of_all[dsr.id] == tasks_of(session, dsr, rights) == tasks_of(session, dsr, rights, steps)
        assert said(of_all[erasure.request_id])[:3] == ["verify done", "locate done", "assess(erasure) doing"]
        assert said(of_all[objection.request_id]) == ["execute(objection) done", "answer done"]
        assert said(of_all[refused.request_id]) == ["answer done"]
        assert tasks_of_all(session, []) == {}
