"""How a request goes on, as its owner reads it: few steps in plain words, without staff, notes or evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from consentcore.policyset import DeadlinePack, PolicySet
from consentcore.requests import lifecycle
from consentcore.requests.tables import Outcome, Right, Status
from consentcore.requests.tasks import Task, TaskKind, TaskState, tasks_for
from registry.documents.receipt_sheet import Reckoning
from web.portal.own import Owned
from web.shell.language import days_away, later, local, long_day, long_moment, today
from web.shell.language import gettext as _

STATE_WORDS: Mapping[TaskState, str] = {
    TaskState.DONE: later("Done"),
    TaskState.DOING: later("Under way"),
    TaskState.TODO: later("To come"),
}
CARRIED_OUT: Mapping[Right, tuple[str, str]] = {
    Right.ACCESS: (later("We gather your data"), later("a person reads everything before it goes out")),
    Right.PORTABILITY: (later("We prepare your file"), later("a person reads everything before it goes out")),
    Right.RECTIFICATION: (
        later("We correct your data"),
        later("and tell those to whom we had passed them on"),
    ),
    Right.ERASURE: (later("We erase your data"), later("and tell those to whom we had passed them on")),
    Right.OBJECTION: (later("We stop the use that you object to"), ""),
    Right.WITHDRAWAL: (later("Your consent is withdrawn"), ""),
}
_ENDED = frozenset({Status.CLOSED, Status.REFUSED})
SOON_DAYS = 7


class Step(NamedTuple):
    """One step as it is shown: `kind` and `word` are those of the status beside it."""

    title: str
    note: str
    kind: str
    word: str


@dataclass(frozen=True, slots=True)
class Standstill:
    """Where a request stands, in one status and one sentence."""

    kind: str
    word: str
    sentence: str


def steps_shown(session: Session, owned: Owned) -> list[Step]:
    """Return the steps of a request; as long as it is open they are the same for a person known here and an unknown."""
    dsr = owned.dsr
    taken = lifecycle.steps_of(session, dsr)
    known = dsr.subject_ref is not None if Status(dsr.status) in _ENDED else True
    tasks = tasks_for(
        Status(dsr.status), owned.rights, known, lifecycle.done_steps(session, dsr.id), taken[-1].from_status
    )
    verified_at = next((one.at for one in taken if one.to_status is Status.VERIFIED), None)
    return [step for task in tasks for step in _step(task, owned, verified_at)]


def _step(task: Task, owned: Owned, verified_at: datetime | None) -> list[Step]:
    if task.kind in (TaskKind.LOCATE, TaskKind.APPROVE):
        return []  # told with the task before them
    title, note = _said(task, owned, verified_at)
    return [Step(title, note, task.state.value, _(STATE_WORDS[task.state]))]


def _said(task: Task, owned: Owned, verified_at: datetime | None) -> tuple[str, str]:
    if task.kind is TaskKind.VERIFY:
        if verified_at is None:
            return _("We check who is asking"), _("so that nobody gets your data in your name")
        if owned.for_another:
            return _("We have checked who is asking"), long_moment(verified_at)
        return _("Your address is confirmed"), long_moment(verified_at)
    if task.kind is TaskKind.ASSESS:
        return _("We look at what the law obliges us to keep"), _("two people check it, one after the other")
    if task.kind is TaskKind.BY_HAND:
        return _("Somebody looks at your request"), _("and acts on it by hand")
    if task.kind is TaskKind.EXECUTE and task.rights:
        title, note = CARRIED_OUT.get(task.rights[0], (later("Somebody looks at your request"), ""))
        return _(title), _(note) if note else ""
    if task.kind is TaskKind.HAND_OVER:
        return _("You receive an e-mail"), _("your data then wait for you here; a code will be asked for again")
    return _("You receive our answer by e-mail"), _("with what was done, and why if something was not")


def ended(owned: Owned) -> bool:
    """Tell whether a request was answered or refused."""
    return Status(owned.dsr.status) in _ENDED


def settled_at_receipt(owned: Owned) -> bool:
    """Tell whether everything asked for took effect when it came in."""
    return ended(owned) and owned.dsr.closed_at is not None and set(owned.rights) <= {Right.OBJECTION, Right.WITHDRAWAL}


def is_late(owned: Owned) -> bool:
    """Tell whether the answer is overdue."""
    return not ended(owned) and owned.dsr.due_on < today()


def standstill(owned: Owned) -> Standstill:
    """Say where a request stands."""
    dsr = owned.dsr
    if dsr.status == Status.REFUSED:
        return Standstill("done", _("Answered"), _("We wrote to you why we do not act on it."))
    if ended(owned) and dsr.closed_at is not None:
        day = long_day(local(dsr.closed_at).date())
        return Standstill("done", _("Answered"), _("Answered on %(day)s.", day=day))
    sentence = _("We answer you by %(day)s at the latest.", day=long_day(dsr.due_on))
    if is_late(owned):
        return Standstill(
            "late", days_away(dsr.due_on), _("We should have answered by %(day)s.", day=long_day(dsr.due_on))
        )
    if (dsr.due_on - today()).days <= SOON_DAYS:
        return Standstill("soon", days_away(dsr.due_on), sentence)
    return Standstill("doing", _(STATE_WORDS[TaskState.DOING]), sentence)


def outcome_sentence(owned: Owned) -> str:
    """Say how a closed request ended, in one sentence."""
    outcome = owned.dsr.outcome
    if outcome == Outcome.NOT_FOUND:
        return _("We hold no data that we could link to you with what you told us.")
    if outcome == Outcome.REFUSED:
        return _("We could not do what you asked for. We wrote to you why.")
    if Right.ERASURE in owned.rights:
        if outcome == Outcome.PARTIAL:
            return _("Your data are erased, except for what we have to keep.")
        return _("Your data are erased.")
    if outcome == Outcome.PARTIAL and Right.RECTIFICATION in owned.rights:
        return _("We corrected what we could at once. Somebody here sees to the rest and writes to you.")
    if outcome == Outcome.PARTIAL:
        return _("We did part of what you asked for. We wrote to you what was not done, and why.")
    if {Right.ACCESS, Right.PORTABILITY} & set(owned.rights):
        return _("Your data are ready.")
    if Right.RECTIFICATION in owned.rights:
        return _("Your data are corrected.")
    return _("What you asked for is in effect.")


def pack_of(owned: Owned, policy: PolicySet) -> DeadlinePack | None:
    """Return the rules that were applied to a request; None where the policies no longer keep that version."""
    return next((pack for pack in policy.deadlines.values() if pack.id == owned.dsr.rule_pack), None)


def reckoning(owned: Owned, policy: PolicySet) -> Reckoning:
    """Return how the due date of a request came about."""
    dsr, pack = owned.dsr, pack_of(owned, policy)
    return Reckoning(
        received_on=local(dsr.received_at).date(),
        due_on=dsr.due_on,
        due_on_unrolled=dsr.due_on_unrolled,
        extended_due_on=dsr.extended_due_on,
        reply=pack.reply if pack else None,
        extension=pack.extension if pack else None,
    )


def sentences(steps: Sequence[Step]) -> tuple[str, ...]:
    """Return steps as one sentence each, for paper."""
    return tuple(f"{one.title}{f' ({one.note})' if one.note else ''}." for one in steps)
