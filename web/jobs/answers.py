"""Answering without acting: a refusal and its letter, in one unit, whoever of the staff decides it (Art. 12(4))."""

from __future__ import annotations

from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.outbox.put import Message, put
from consentcore.requests import letters, lifecycle
from consentcore.requests.content import read_content
from consentcore.requests.intake import address_on_record
from consentcore.requests.tables import SubjectRequest
from web.wiring import Service


def refuse(
    session: Session, service: Service, reference: str, ground: str, reason: str, by: str
) -> tuple[SubjectRequest, bool]:
    """Refuse a request in the caller's unit; returns it, and whether the person is written to by e-mail.

    Effects: the request ends, a letter with reasons and remedies in the outbox; without an address it goes on paper.
    Raises: NotFound; InvalidTransition once execution began; BadInput without a reason.
    """
    now = service.now()
    dsr = lifecycle.refused(session, lifecycle.find(session, reference).id, ground, reason, by, now)
    to = address_for_answer(session, service.keyring, dsr)
    if to is not None:
        subject, body = letters.refusal(service.policy, dsr.reference, reason)
        put(session, service.keyring, Message("request_refused", to, subject, body, dsr.subject_ref), now)
    return dsr, to is not None


def address_for_answer(session: Session, keyring: Keyring, dsr: SubjectRequest) -> str | None:
    """Return where a request is answered: whoever asked, else the address on record; None where it goes on paper."""
    content = read_content(keyring, dsr)
    to = content.get("requester") or content.get("written_email") or content.get("answer_to")
    if not to and dsr.subject_ref is not None:
        to = address_on_record(session, keyring, dsr.subject_ref)
    return str(to) if to else None
