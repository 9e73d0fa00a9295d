"""Global Privacy Control: `Sec-GPC: 1` counts as an objection to passing data on to partners, and nothing else.

The signal comes with every request of a browser, so it is taken where a person sends something, never where a page is
only opened; of somebody who has not confirmed an address nothing is kept (R-SIG-2, docs/divergences.md).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from consentcore.crypto.blindindex import normalise_email
from consentcore.ledger.events import Event
from consentcore.ledger.log import queue
from consentcore.policyset import PolicySet, Purpose
from consentcore.requests.finding import find_persons
from consentcore.subjects import objections
from consentcore.subjects.objections import ObjectionState
from web.security.events import SIGNALLED
from web.shell.wired import service

HEADER = "Sec-GPC"
ON = "1"
WELL_KNOWN = "/.well-known/gpc.json"
_JUST_BEFORE = timedelta(milliseconds=1)


def signalled() -> bool:
    """Tell whether this request carries the signal, exactly as the specification writes it."""
    return request.headers.get(HEADER) == ON


def sharing(policy: PolicySet) -> list[Purpose]:
    """Return the purposes under which data go to partners for purposes of their own: all that the signal is about."""
    return [purpose for _, purpose in sorted(policy.purposes.items()) if purpose.partners]


def heed(session: Session, persons: Sequence[UUID], policy: PolicySet, now: datetime) -> list[str]:
    """Record the objection of persons whose browser signals it, in the caller's unit; once for each purpose.

    It counts from just before `now`, so that what the person says in the same form stands above it, as does any later
    consent; an objection that stands already is left as it is.
    Effects: objections, a leaf `objection.recorded` each, a leaf `objection.signalled` with the header for each person.
    Returns: the purposes that were newly objected to. Reads the request; nothing happens without the signal.
    """
    wanted = [purpose.id for purpose in sharing(policy)]
    if not wanted or not signalled():
        return []
    added: list[str] = []
    for person in persons:
        standing = {row.purpose for row in objections.open_objections(session, person)}
        fresh = [purpose for purpose in wanted if purpose not in standing]
        if fresh:
            objections.record(session, person, fresh, ObjectionState.ABSOLUTE, now, since=now - _JUST_BEFORE)
            payload = {"header": f"{HEADER}: {ON}", "purposes": fresh, "page": request.endpoint}
            queue(session, Event(type=SIGNALLED, at=now, subject_ref=person, payload=payload))
        added += fresh
    return added


def heed_at(session: Session, email: str) -> list[str]:
    """Heed the signal for whoever is reached at an address that was confirmed, in the caller's unit; as `heed`."""
    if not signalled():
        return []
    wired = service()
    persons = find_persons(session, wired.keyring, normalise_email(email) or "").active
    return heed(session, persons, wired.policy, wired.now())


def well_known(policy: PolicySet) -> bytes:
    """Return the JSON that says that this origin heeds the signal, and since which day its policies say so."""
    return json.dumps({"gpc": True, "lastUpdate": policy.effective_on.isoformat()}).encode()
