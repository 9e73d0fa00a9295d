"""`/requests`: receiving a request of a data subject, and where it stands (Art. 12)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from consentcore.clock import iso
from consentcore.errors import NotFound
from consentcore.identifiers import REFERENCE_ALPHABET
from consentcore.requests.intake import Intake, receive
from consentcore.requests.items import Item
from consentcore.requests.items import read as read_items
from consentcore.requests.lifecycle import find, rights_of
from consentcore.suppression.tables import MARKETING
from web.api.operation import Noun
from web.api.people import require_purpose
from web.api.schemas.requests import Request, RequestIn, RequestMade
from web.api.wired import caller, service
from web.api.writing import Made, write_once
from web.security.apikeys import Scope
from web.transaction import reading

PREFIX = "/api/v1/requests"
NOUN = Noun("requests", __name__, url_prefix=PREFIX, description="Requests of data subjects.")
_REFERENCE = re.compile(rf"[{REFERENCE_ALPHABET}]{{4}}-[{REFERENCE_ALPHABET}]{{4}}")


@NOUN.operation(
    "POST",
    "",
    rule=Scope.REQUESTS_WRITE,
    takes=RequestIn,
    gives=RequestMade,
    status=201,
    refuses=(404, 409),
    once=True,
)
def receive_request(body: Mapping[str, Any]) -> Any:
    """Open a case; the answer is the same for a known and an unknown person."""
    wired = service()
    if body.get("scope", MARKETING) != MARKETING:
        require_purpose(wired.policy, body["scope"])
    intake = Intake(**{**body, "rights": tuple(body["rights"])})

    def work(session: Session) -> Made:
        received = receive(session, wired.policy, intake, wired.now(), by=caller().actor)
        told = {
            "reference": received.reference,
            "due_on": received.due_on.isoformat(),
            "status": str(received.status),
        }
        return Made(f"{PREFIX}/{received.reference}", told)

    return write_once(work)


@NOUN.operation("GET", "/<string:reference>", rule=Scope.REQUESTS_READ, gives=Request, refuses=(404,))
def read_request(reference: str) -> dict[str, Any]:
    """Read where a request stands, and what became of each field."""
    if _REFERENCE.fullmatch(reference) is None:
        raise NotFound("there is no request of that reference")
    with reading(service().sessions) as session:
        dsr = find(session, reference)
        return {
            "reference": dsr.reference,
            "status": dsr.status,
            "outcome": dsr.outcome,
            "rights": [{"right": one.value, "scope": scope} for one, scope in rights_of(session, dsr.id).items()],
            "channel": dsr.channel,
            "received_at": iso(dsr.received_at),
            "due_on": dsr.due_on.isoformat(),
            "due_on_unrolled": dsr.due_on_unrolled.isoformat(),
            "extended_due_on": dsr.extended_due_on.isoformat(),
            "rule_pack": dsr.rule_pack,
            "closed_at": iso(dsr.closed_at) if dsr.closed_at else None,
            "items": [_item(item) for item in read_items(session, dsr.id)],
        }


def _item(item: Item) -> dict[str, Any]:
    return {
        "store": item.store,
        "ref": str(item.ref) if item.ref else None,
        "field": item.field,
        "outcome": item.outcome.value,
        "ground": item.ground,
        "article": item.article,
        "until": item.until.isoformat() if item.until else None,
        "until_event": item.until_event,
    }
