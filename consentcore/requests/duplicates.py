"""Seeing that somebody asks for the same while the first request still runs: a question for a person (Art. 12(5))."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.requests.content import read_content
from consentcore.requests.finding import find_persons
from consentcore.requests.queue import ENDED
from consentcore.requests.tables import RequestRight, Right, SubjectRequest

MOST_OPENED = 500


def running_already(
    session: Session,
    rights: Collection[Right],
    *,
    normalised_email: str | None = None,
    subject_ref: UUID | None = None,
) -> list[str]:
    """Return the references of running requests for one of these rights about the same person, the oldest first.

    Equal is a person reached at the address, or the address itself where a request names no person; of the latter the
    500 newest are opened. Nothing is decided by it: two persons may share a mailbox.
    Raises: DecryptionFailed.
    """
    keyring: Keyring = session.info[KEYRING_KEY]
    persons = {subject_ref} if subject_ref is not None else set()
    if normalised_email is not None:
        persons |= set(find_persons(session, keyring, normalised_email).candidates)
    asking = select(RequestRight.request_id).where(RequestRight.right.in_([right.value for right in rights]))
    running = select(SubjectRequest).where(SubjectRequest.status.not_in(ENDED), SubjectRequest.id.in_(asking))
    found = list(session.scalars(running.where(SubjectRequest.subject_ref.in_(persons)))) if persons else []
    if normalised_email is not None:
        unnamed = running.where(SubjectRequest.subject_ref.is_(None)).order_by(SubjectRequest.received_at.desc())
        found += [
            dsr
            for dsr in session.scalars(unnamed.limit(MOST_OPENED))
            if read_content(keyring, dsr).get("email") == normalised_email
        ]
    return [dsr.reference for dsr in sorted(found, key=lambda dsr: (dsr.received_at, dsr.reference))]
