"""Carrying a request out, step by step in sight: the page starts it, a job does it, the page follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from consentcore.errors import InvalidTransition, PolicyViolation
from consentcore.requests import erasure, lifecycle
from consentcore.requests.tables import Right, Status, SubjectRequest
from consentcore.requests.tasks import TaskKind, rights_by_hand, tasks_of
from web.console import request as request_page
from web.console.case_errors import REFUSED_STEPS, told
from web.console.person_signed_in import signed_in
from web.console.request_words import task_in_words, title_of
from web.console.timeline import failure_in_words
from web.shell.forms import EMPTY
from web.shell.language import gettext as _
from web.shell.language import later
from web.shell.wired import service
from web.transaction import reading, unit

PAGES = Blueprint("execution", __name__, url_prefix="/requests")
STEP_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "restrict": later("Stop every other use of the data"),
        "oppose": later("Record the objection and the opposition list"),
        "consents": later("End the consents"),
        "recipients": later("Tell the recipients"),
        "archive": later("Move what the law wants kept into the archive"),
        "rows": later("Remove the records"),
        "mark_keys": later("Mark the keys for destruction"),
        "keys": later("Destroy the keys"),
        "check": later("Search again for what should be gone"),
        "certificate": later("Write and sign the certificate"),
    }
)
_BEGUN = (Status.EXECUTING, Status.ERRORED, Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Line:
    """One step as it is shown: done, doing or to do."""

    title: str
    kind: str
    word: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an execution is."""

    reference: str
    title: str
    status: Status
    lines: tuple[Line, ...]
    done: int
    trouble: str

    @property
    def total(self) -> int:
        """How many steps there are."""
        return len(self.lines)

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self.status is Status.EXECUTING


@PAGES.post("/<reference>/execution")
def start(reference: str) -> Response | tuple[str, int]:
    """Let a request be carried out, or go on after it stopped; a job of this installation does it."""
    wired = service()
    try:
        with unit(wired.sessions) as session:
            dsr = lifecycle.find(session, reference)
            _check_can_be_carried_out(session, dsr)
            lifecycle.start(session, dsr.id, wired.now(), by=signed_in().email)
    except REFUSED_STEPS as error:
        sentence, status = told(error)
        return request_page.shown(reference, EMPTY.failed("form", sentence)), status
    return redirect(url_for("execution.page", reference=dsr.reference), code=303)


@PAGES.get("/<reference>/execution")
def page(reference: str) -> str | Response:
    """Show how far the execution is; a request that was never started shows itself."""
    progress = _progress(reference)
    if progress.status not in _BEGUN:
        return redirect(url_for("request.page", reference=progress.reference), code=303)
    return render_template("execution.html", progress=progress)


@PAGES.get("/<reference>/execution/state")
def state(reference: str) -> Any:
    """Say how far the execution is, for the page that follows it."""
    progress = _progress(reference)
    said = _("%(done)s of %(total)s steps done", done=progress.done, total=progress.total)
    return jsonify(done=progress.done, total=progress.total, running=progress.running, said=said)


def _check_can_be_carried_out(session: Session, dsr: SubjectRequest) -> None:
    """Refuse what the job would have to leave: begun, it would stand still for good."""
    rights = lifecycle.rights_of(session, dsr.id)
    if dsr.subject_ref is not None and rights_by_hand(rights, lifecycle.done_steps(session, dsr.id)):
        raise PolicyViolation("a right of this request is left to people")
    if dsr.status == Status.EXECUTING:
        raise InvalidTransition("this request is being carried out already")


def _progress(reference: str) -> Progress:
    with reading(service().sessions) as session:
        dsr = lifecycle.find(session, reference)
        rights = lifecycle.rights_of(session, dsr.id)
        steps = lifecycle.steps_of(session, dsr)
        done = lifecycle.done_steps(session, dsr.id)
        tasks = tasks_of(session, dsr, rights, steps)
        own, status = dsr.reference, Status(dsr.status)
    planned: list[tuple[str, bool]] = []
    for task in tasks:
        if task.kind is TaskKind.EXECUTE and Right.ERASURE in task.rights:
            planned += [(_(STEP_WORDS[name]), name in done) for name in erasure.STEPS]
        elif task.kind in (TaskKind.EXECUTE, TaskKind.HAND_OVER, TaskKind.ANSWER):
            planned.append((task_in_words(task), task.state == "done"))
    return Progress(
        own,
        title_of(rights),
        status,
        _lines(planned, status),
        sum(is_done for _title, is_done in planned),
        failure_in_words(steps[-1].reason) if status is Status.ERRORED else "",
    )


def _lines(planned: list[tuple[str, bool]], status: Status) -> tuple[Line, ...]:
    current = next((place for place, (_title, is_done) in enumerate(planned) if not is_done), None)
    lines = []
    for place, (title, is_done) in enumerate(planned):
        if is_done:
            lines.append(Line(title, "done", _("Done")))
        elif place == current and status is Status.ERRORED:
            lines.append(Line(title, "gap", _("Stopped")))
        elif place == current:
            lines.append(Line(title, "doing", _("Under way")))
        else:
            lines.append(Line(title, "todo", _("To do")))
    return tuple(lines)
