"""Sending a draft: one unit that receives the request, settles whom it is about where that is certain, and notes it.

Whether the address is known here changes neither what is shown nor what is mailed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from consentcore.clock import iso, parse_instant
from consentcore.crypto.blindindex import normalise_email
from consentcore.errors import Conflict, IdentityNotProven
from consentcore.requests import identity, lifecycle
from consentcore.requests.content import read_content, write_content
from consentcore.requests.finding import find_persons
from consentcore.requests.intake import Intake, IntakeChannel, receive
from consentcore.requests.tables import Right, Status
from web.portal.draft import KEY, Draft, fresh_content, needs_proof, right_of
from web.portal.visitor import Visitor
from web.security import limits
from web.security.limits import Limit
from web.shell import visits
from web.shell.wired import service, visit
from web.transaction import unit

MADE = "made"
"""Under which the session keeps what was sent in it: `submit answers reference address at` of each request."""
MOST_KEPT = 20
SAME_WITHIN = timedelta(minutes=10)
PER_ADDRESS = Limit("request_of", 10, timedelta(days=1))
PER_CONNECTION = Limit("request_from", 30, timedelta(hours=1))
METHOD, BY = "email_code", "portal"
NOTES = "notes"


def sent_before(submit: str) -> str | None:
    """Return the reference of the request that a draft of this name became in this session, if it was sent."""
    return next((str(one["reference"]) for one in made_here() if submit and one["submit"] == submit), None)


def made_here() -> Sequence[Mapping[str, Any]]:
    """Return what was sent in this session."""
    current = visit()
    return [] if current is None else list(current.content.get(MADE, []))


def send(made: Draft, found: Visitor | None) -> str:
    """Make a request of a draft and return its reference; the same answers sent again soon make no second one.

    Effects: those of `requests.intake.receive`; for a confirmed address that reaches one person, or nobody, also those
    of `requests.identity.verify`; the draft leaves the session. Raises: TooOften; as those two.
    """
    wired, now = service(), service().now()
    address = _address(made, found)
    with unit(wired.sessions) as session:
        before = _twin(fresh_content(session), made, now)
        if before is not None:
            return before
        limits.spend(session, wired.keyring, PER_CONNECTION, request.remote_addr or "-", now)
        limits.spend(session, wired.keyring, PER_ADDRESS, normalise_email(address) or "", now)
    with unit(wired.sessions) as session:
        content = fresh_content(session)
        before = _twin(content, made, now)  # another tab may have been first
        if before is not None:
            return before
        received = receive(session, wired.policy, _intake(made, address), now)
        _note(session, received.reference, made)
        _settle(session, received.reference, made, address, now)
        _remember(session, content, made, received.reference, address, now)
    return received.reference


def _address(made: Draft, found: Visitor | None) -> str:
    if made.address is not None and not needs_proof(made, service().policy):
        return made.address
    if found is None or not found.confirmed:
        raise IdentityNotProven("this request needs an address that was confirmed by a code", article="12(6)")
    return found.email


def _intake(made: Draft, address: str) -> Intake:
    right, scope = right_of(made, service().policy)
    return Intake(
        rights=(right,),
        email=made.person if made.role is not None else address,
        channel=IntakeChannel.PORTAL,
        scope=scope,
        requester=address if made.role is not None else None,
        role=made.role,
        changes=made.changes if right is Right.RECTIFICATION else {},
    )


def _note(session: Session, reference: str, made: Draft) -> None:
    if made.more:
        dsr = lifecycle.locked(session, lifecycle.find(session, reference).id)
        write_content(service().keyring, dsr, {**read_content(service().keyring, dsr), NOTES: made.more})


def _settle(session: Session, reference: str, made: Draft, address: str, now: datetime) -> None:
    """Verify a request whose address was confirmed, unless people have to: several persons there, or an agent."""
    wired = service()
    dsr = lifecycle.find(session, reference)
    if made.role is not None or not needs_proof(made, wired.policy) or dsr.status != Status.RECEIVED:
        return
    if len(find_persons(session, wired.keyring, normalise_email(address) or "").candidates) > 1:
        return
    try:
        with session.begin_nested():
            identity.verify(session, wired.policy, reference, METHOD, BY, now)
    except Conflict:  # a second person came to this address a moment ago: staff will choose
        return


def _twin(content: Mapping[str, Any], made: Draft, now: datetime) -> str | None:
    for one in content.get(MADE, []):
        same = one["answers"] == answers_sha256(made) and now - parse_instant(one["at"]) < SAME_WITHIN
        if one["submit"] == made.submit or same:
            return str(one["reference"])
    return None


def answers_sha256(made: Draft) -> str:
    """Return the hash of the answers alone: two drafts with the same answers have the same."""
    answers = {name: value for name, value in asdict(made).items() if name != "submit"}
    return sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()


def _remember(
    session: Session, content: Mapping[str, Any], made: Draft, reference: str, address: str, now: datetime
) -> None:
    entry = {
        "submit": made.submit,
        "answers": answers_sha256(made),
        "reference": reference,
        "address": address,
        "at": iso(now),
    }
    rest = {name: value for name, value in content.items() if name != KEY}
    visits.keep(session, {**rest, MADE: [*content.get(MADE, []), entry][-MOST_KEPT:]})
