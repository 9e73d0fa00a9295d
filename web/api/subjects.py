"""`POST /subjects/search`: who is reached at a contact point; a POST, because a URL is no place for an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consentcore.crm.contacts import EMAIL_INDEX, PHONE_INDEX
from consentcore.crypto.blindindex import normalise_email, normalise_phone
from consentcore.subjects.matching import find_subjects
from web.api.operation import Noun
from web.api.schemas.subjects import Found, SearchIn
from web.api.wired import service
from web.security.apikeys import Scope
from web.transaction import reading

MAX_FOUND = 100
NOUN = Noun("subjects", __name__, url_prefix="/api/v1/subjects", description="Persons, by reference alone.")


@NOUN.operation("POST", "/search", rule=Scope.SUBJECTS_READ, takes=SearchIn, gives=Found)
def search_subjects(body: Mapping[str, Any]) -> dict[str, Any]:
    """Find the persons who are reached at an e-mail address or telephone number."""
    wired = service()
    if "email" in body:
        number, normalised = EMAIL_INDEX, normalise_email(body["email"])
    else:
        number, normalised = PHONE_INDEX, normalise_phone(body["phone"], wired.policy.controller.country)
    if normalised is None:
        return {"subjects": [], "truncated": False}
    with reading(wired.sessions) as session:
        found = find_subjects(session, wired.keyring, number, normalised)
    return {"subjects": [{"subject_ref": str(ref)} for ref in found[:MAX_FOUND]], "truncated": len(found) > MAX_FOUND}
