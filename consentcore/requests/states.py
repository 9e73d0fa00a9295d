"""The steps of a request as data: from which statuses each may be taken, and to which it leads."""

from __future__ import annotations

from dataclasses import dataclass

from consentcore.requests import events
from consentcore.requests.tables import Status


@dataclass(frozen=True, slots=True)
class Verb:
    """A step that may be taken: from which statuses, to which, and under which name in the log."""

    froms: frozenset[Status]
    to: Status
    event: str


_S = Status
VERIFY = Verb(frozenset({_S.RECEIVED}), _S.VERIFIED, events.VERIFIED)
ASSESS = Verb(frozenset({_S.VERIFIED, _S.ASSESSED, _S.APPROVED, _S.ERRORED}), _S.ASSESSED, events.ASSESSED)
APPROVE = Verb(frozenset({_S.ASSESSED}), _S.APPROVED, events.APPROVED)
START = Verb(frozenset({_S.VERIFIED, _S.APPROVED, _S.EXECUTING, _S.ERRORED}), _S.EXECUTING, events.STARTED)
FAIL = Verb(frozenset({_S.EXECUTING}), _S.ERRORED, events.FAILED)
CLOSE = Verb(frozenset({_S.EXECUTING}), _S.CLOSED, events.CLOSED)
CLOSE_AT_RECEIPT = Verb(frozenset({_S.RECEIVED}), _S.CLOSED, events.CLOSED)
REFUSE = Verb(frozenset({_S.RECEIVED, _S.VERIFIED, _S.ASSESSED, _S.APPROVED}), _S.REFUSED, events.REFUSED)

NEXT = {
    _S.RECEIVED: "verify who asks first",
    _S.VERIFIED: "an erasure is assessed, then approved by a second person",
    _S.ASSESSED: "a second person approves the plan first",
    _S.APPROVED: "execute it",
    _S.EXECUTING: "it is being carried out; execute it again if it was cut off",
    _S.ERRORED: "execute it again, or assess an erasure anew",
    _S.CLOSED: "it has ended; receive a new request",
    _S.REFUSED: "it was refused; receive a new request",
}
"""What can be done from each status, for whoever tried something else."""
