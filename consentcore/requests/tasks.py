"""What is to be done for a request, as a person would list it: which tasks are done, which one is next (Art. 12).

Nothing is stored of it: tasks are read off the status, the rights asked for and the steps that are done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.requests import lifecycle
from consentcore.requests.lifecycle import StepTaken
from consentcore.requests.tables import RequestRight, RequestStep, RequestTransition, Right, Status, SubjectRequest

_ENDED = frozenset({Status.CLOSED, Status.REFUSED})
_IN_TURN = (Right.OBJECTION, Right.ACCESS, Right.PORTABILITY, Right.RECTIFICATION)
"""Rights that are carried out in one unit each, in this order; an erasure comes after them."""
_WITH_FILES = frozenset({Right.ACCESS, Right.PORTABILITY})
_AT_RECEIPT = frozenset({Right.OBJECTION, Right.WITHDRAWAL})


class TaskKind(StrEnum):
    """One kind of work on a request."""

    VERIFY = "verify"
    LOCATE = "locate"
    ASSESS = "assess"
    APPROVE = "approve"
    BY_HAND = "by_hand"
    """Rights that are left to people: they are carried out outside and noted."""
    EXECUTE = "execute"
    HAND_OVER = "hand_over"
    """The answer, where it comes with files (Art. 15(3), 20(1))."""
    ANSWER = "answer"


class TaskState(StrEnum):
    """How far a task is; in an open request exactly one is `doing`."""

    DONE = "done"
    DOING = "doing"
    TODO = "todo"


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a request; `rights` are those that it is about, none where it is about all."""

    kind: TaskKind
    state: TaskState
    rights: tuple[Right, ...] = ()


def tasks_for(
    status: Status,
    rights: Collection[Right],
    known: bool,
    done_steps: Collection[str],
    ended_from: Status | None = None,
) -> tuple[Task, ...]:
    """Return the tasks of a request in their order.

    `known` says whether the request names a person; before verification nobody is told, so it does not count there.
    `ended_from` is the status that an ended request had before, where that is known: what took effect at receipt was
    never verified, and a refused request keeps the tasks that were done until then.
    """
    reached = _reached(status, ended_from)
    planned = _planned(rights, known or reached is Status.RECEIVED, reached, done_steps, ended=status in _ENDED)
    if status is Status.CLOSED:
        return tuple(Task(kind, TaskState.DONE, about) for kind, about, _ in planned)
    if status is Status.REFUSED:
        kept = [Task(kind, TaskState.DONE, about) for kind, about, done in planned[:-1] if done]
        return (*kept, Task(TaskKind.ANSWER, TaskState.DONE))
    current = next(place for place, (_, _, done) in enumerate(planned) if not done)
    return tuple(
        Task(kind, TaskState.DONE if done else TaskState.DOING if place == current else TaskState.TODO, about)
        for place, (kind, about, done) in enumerate(planned)
    )


def tasks_of(
    session: Session, dsr: SubjectRequest, rights: Collection[Right], steps: Sequence[StepTaken] | None = None
) -> tuple[Task, ...]:
    """Return the tasks of one request; `steps` are those of `lifecycle.steps_of`, where the caller has them already."""
    ended_from = steps[-1].from_status if steps else _ended_from(session, [dsr]).get(dsr.id)
    return tasks_for(
        Status(dsr.status), rights, dsr.subject_ref is not None, lifecycle.done_steps(session, dsr.id), ended_from
    )


def tasks_of_all(session: Session, requests: Sequence[SubjectRequest]) -> dict[UUID, tuple[Task, ...]]:
    """Return the tasks of many requests by their ids, in three queries; nothing sealed is opened."""
    ids = [dsr.id for dsr in requests]
    rights: dict[UUID, set[Right]] = {one: set() for one in ids}
    done: dict[UUID, set[str]] = {one: set() for one in ids}
    for request_id, right in session.execute(
        select(RequestRight.request_id, RequestRight.right).where(RequestRight.request_id.in_(ids))
    ):
        rights[request_id].add(Right(right))
    for request_id, step in session.execute(
        select(RequestStep.request_id, RequestStep.step).where(RequestStep.request_id.in_(ids))
    ):
        done[request_id].add(step)
    ended = _ended_from(session, requests)
    return {
        dsr.id: tasks_for(
            Status(dsr.status), rights[dsr.id], dsr.subject_ref is not None, done[dsr.id], ended.get(dsr.id)
        )
        for dsr in requests
    }


def count_done(tasks: Iterable[Task]) -> int:
    """Return how many tasks are done."""
    return sum(task.state is TaskState.DONE for task in tasks)


def rights_by_hand(rights: Collection[Right], done_steps: Collection[str]) -> tuple[Right, ...]:
    """Return the rights that no step here carries out and that are not settled yet, in the order of the articles."""
    executable = {*_IN_TURN, Right.ERASURE}
    return tuple(
        right
        for right in Right
        if right in rights and right not in executable and lifecycle.step_of(right) not in done_steps
    )


def _reached(status: Status, ended_from: Status | None) -> Status:
    if status not in _ENDED:
        return status
    return ended_from or (Status.EXECUTING if status is Status.CLOSED else Status.RECEIVED)


def _planned(
    rights: Collection[Right], known: bool, reached: Status, done_steps: Collection[str], *, ended: bool
) -> list[tuple[TaskKind, tuple[Right, ...], bool]]:
    """Return the tasks in their order, each with whether it is done, as long as the request has not ended."""
    asked = [right for right in Right if right in rights]
    settled = {right for right in asked if lifecycle.step_of(right) in done_steps}
    if ended and reached is Status.RECEIVED and settled == set(asked) and settled <= _AT_RECEIPT:
        return [(TaskKind.EXECUTE, (right,), True) for right in asked] + [(TaskKind.ANSWER, (), False)]
    verified = reached is not Status.RECEIVED
    planned: list[tuple[TaskKind, tuple[Right, ...], bool]] = [
        (TaskKind.VERIFY, (), verified),
        (TaskKind.LOCATE, (), verified),
    ]
    if not known and not settled - _AT_RECEIPT:
        return [*planned, (TaskKind.ANSWER, (), False)]
    if Right.ERASURE in asked:
        begun = {Status.EXECUTING, Status.ERRORED}
        planned.append((TaskKind.ASSESS, (Right.ERASURE,), reached in {Status.ASSESSED, Status.APPROVED} | begun))
        planned.append((TaskKind.APPROVE, (Right.ERASURE,), reached in {Status.APPROVED} | begun))
    by_hand = tuple(right for right in asked if right not in (*_IN_TURN, Right.ERASURE))
    at_receipt = tuple(right for right in by_hand if right in settled & _AT_RECEIPT)
    planned += [(TaskKind.EXECUTE, (right,), True) for right in at_receipt]
    left = tuple(right for right in by_hand if right not in at_receipt)
    if left:
        planned.append((TaskKind.BY_HAND, left, settled >= set(left)))
    for right in (*_IN_TURN, Right.ERASURE):
        if right in asked:
            planned.append((TaskKind.EXECUTE, (right,), right in settled))
    files = tuple(right for right in asked if right in _WITH_FILES)
    return [*planned, (TaskKind.HAND_OVER, files, False) if files else (TaskKind.ANSWER, (), False)]


def _ended_from(session: Session, requests: Sequence[SubjectRequest]) -> dict[UUID, Status]:
    """Return the status that each ended request had before its end."""
    ended = [dsr.id for dsr in requests if Status(dsr.status) in _ENDED]
    if not ended:
        return {}
    rows = session.execute(
        select(RequestTransition.request_id, RequestTransition.from_status).where(
            RequestTransition.request_id.in_(ended), RequestTransition.to_status.in_(tuple(_ENDED))
        )
    )
    return {request_id: Status(before) for request_id, before in rows if before}
