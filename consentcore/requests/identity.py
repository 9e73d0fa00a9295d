"""Proving whom a request is about, no further than the doubt reaches (Art. 12(6), R-12-6)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.errors import BadInput, Conflict, IdentityNotProven
from consentcore.policyset import PolicySet
from consentcore.requests import lifecycle, states
from consentcore.requests.content import adopt, read_content
from consentcore.requests.finding import find_persons, known_person
from consentcore.requests.tables import SubjectRequest

METHODS = frozenset({"email_code", "portal", "phone", "paper", "in_person"})


def verify(
    session: Session,
    policy: PolicySet,
    reference: str,
    method: str,
    by: str,
    now: datetime,
    *,
    subject_ref: UUID | None = None,
) -> SubjectRequest:
    """Note that the applicant is who he says, and settle which person the request is about, in the caller's unit.

    Of an unknown person nothing is settled: the request can then only be answered in the negative. `subject_ref` names
    one where several share the address: a person decides that, an equal address never does.
    Raises: NotFound, InvalidTransition; BadInput (unknown method); Conflict (several persons, none named);
    IdentityNotProven (an agent without a mandate on file; a code sent to an address that is not the person's).
    """
    if method not in METHODS:
        raise BadInput(f"method {method!r} is unknown; use one of {', '.join(sorted(METHODS))}")
    keyring: Keyring = session.info[KEYRING_KEY]
    dsr = lifecycle.locked(session, lifecycle.find(session, reference).id)
    lifecycle.check(dsr, states.VERIFY)
    content = read_content(keyring, dsr)
    if content.get("requester") and not content.get("evidence"):
        raise IdentityNotProven(
            f"request {dsr.reference} is made for another person: put the mandate on file first", article="12(6)"
        )
    person = _settled(session, keyring, dsr, content.get("email"), method, subject_ref)
    adopt(session, keyring, dsr, person, {**content, "method": method})
    lifecycle.verified(session, dsr, method, by, now)
    return dsr


def _settled(
    session: Session, keyring: Keyring, dsr: SubjectRequest, email: str | None, method: str, chosen: UUID | None
) -> UUID | None:
    if email is None:  # the operator named the person by reference at receipt
        if chosen is not None and chosen != dsr.subject_ref:
            raise Conflict(f"request {dsr.reference} names another person")
        return dsr.subject_ref
    found = find_persons(session, keyring, email)
    reached = {*found.active, *found.archived}
    if chosen is not None:
        person = known_person(session, keyring, chosen)
        if method == "email_code" and person is not None and person not in reached:
            raise IdentityNotProven(
                f"the address of request {dsr.reference} is not on that person's record: a code proves nothing",
                article="12(6)",
            )
        return person
    if dsr.subject_ref is not None and dsr.subject_ref in reached:
        return dsr.subject_ref
    if len(found.candidates) > 1:
        listed = ", ".join(str(ref) for ref in found.candidates)
        raise Conflict(f"{len(found.candidates)} persons share the address of the request; name one: {listed}")
    return found.candidates[0] if found.candidates else None
