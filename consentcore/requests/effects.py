"""What takes effect the moment it is received: withdrawals and objections of anybody (Art. 7(3), R-7-4, R-21-2).

Nobody is asked to prove an identity for a no. A contact point goes on the opposition list whoever is reached there;
every person reached there has consents withdrawn and objections recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import PERMITTING, ConsentState, ConsentStateRow
from consentcore.crypto.keyring import Keyring
from consentcore.errors import PolicyViolation
from consentcore.policyset import Channel, LegalBasis, PolicySet, Purpose
from consentcore.requests import lifecycle
from consentcore.requests.items import Item, write
from consentcore.requests.tables import ItemOutcome, Right, SubjectRequest
from consentcore.subjects import objections
from consentcore.subjects.objections import ObjectionState
from consentcore.suppression.entries import SuppressionReason, suppress, suppress_person
from consentcore.suppression.tables import MARKETING

_INTERESTS = frozenset({LegalBasis.LEGITIMATE_INTEREST, LegalBasis.PUBLIC_TASK})
_ENDING = tuple(state.value for state in (*PERMITTING, ConsentState.REQUESTED))
_METHOD = {"portal": "portal", "phone": "phone", "letter": "paper", "in_person": "paper"}


@dataclass(frozen=True, slots=True)
class Effects:
    """What a no leads to. `rights` are those of the request that are settled by it, without anything left to weigh.

    `scopes` go on the opposition list; `consents` are withdrawn; `absolute` objections need no weighing, `pending` do.
    """

    rights: frozenset[Right]
    scopes: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    absolute: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    @property
    def happen(self) -> bool:
        """Whether anything happens at receipt; what has to be weighed stops meanwhile, though nothing is settled."""
        return bool(self.rights or self.scopes or self.consents or self.absolute or self.pending)


def plan_effects(rights: Sequence[Right], scope: str | None, policy: PolicySet) -> Effects:
    """Work out what a request's objections and withdrawals touch; nothing for other rights. Reads the policies only.

    Raises: NotFound for an unknown purpose; PolicyViolation for one that can be neither objected to nor withdrawn from.
    """
    asked = {Right.OBJECTION, Right.WITHDRAWAL} & set(rights)
    if not asked:
        return Effects(frozenset())
    if scope is not None and scope != MARKETING:
        return _of_purpose(asked, policy.purpose(scope))
    marketing = [purpose for purpose in policy.purposes.values() if purpose.is_marketing]
    if Right.OBJECTION in asked or scope == MARKETING:
        others = [
            purpose.id
            for purpose in policy.purposes.values()
            if scope is None and purpose.basis in _INTERESTS and not purpose.is_marketing
        ]
        settled = asked if not others else asked - {Right.OBJECTION}
        consents = marketing if Right.WITHDRAWAL not in asked or scope else list(policy.purposes.values())
        return Effects(
            rights=frozenset(settled),
            scopes=(MARKETING,),
            consents=_ids(consents, {LegalBasis.CONSENT}),
            absolute=_ids(marketing, _INTERESTS),
            pending=tuple(others),
        )
    withdrawn = _ids(policy.purposes.values(), {LegalBasis.CONSENT})
    return Effects(rights=frozenset(asked), scopes=withdrawn, consents=withdrawn)


def _of_purpose(asked: set[Right], purpose: Purpose) -> Effects:
    if purpose.basis is LegalBasis.CONSENT:
        return Effects(frozenset(asked), (purpose.id,), consents=(purpose.id,))
    if purpose.basis not in _INTERESTS:
        raise PolicyViolation(
            f"purpose {purpose.id!r} rests on {purpose.basis.value}: there is no consent to withdraw and no right to "
            "object",
            article="21(1)",
        )
    if purpose.is_marketing:
        return Effects(frozenset(asked), (purpose.id,), absolute=(purpose.id,))
    return Effects(frozenset(asked - {Right.OBJECTION, Right.WITHDRAWAL}), pending=(purpose.id,))


def _ids(purposes: Iterable[Purpose], bases: frozenset[LegalBasis] | set[LegalBasis]) -> tuple[str, ...]:
    return tuple(sorted(purpose.id for purpose in purposes if purpose.basis in bases))


def take_effect(
    session: Session,
    keyring: Keyring,
    policy: PolicySet,
    effects: Effects,
    dsr: SubjectRequest,
    persons: Sequence[UUID],
    email: str | None,
    channel: str,
    now: datetime,
) -> None:
    """Let the effects of a request happen, in the unit of its receipt; they count from `dsr.received_at`.

    Effects: entries of the opposition list for the address and for every contact point of the persons, withdrawals
    through consent.record, objections, items, done steps of the settled rights.
    """
    since = dsr.received_at
    reason = SuppressionReason.OBJECTION if MARKETING in effects.scopes else SuppressionReason.WITHDRAWAL
    for scope in effects.scopes:
        if email is not None:
            suppress(session, keyring, Channel.EMAIL, email, scope, reason, now, since=since, request_id=dsr.id)
        for person in persons:
            suppress_person(session, person, scope, reason, now, since=since, request_id=dsr.id)
    evidence = Evidence(
        _METHOD.get(channel, "web_form"), contact_point=email, details={"intake": channel, "request": dsr.reference}
    )
    for person in persons:
        choices = _withdrawals(session, person, effects.consents, policy, since)
        if choices:
            record(session, person, choices, policy, evidence, now)
        for state, purposes in ((ObjectionState.ABSOLUTE, effects.absolute), (ObjectionState.PENDING, effects.pending)):
            objections.record(session, person, purposes, state, now, since=since, request_id=dsr.id)
    if effects.scopes:
        done = [
            Item("cc_suppression", None, scope, ItemOutcome.DONE, article="21(3)" if scope == MARKETING else "7(3)")
            for scope in effects.scopes
        ]
        write(session, dsr.id, done)
    for right in sorted(effects.rights):
        lifecycle.mark_step(session, dsr.id, lifecycle.step_of(right), now)


def _withdrawals(
    session: Session, person: UUID, purposes: Sequence[str], policy: PolicySet, since: datetime
) -> list[Choice]:
    held = session.execute(
        select(ConsentStateRow.purpose, ConsentStateRow.channel)
        .where(
            ConsentStateRow.subject_ref == person,
            ConsentStateRow.purpose.in_(purposes),
            ConsentStateRow.state.in_(_ENDING),
        )
        .order_by(ConsentStateRow.purpose, ConsentStateRow.channel)
    ).all()
    choices = []
    for purpose_id, channel in held:
        notice_id, _, version = (policy.purpose(purpose_id).notice or "").partition("@")
        notice = policy.notice(notice_id, int(version), policy.controller.languages[0])
        choices.append(Choice(purpose_id, Channel(channel), ConsentState.WITHDRAWN, notice, since))
    return choices
