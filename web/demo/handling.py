"""Handling the demo's requests: each step by whom it falls to, at its past instant, by the functions of the core."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from consentcore.errors import Conflict
from consentcore.outbox.put import Message, put
from consentcore.policyset import PolicySet
from consentcore.requests import erasure, identity, intake, letters, lifecycle
from consentcore.requests.intake import Intake, IntakeChannel
from consentcore.subjects import restrictions
from consentcore.subjects.restrictions import Ground
from web.demo.acts import Act, Line, Scene
from web.demo.cases import ASKED_AT, Case, cases
from web.demo.days import Days
from web.demo.exports import People
from web.demo.staff import Staff
from web.jobs.deliver import deliver
from web.jobs.rights import carry_out
from web.wiring import Service

_APPLICANT = "applicant"
_EXCESSIVE = "excessive"
_METHOD = {IntakeChannel.PORTAL: "portal", IntakeChannel.EMAIL: "email_code", IntakeChannel.PHONE: "phone"}
_ON_PAPER = "paper"


class Handled:
    """One request on its way; `reference` is there once it was received."""

    def __init__(self, case: Case, people: People, staff: Staff) -> None:
        self.case, self.people, self.staff = case, people, staff
        self.reference = ""

    def receive(self, session: Session, service: Service) -> None:
        """Take it in; a letter, an e-mail or a call is taken in by the operator."""
        case = self.case
        by = _APPLICANT if case.channel is IntakeChannel.PORTAL else self.staff.operator.email
        asked = Intake(
            case.rights,
            email=self._address(),
            channel=case.channel,
            scope=case.scope,
            requester=case.requester,
            role=case.role,
            changes=case.changes,
            evidence=case.evidence,
        )
        self.reference = intake.receive(session, service.policy, asked, service.now(), by=by).reference

    def verify(self, session: Session, service: Service) -> None:
        """Settle who asks; where the accuracy of data is contested, they are restricted meanwhile (Art. 18(1)(a))."""
        case = self.case
        by = _APPLICANT if case.channel is IntakeChannel.PORTAL else self.staff.operator.email
        method = _METHOD.get(case.channel, _ON_PAPER)
        dsr = identity.verify(session, service.policy, self.reference, method, by, service.now())
        if case.restricted and dsr.subject_ref is not None:
            ground = Ground.ACCURACY_CONTESTED
            restrictions.place(session, dsr.subject_ref, ground, service.now(), request_id=dsr.id)

    def assess(self, session: Session, service: Service) -> None:
        """Have the operator make the plan of an erasure."""
        dsr = lifecycle.find(session, self.reference)
        erasure.assess(session, service.keyring, service.policy, dsr.id, self.staff.operator.email, service.now())

    def approve(self, session: Session, service: Service) -> None:
        """Have the approver approve that plan."""
        dsr = lifecycle.find(session, self.reference)
        erasure.approve(session, dsr.id, dsr.plan_sha256 or "", self.staff.approver.email, service.now())

    def start(self, session: Session, service: Service) -> None:
        """Have the operator begin the execution."""
        dsr = lifecycle.find(session, self.reference)
        lifecycle.start(session, dsr.id, service.now(), by=self.staff.operator.email)

    def refuse(self, session: Session, service: Service) -> None:
        """Have the data protection officer refuse it, and write to the person why (Art. 12(4))."""
        _, reason = self.case.refused or (0, "")
        now, by = service.now(), self.staff.dpo.email
        dsr = lifecycle.refused(session, lifecycle.find(session, self.reference).id, _EXCESSIVE, reason, by, now)
        subject, body = letters.refusal(service.policy, dsr.reference, reason)
        put(session, service.keyring, Message("request_refused", self._address(), subject, body, dsr.subject_ref), now)

    def carry_out(self, service: Service) -> None:
        """Let the job carry it out; one whose data changed since the approval ends as an error, for people to see."""
        try:
            carry_out(service, self.reference)
        except Conflict:
            if not self.case.fails:
                raise

    def _address(self) -> str:
        return self.case.client if "@" in self.case.client else self.people.email(self.case.client)


def requests(days: Days, policy: PolicySet, people: People, staff: Staff) -> Iterator[Act]:
    """Yield each step of each request; where it leaves something to be sent, that is sent within the minute."""
    for case in cases(days, policy):
        handled = Handled(case, people, staff)
        refused = case.refused[0] if case.refused else None
        for ago, clock, minutes, step in (
            (case.asked, ASKED_AT, 25, handled.receive),
            (case.verified, "11:30", 20, handled.verify),
            (case.assessed, "14:20", 15, handled.assess),
            (case.approved, "15:45", 10, handled.approve),
            (refused, "16:10", 5, handled.refuse),
            (case.started, "16:30", 2, handled.start),
        ):
            if ago is not None:
                yield Line(days.at(ago, clock, minutes=minutes), step)
        carried_out = case.started if case.fails else case.carried_out
        if carried_out is not None:
            yield Scene(days.at(carried_out, "16:31"), handled.carry_out)
        for ago, clock, minutes in ((case.asked, "10:06", 24), (refused, "16:11", 4), (carried_out, "16:32", 0)):
            if ago is not None:
                yield Scene(days.at(ago, clock, minutes=minutes), deliver)
