"""Everything that the page of one request shows, composed in one reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from consentcore.policyset import PolicySet
from consentcore.requests import erasure, items, lifecycle
from consentcore.requests.content import read_content
from consentcore.requests.lifecycle import StepTaken
from consentcore.requests.tables import Outcome, Right, Status, SubjectRequest
from consentcore.requests.tasks import Task, TaskKind, TaskState, count_done, tasks_of
from web.console.case_person import CasePerson, person_of
from web.console.clock_words import ShownClock, shown_clock
from web.console.next_step import Ahead, ahead
from web.console.person_signed_in import signed_in
from web.console.request_words import (
    channel_in_words,
    method_in_words,
    outcome_in_words,
    task_in_words,
    title_of,
    word_of_task_state,
)
from web.console.timeline import OUTRUN, Happened, failure_in_words, happened, names_of_staff, refusal_in_words
from web.console.verdict_words import Verdicts, going, others, staying
from web.security.permissions import Permission
from web.shell.language import gettext as _
from web.shell.language import moment, ngettext
from web.shell.wired import service

_KIND_OF_OUTCOME = {Outcome.DONE: "ok", Outcome.PARTIAL: "soon", Outcome.REFUSED: "todo", Outcome.NOT_FOUND: "todo"}


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task as it is shown."""

    title: str
    note: str
    kind: str
    word: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended: in words, with what became of the data."""

    kind: str
    word: str
    ground: str
    reason: str
    going: tuple[Verdicts, ...]
    staying: tuple[Verdicts, ...]
    others: tuple[Verdicts, ...]


@dataclass(frozen=True, slots=True)
class CaseView:
    """One request as its page shows it."""

    reference: str
    title: str
    status: Status
    channel: str
    person: CasePerson
    method: str
    at_receipt: bool
    """Whether everything took effect at receipt, which asks nobody to prove an identity."""
    clock: ShownClock
    tasks: tuple[TaskLine, ...]
    done: int
    timeline: tuple[Happened, ...]
    receives: tuple[str, ...]
    ahead: Ahead
    ending: Ending | None
    trouble: str
    """Why the execution stopped; empty where it did not."""
    has_plan: bool
    may_refuse: bool
    may_replan: bool
    may_reveal: bool
    certificate: str | None


def view_of(session: Session, dsr: SubjectRequest) -> CaseView:
    """Compose the page of a request for whoever is signed in; reads only."""
    wired, me = service(), signed_in()
    rights = tuple(lifecycle.rights_of(session, dsr.id))
    steps = lifecycle.steps_of(session, dsr)
    names = names_of_staff(session)
    tasks = tasks_of(session, dsr, rights, steps)
    person = person_of(session, dsr)
    method = str(read_content(wired.keyring, dsr).get("method") or "")
    status, done_steps = Status(dsr.status), lifecycle.done_steps(session, dsr.id)
    begun = not done_steps.isdisjoint(erasure.STEPS)
    outrun = status is Status.ERRORED and steps[-1].reason == OUTRUN and Right.ERASURE in rights and not begun
    handles = me.may(Permission.REQUESTS_HANDLE)
    before_execution = status in (Status.RECEIVED, Status.VERIFIED, Status.ASSESSED, Status.APPROVED)
    return CaseView(
        reference=dsr.reference,
        title=title_of(rights),
        status=status,
        channel=channel_in_words(dsr.channel),
        person=person,
        method=method_in_words(method) if method else "",
        at_receipt=_ended_at_receipt(steps),
        clock=shown_clock(dsr, wired.policy),
        tasks=tuple(_task_line(task, dsr, steps, method) for task in tasks),
        done=count_done(tasks),
        timeline=happened(dsr, steps, names),
        receives=_receives(rights, dsr, steps),
        ahead=ahead(dsr, rights, done_steps, me, outrun=outrun),
        ending=_ending(session, dsr, steps, wired.policy) if dsr.closed_at else None,
        trouble=failure_in_words(steps[-1].reason) if status is Status.ERRORED else "",
        has_plan=dsr.plan_sha256 is not None,
        may_refuse=handles and before_execution,
        may_replan=handles
        and Right.ERASURE in rights
        and status in (Status.APPROVED, Status.ERRORED)
        and not begun
        and not outrun,
        may_reveal=bool(person.name) and not person.in_full and me.may(Permission.PERSONS_REVEAL),
        certificate=dsr.certificate,
    )


def _task_line(task: Task, dsr: SubjectRequest, steps: Sequence[StepTaken], method: str) -> TaskLine:
    stopped = dsr.status == Status.ERRORED and task.state is TaskState.DOING
    kind, word = ("gap", _("Stopped")) if stopped else (task.state.value, word_of_task_state(task.state))
    return TaskLine(task_in_words(task), _note(task, dsr, steps, method), kind, word)


def _note(task: Task, dsr: SubjectRequest, steps: Sequence[StepTaken], method: str) -> str:
    reached: Mapping[Status, datetime] = {step.to_status: step.at for step in steps}
    if task.kind is TaskKind.VERIFY and Status.VERIFIED in reached:
        said = method_in_words(method)
        return f"{said[:1].upper()}{said[1:]}, {moment(reached[Status.VERIFIED])}"
    if task.kind is TaskKind.LOCATE and task.state is TaskState.DONE:
        return _("One person is known.") if dsr.subject_ref else _("Nobody is known under this address.")
    if task.kind is TaskKind.ASSESS and Status.ASSESSED in reached:
        return moment(reached[Status.ASSESSED])
    if task.kind is TaskKind.APPROVE:
        return (
            moment(reached[Status.APPROVED])
            if Status.APPROVED in reached
            else _("By another person than whoever made the plan.")
        )
    if task.kind is TaskKind.HAND_OVER:
        return _("On the portal, after a new code.")
    if task.kind is TaskKind.ANSWER and task.state is TaskState.DONE and dsr.closed_at:
        return moment(dsr.closed_at)
    return ""


def _ended_at_receipt(steps: Sequence[StepTaken]) -> bool:
    return steps[-1].from_status is Status.RECEIVED and steps[-1].to_status is Status.CLOSED


def _receives(rights: Sequence[Right], dsr: SubjectRequest, steps: Sequence[StepTaken]) -> tuple[str, ...]:
    if _ended_at_receipt(steps):
        return (_("A message that confirms it"),)
    verified = dsr.status not in (Status.RECEIVED, Status.REFUSED)
    if dsr.status == Status.REFUSED:
        return (_("A letter with the reasons and the remedies"),)
    if verified and dsr.subject_ref is None and not dsr.executed_at:
        return (_("A letter: no data were found"),)
    found = [_("A letter with the answer and the remedies")]
    if Right.ACCESS in rights:
        found += [_("A summary to read (PDF)"), _("All data (JSON, CSV)")]
    if Right.PORTABILITY in rights:
        found += [_("Portable data (JSON, CSV, vCard)")]
    if Right.ERASURE in rights:
        found += [_("What stays, on which ground, until when")]
    return tuple(found)


def _ending(session: Session, dsr: SubjectRequest, steps: Sequence[StepTaken], policy: PolicySet) -> Ending:
    verdicts = items.read(session, dsr.id)
    outcome = Outcome(dsr.outcome or Outcome.DONE)
    refused = dsr.status == Status.REFUSED
    ground, reason = refusal_in_words(steps[-1].reason) if refused else ("", "")
    return Ending(
        _KIND_OF_OUTCOME[outcome],
        outcome_in_words(outcome),
        ground,
        reason,
        () if refused else going(verdicts, policy),
        () if refused else staying(verdicts, policy),
        () if refused else others(verdicts, policy),
    )


def count_in_words(done: int, total: int) -> str:
    """Return how many tasks are done, for whoever cannot see the bar."""
    return ngettext("%(num)s of %(total)s tasks done", "%(num)s of %(total)s tasks done", done, total=total)
