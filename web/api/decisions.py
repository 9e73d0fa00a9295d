"""`POST /decisions`, one or many: may this person be contacted, for this, over this? Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consentcore.consent.decide import Decision as Answer
from consentcore.consent.decide import decide as decide_one
from consentcore.consent.decide import decide_for_all
from consentcore.consent.decide import decide_many as decide_at_once
from web.api.operation import Noun
from web.api.people import persons, require_purpose
from web.api.schemas.decisions import Decision, DecisionIn, Decisions, DecisionsIn
from web.api.wired import service
from web.security.apikeys import Scope
from web.transaction import reading

NOUN = Noun("decisions", __name__, url_prefix="/api/v1/decisions", description="Answers before a contact is made.")


@NOUN.operation("POST", "", rule=Scope.DECISIONS_READ, takes=DecisionIn, gives=Decision)
def decide(body: Mapping[str, Any]) -> dict[str, Any]:
    """Say whether a person may be contacted, and why.

    A shared address is as free as its most reserved owner; an unknown person is never allowed.
    """
    wired = service()
    require_purpose(wired.policy, body["purpose"])
    matter = (body["purpose"], body["channel"], wired.policy, wired.now())
    with reading(wired.sessions) as session:
        found = persons(session, body)
        if "subject_ref" in body:
            answer = decide_one(session, found[0], *matter, as_of=body.get("at"))
        else:
            answer = decide_for_all(session, found, *matter, as_of=body.get("at"))
    return _said(answer)


@NOUN.operation("POST", "/batch", rule=Scope.DECISIONS_READ, takes=DecisionsIn, gives=Decisions)
def decide_many(body: Mapping[str, Any]) -> dict[str, Any]:
    """Say of up to 10,000 persons whether each may be contacted, and why; the answers stand in the same order."""
    wired = service()
    require_purpose(wired.policy, body["purpose"])
    with reading(wired.sessions) as session:
        answers = decide_at_once(
            session, body["subject_refs"], body["purpose"], body["channel"], wired.policy, wired.now()
        )
    return {"decisions": [_said(answer) for answer in answers]}


def _said(answer: Answer) -> dict[str, Any]:
    return {
        "allowed": answer.allowed,
        "reason": answer.reason.value,
        "also": [reason.value for reason in answer.also],
        "basis": answer.basis.value,
        "article": answer.basis.article,
        "record_id": str(answer.record_id) if answer.record_id else None,
        "policy_sha256": answer.policy_sha256,
    }
