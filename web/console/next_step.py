"""The one next step of a request, and whether whoever looks may take it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask import url_for

from consentcore.requests.tables import Right, Status, SubjectRequest
from consentcore.requests.tasks import rights_by_hand
from web.console.request_words import rights_in_words
from web.security.permissions import Permission
from web.security.staff import Staff
from web.shell.language import gettext as _


@dataclass(frozen=True, slots=True)
class NextStep:
    """A button: a link to a page, or a form that is sent."""

    label: str
    icon: str
    href: str
    post: bool = False


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes next: a button where this person may take the step, else a sentence that says who may."""

    step: NextStep | None
    sentence: str = ""


def ahead(
    dsr: SubjectRequest, rights: Collection[Right], done_steps: Collection[str], me: Staff, *, outrun: bool = False
) -> Ahead:
    """Return what comes next of a request for somebody of the staff; `outrun`: its plan fits the data no longer."""
    by_hand = rights_by_hand(rights, done_steps)
    needed, step = _replan(dsr) if outrun else _step(dsr, rights)
    if by_hand and needed is Permission.REQUESTS_EXECUTE and dsr.subject_ref is not None:
        return Ahead(None, _("%(rights)s: this version leaves that to people.", rights=rights_in_words(by_hand)))
    if needed is None or step is None:
        return Ahead(step)
    return Ahead(step) if me.may(needed) else Ahead(None, _who_may(needed))


def _step(dsr: SubjectRequest, rights: Collection[Right]) -> tuple[Permission | None, NextStep | None]:
    reference, status = dsr.reference, Status(dsr.status)
    if status is Status.RECEIVED:
        href = url_for("verification.page", reference=reference)
        return Permission.REQUESTS_HANDLE, NextStep(_("Verify the identity"), "user-check", href)
    if status is Status.VERIFIED and Right.ERASURE in rights and dsr.subject_ref is not None:
        href = url_for("plan.make", reference=reference)
        return Permission.REQUESTS_HANDLE, NextStep(_("Make the erasure plan"), "list-check", href, post=True)
    if status in (Status.VERIFIED, Status.APPROVED):
        href = url_for("execution.start", reference=reference)
        return Permission.REQUESTS_EXECUTE, NextStep(_start_word(dsr, rights), "arrow-right", href, post=True)
    if status is Status.ASSESSED:
        href = url_for("plan.page", reference=reference)
        return None, NextStep(_("Look at the plan"), "list-check", href)
    if status is Status.ERRORED:
        href = url_for("execution.start", reference=reference)
        return Permission.REQUESTS_EXECUTE, NextStep(_("Start again"), "refresh", href, post=True)
    if status is Status.EXECUTING:
        href = url_for("execution.page", reference=reference)
        return None, NextStep(_("Follow the execution"), "circle-dot", href)
    if dsr.certificate:
        href = url_for("request.certificate", reference=reference)
        return None, NextStep(_("Download the certificate"), "certificate", href)
    return None, None


def _replan(dsr: SubjectRequest) -> tuple[Permission, NextStep]:
    href = url_for("plan.make", reference=dsr.reference)
    return Permission.REQUESTS_HANDLE, NextStep(_("Make the plan again"), "list-check", href, post=True)


def _start_word(dsr: SubjectRequest, rights: Collection[Right]) -> str:
    if dsr.subject_ref is None:
        return _("Answer that nothing was found")
    if Right.ERASURE in rights:
        return _("Carry out the erasure")
    return _("Carry out and answer")


def _who_may(needed: Permission) -> str:
    if needed is Permission.REQUESTS_HANDLE:
        return _("The next step is taken by a case handler or the data protection officer.")
    return _("The next step is taken by a case handler, an approver or the data protection officer.")
