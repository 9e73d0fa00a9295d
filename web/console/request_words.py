"""What the codes of requests are called in the console: rights, statuses, outcomes, tasks, channels, the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from consentcore.requests.intake import IntakeChannel
from consentcore.requests.tables import ItemOutcome, Outcome, Right, Status, SubjectRequest
from consentcore.requests.tasks import Task, TaskKind
from web.shell.language import days_away, gettext, later, ngettext
from web.shell.language import gettext as _

SOON_DAYS = 7
"""How many days before its last day a request is marked as due soon: a matter of this face, not of the law."""

RIGHT_WORDS: Mapping[Right, str] = MappingProxyType(
    {
        Right.ACCESS: later("Access"),
        Right.RECTIFICATION: later("Rectification"),
        Right.ERASURE: later("Erasure"),
        Right.RESTRICTION: later("Restriction"),
        Right.PORTABILITY: later("Portability"),
        Right.OBJECTION: later("Objection"),
        Right.WITHDRAWAL: later("Withdrawal of consent"),
        Right.HUMAN_REVIEW: later("Review by a person"),
        Right.POST_MORTEM: later("Instructions after death"),
    }
)
RIGHT_TITLES: Mapping[Right, str] = MappingProxyType(
    {
        Right.ACCESS: later("Access to data"),
        Right.RECTIFICATION: later("Rectification of data"),
        Right.ERASURE: later("Erasure of data"),
        Right.RESTRICTION: later("Restriction of processing"),
        Right.PORTABILITY: later("Data portability"),
        Right.OBJECTION: later("Objection to processing"),
        Right.WITHDRAWAL: later("Withdrawal of consent"),
        Right.HUMAN_REVIEW: later("Review of a decision by a person"),
        Right.POST_MORTEM: later("Instructions after death"),
    }
)
STATUS_WORDS: Mapping[Status, str] = MappingProxyType(
    {
        Status.RECEIVED: later("Received, identity to verify"),
        Status.VERIFIED: later("Identity verified"),
        Status.ASSESSED: later("Plan made, to be approved"),
        Status.APPROVED: later("Approved, to be carried out"),
        Status.EXECUTING: later("Being carried out"),
        Status.ERRORED: later("Interrupted by an error"),
        Status.CLOSED: later("Answered"),
        Status.REFUSED: later("Refused"),
    }
)
OUTCOME_WORDS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.DONE: later("Carried out"),
        Outcome.PARTIAL: later("Carried out in part"),
        Outcome.REFUSED: later("Refused"),
        Outcome.NOT_FOUND: later("No data found"),
    }
)
ITEM_WORDS: Mapping[ItemOutcome, str] = MappingProxyType(
    {
        ItemOutcome.DONE: later("done"),
        ItemOutcome.ERASED: later("erased"),
        ItemOutcome.ANONYMISED: later("made anonymous"),
        ItemOutcome.RECTIFIED: later("corrected"),
        ItemOutcome.RESTRICTED: later("restricted"),
        ItemOutcome.RETAINED: later("kept"),
        ItemOutcome.ARCHIVED: later("kept in the archive"),
        ItemOutcome.REFUSED: later("refused"),
        ItemOutcome.PARTIAL: later("done in part"),
        ItemOutcome.MANUAL: later("left to a person"),
        ItemOutcome.NOT_FOUND: later("not found"),
    }
)
CHANNEL_WORDS: Mapping[IntakeChannel, str] = MappingProxyType(
    {
        IntakeChannel.PORTAL: later("portal"),
        IntakeChannel.EMAIL: later("e-mail"),
        IntakeChannel.PHONE: later("telephone"),
        IntakeChannel.LETTER: later("letter"),
        IntakeChannel.IN_PERSON: later("in person"),
        IntakeChannel.API: later("another system"),
    }
)
METHOD_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "email_code": later("code sent by e-mail"),
        "portal": later("sign-in to the portal"),
        "phone": later("call back to the known number"),
        "paper": later("letter compared with the file"),
        "in_person": later("in person"),
    }
)
GROUND_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "manifestly_unfounded": later("manifestly unfounded (Art. 12(5))"),
        "excessive": later("excessive, in particular because it is repeated (Art. 12(5))"),
        "identity_not_proven": later("identity not proven (Art. 12(6))"),
        "others_rights": later("rights of others (Art. 15(4))"),
        "no_ground": later("the conditions of the right are not met"),
    }
)
"""Grounds of a refusal; any other is shown by its own name."""
ROLE_OF_REQUESTER: Mapping[str, str] = MappingProxyType(
    {"mandate": later("authorised agent"), "parent": later("parent"), "heir": later("heir")}
)
TASK_WORDS: Mapping[TaskKind, str] = MappingProxyType(
    {
        TaskKind.VERIFY: later("Verify the identity"),
        TaskKind.LOCATE: later("Find the data"),
        TaskKind.ASSESS: later("Make the erasure plan"),
        TaskKind.APPROVE: later("Second approval"),
        TaskKind.BY_HAND: later("Handle outside this system"),
        TaskKind.HAND_OVER: later("Hand over the files"),
        TaskKind.ANSWER: later("Answer the person"),
    }
)
EXECUTE_WORDS: Mapping[Right, str] = MappingProxyType(
    {
        Right.ACCESS: later("Put the data together"),
        Right.PORTABILITY: later("Put the portable files together"),
        Right.RECTIFICATION: later("Correct the data"),
        Right.ERASURE: later("Carry out the erasure"),
        Right.OBJECTION: later("Apply the objection"),
        Right.WITHDRAWAL: later("Record the withdrawal"),
    }
)


def right_in_words(right: Right | str) -> str:
    """Return what a right is called in a list: `Access`."""
    return gettext(RIGHT_WORDS[Right(right)])


def rights_in_words(rights: Iterable[Right]) -> str:
    """Return what a request asks for: `Access, portability`; the first with a capital letter."""
    words = [right_in_words(right) for right in rights]
    return ", ".join(word if place == 0 else word[:1].lower() + word[1:] for place, word in enumerate(words))


def title_of(rights: Iterable[Right]) -> str:
    """Return the title of a request: `Access to data`; of several rights, their names."""
    asked = list(rights)
    return gettext(RIGHT_TITLES[asked[0]]) if len(asked) == 1 else rights_in_words(asked)


def status_in_words(status: Status | str) -> str:
    """Return where a request stands."""
    return gettext(STATUS_WORDS[Status(status)])


def outcome_in_words(outcome: Outcome | str) -> str:
    """Return how a request ended."""
    return gettext(OUTCOME_WORDS[Outcome(outcome)])


def item_in_words(outcome: ItemOutcome | str) -> str:
    """Return what became of one datum."""
    return gettext(ITEM_WORDS[ItemOutcome(outcome)])


def channel_in_words(channel: IntakeChannel | str) -> str:
    """Return how a request came in."""
    return gettext(CHANNEL_WORDS[IntakeChannel(channel)])


def method_in_words(method: str) -> str:
    """Return how an identity was proven."""
    return gettext(METHOD_WORDS[method]) if method in METHOD_WORDS else method


def task_in_words(task: Task) -> str:
    """Return what a task is called."""
    if task.kind is TaskKind.EXECUTE and task.rights:
        return gettext(EXECUTE_WORDS[task.rights[0]])
    return gettext(TASK_WORDS[task.kind])


def clock_state(dsr: SubjectRequest, today: date) -> tuple[str, str]:
    """Return where the clock of a request is: a kind for `ui.status` (late, soon, ok, done) and a sentence."""
    if dsr.status in (Status.CLOSED, Status.REFUSED):
        return "done", status_in_words(dsr.status)
    days = (dsr.due_on - today).days
    if days < 0:
        return "late", ngettext("%(num)s day late", "%(num)s days late", -days)
    return ("soon" if days <= SOON_DAYS else "ok"), days_away(dsr.due_on)


def word_of_task_state(state: str) -> str:
    """Return the word beside a task: done, doing, to do."""
    return {"done": _("Done"), "doing": _("Under way"), "todo": _("To do")}[state]
