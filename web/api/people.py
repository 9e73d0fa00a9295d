"""Persons as the bodies of requests name them: by e-mail address, which several may share, or by reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.tables import ConsentState
from consentcore.crm.contacts import EMAIL_INDEX
from consentcore.crypto.blindindex import normalise_email
from consentcore.errors import BadInput, Conflict, NotFound
from consentcore.policyset import PolicySet
from consentcore.subjects.matching import find_subjects
from web.api.wired import service


def persons(session: Session, body: Mapping[str, Any]) -> list[UUID]:
    """Return the persons that a body names; an address may be nobody's. A reference is taken as it is."""
    if "subject_ref" in body:
        return [body["subject_ref"]]
    normalised = normalise_email(body["email"])
    return find_subjects(session, service().keyring, EMAIL_INDEX, normalised or "")


def concerned(session: Session, body: Mapping[str, Any], state: ConsentState) -> list[UUID]:
    """Return whom a declaration stands for: a no at a shared address for everyone there, a yes for one person only.

    Raises: NotFound when nobody is reached there; Conflict when a yes could be anybody's.
    """
    found = persons(session, body)
    if not found:
        raise NotFound("nobody with this e-mail address is known here; create the contact first")
    if len(found) > 1 and state in (ConsentState.GIVEN, ConsentState.REQUESTED):
        raise Conflict(
            "several persons share this e-mail address; name one by subject_ref", code="shared_contact_point"
        )
    return found


def require_purpose(policy: PolicySet, purpose: str) -> None:
    """Refuse a purpose that the policies do not hold, without repeating it.

    Raises: BadInput.
    """
    if purpose not in policy.purposes:
        known = ", ".join(sorted(policy.purposes))
        raise BadInput(f"there is no such purpose in the policies; they have: {known}", code="unknown_purpose")
