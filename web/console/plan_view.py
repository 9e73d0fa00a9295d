"""What the page of an erasure plan shows: the verdicts in words, the keys, whom it is told to, who may approve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from consentcore.crypto.keyclasses import KeyClass
from consentcore.errors import NotFound
from consentcore.policyset import PolicySet
from consentcore.requests import erasure, items, lifecycle
from consentcore.requests.erasure_rows import sealed_stores
from consentcore.requests.items import KEPT, Item
from consentcore.requests.lifecycle import StepTaken
from consentcore.requests.tables import ItemOutcome, Right, Status, SubjectRequest
from consentcore.subjects.recipients import recipients_of
from registry.wording import text_in
from web.console.case_person import CasePerson, person_of
from web.console.person_signed_in import signed_in
from web.console.timeline import names_of_staff, who_is
from web.console.verdict_words import GOING, Verdicts, count_rows, going, staying
from web.security.permissions import Permission
from web.shell.language import gettext as _
from web.shell.language import language
from web.shell.wired import service


@dataclass(frozen=True, slots=True)
class Told:
    """A recipient of the person's data that will be told, by e-mail or by hand."""

    name: str
    by_hand: bool


@dataclass(frozen=True, slots=True)
class PlanView:
    """One plan as its page shows it; `sha256` is None while there is none."""

    reference: str
    status: Status
    person: CasePerson
    sha256: str | None
    assessed_by: str
    assessed_at: datetime | None
    approved_by: str
    approved_at: datetime | None
    going: tuple[Verdicts, ...]
    staying: tuple[Verdicts, ...]
    rows_going: int
    rows_staying: int
    keys: tuple[tuple[str, str], ...]
    recipients: tuple[Told, ...]
    may_make: bool
    may_approve: bool
    why_not: str
    """Why whoever looks cannot approve; empty where he can, or where nothing is to approve."""


def plan_of(session: Session, dsr: SubjectRequest) -> PlanView:
    """Compose the page of a plan for whoever is signed in; reads only.

    Raises: NotFound when the request asks for no erasure, or names nobody.
    """
    if dsr.subject_ref is None or Right.ERASURE not in lifecycle.rights_of(session, dsr.id):
        raise NotFound("this request has no erasure plan")
    wired, me = service(), signed_in()
    steps, names, status = lifecycle.steps_of(session, dsr), names_of_staff(session), Status(dsr.status)
    verdicts = [one for one in items.read(session, dsr.id) if one.outcome in GOING | KEPT]
    assessed, approved = _last(steps, Status.ASSESSED), _last(steps, Status.APPROVED)
    if assessed and approved and approved.at < assessed.at:  # that one was of an earlier plan
        approved = None
    waits = status is Status.ASSESSED
    own = waits and me.email.casefold() in _assessors(steps, dsr.plan_sha256)
    may = me.may(Permission.ERASURE_APPROVE)
    return PlanView(
        reference=dsr.reference,
        status=status,
        person=person_of(session, dsr),
        sha256=dsr.plan_sha256,
        assessed_by=who_is(assessed.by, names) if assessed else "",
        assessed_at=assessed.at if assessed else None,
        approved_by=who_is(approved.by, names) if approved else "",
        approved_at=approved.at if approved else None,
        going=going(verdicts, wired.policy),
        staying=staying(verdicts, wired.policy),
        rows_going=count_rows(one for one in verdicts if one.outcome in GOING),
        rows_staying=count_rows(one for one in verdicts if one.outcome in KEPT),
        keys=_keys(verdicts),
        recipients=_told(session, dsr, verdicts, wired.policy),
        may_make=me.may(Permission.REQUESTS_HANDLE)
        and lifecycle.done_steps(session, dsr.id).isdisjoint(erasure.STEPS)
        and status in (Status.VERIFIED, Status.ASSESSED, Status.APPROVED, Status.ERRORED),
        may_approve=waits and may and not own,
        why_not=_why_not(own, may) if waits else "",
    )


def _last(steps: Sequence[StepTaken], status: Status) -> StepTaken | None:
    return next((step for step in reversed(steps) if step.to_status is status), None)


def _assessors(steps: Sequence[StepTaken], plan_sha256: str | None) -> set[str]:
    return {step.by.casefold() for step in steps if plan_sha256 and step.plan_sha256 == plan_sha256}


def _why_not(own: bool, may: bool) -> str:
    if own:
        return _("You made this plan. An erasure cannot be undone, so another person has to look at it and approve it.")
    if not may:
        return _("The plan is approved by an approver or the data protection officer, not by whoever made it.")
    return ""


def _keys(verdicts: Sequence[Item]) -> tuple[tuple[str, str], ...]:
    """Return each key of the person with what becomes of it, once what stays is known."""
    if not verdicts:
        return ()
    in_place = {one.store for one in verdicts if one.outcome is ItemOutcome.RETAINED}
    archived = any(one.outcome is ItemOutcome.ARCHIVED for one in verdicts)
    profile_stays = bool(in_place & sealed_stores(KeyClass.PROFILE))
    destroyed, stays = _("destroyed"), _("stays")
    return (
        (_("Key of the contact record"), stays if profile_stays else destroyed),
        (_("Key of the archive"), stays if archived or profile_stays else destroyed),
        (_("Key of the proofs"), _("stays until the proofs end")),
    )


def _told(session: Session, dsr: SubjectRequest, verdicts: Sequence[Item], policy: PolicySet) -> tuple[Told, ...]:
    if dsr.subject_ref is None or not any(one.outcome is ItemOutcome.ERASED for one in verdicts):
        return ()
    found = []
    for code in recipients_of(session, dsr.subject_ref):
        known = policy.recipients.get(code)
        found.append(Told(text_in(known.name, language()) if known else code, known is None or known.email is None))
    return tuple(found)
