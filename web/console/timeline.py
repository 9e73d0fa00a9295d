"""What happened to a request, newest first, in sentences: who did what, by their names in the staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from consentcore.requests.lifecycle import SYSTEM, StepTaken
from consentcore.requests.tables import Status, SubjectRequest
from web.console.request_words import GROUND_WORDS, channel_in_words, method_in_words, outcome_in_words
from web.security import staff
from web.shell.language import gettext, later
from web.shell.language import gettext as _
from web.shell.masking import masked_email
from web.shell.wired import service

OUTRUN = "conflict"
"""Why an execution stopped whose plan the data or the policies had outrun."""
APPLICANT = "applicant"
"""How the core names whoever makes a request, where nobody of the staff takes it in."""
_DONE: Mapping[Status, str] = MappingProxyType(
    {
        Status.ASSESSED: later("made the erasure plan."),
        Status.APPROVED: later("approved the erasure plan."),
        Status.EXECUTING: later("started the execution."),
    }
)
FAILURES: Mapping[str, str] = MappingProxyType(
    {
        OUTRUN: later("Data or policies changed since the plan was approved. Make the plan again."),
        "erasure_incomplete": later("The search afterwards still found data that should be gone."),
        "policy_violation": later("A right asked for is left to people in this version."),
        "unexpected": later("Something went wrong on our side; whoever runs this finds the cause in the log."),
    }
)


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the timeline."""

    at: datetime
    who: str
    sentence: str


def names_of_staff(session: Session) -> dict[str, str]:
    """Return the names of all accounts, closed ones too, by their addresses in small letters."""
    return {one.email.casefold(): one.name for one in staff.everyone(session, service().keyring)}


def who_is(actor: str, names: Mapping[str, str]) -> str:
    """Return what an actor of a record is called; an address of nobody in the staff is masked."""
    if actor == SYSTEM:
        return _("System")
    if actor == APPLICANT:
        return _("The person")
    if actor == "operator":
        return _("Case handler")
    known = names.get(actor.casefold())
    return known or (masked_email(actor) if "@" in actor else actor)


def happened(dsr: SubjectRequest, steps: Sequence[StepTaken], names: Mapping[str, str]) -> tuple[Happened, ...]:
    """Return the steps of a request as lines, newest first."""
    return tuple(Happened(step.at, who_is(step.by, names), _sentence(dsr, step)) for step in reversed(steps))


def failure_in_words(code: str | None) -> str:
    """Return why an execution stopped."""
    return gettext(FAILURES.get(code or "", FAILURES["unexpected"]))


def refusal_in_words(reason: str | None) -> tuple[str, str]:
    """Return the ground of a refusal in words, and the reason that the person was told."""
    ground, _colon, told = (reason or "").partition(": ")
    return (gettext(GROUND_WORDS[ground]) if ground in GROUND_WORDS else ground), told


def _sentence(dsr: SubjectRequest, step: StepTaken) -> str:
    if step.to_status is Status.RECEIVED:
        channel = channel_in_words(dsr.channel)
        if step.by == APPLICANT:
            return _("made the request (%(channel)s).", channel=channel)
        return _("entered the request (%(channel)s).", channel=channel)
    if step.to_status is Status.VERIFIED:
        return _("verified the identity: %(method)s.", method=method_in_words(step.reason or ""))
    if step.to_status is Status.ERRORED:
        return _("stopped the execution. %(cause)s", cause=failure_in_words(step.reason))
    if step.to_status is Status.REFUSED:
        return _("refused the request: %(ground)s.", ground=refusal_in_words(step.reason)[0])
    if step.to_status is Status.CLOSED:
        return _("answered the request: %(outcome)s.", outcome=_lower(outcome_in_words(dsr.outcome or "done")))
    return gettext(_DONE[step.to_status])


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
