"""Asking for a confirmation, for every face alike: how often it may be asked, the link, and the mail that holds it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.doubleoptin import Asked, Pending, request, stands
from consentcore.consent.tables import ConsentState
from consentcore.crypto.blindindex import normalise_email
from consentcore.errors import BadInput, Conflict
from consentcore.outbox.put import Message
from web.consent_mails import to_confirm
from web.security import limits
from web.security.consent_links import CONFIRMED_WITHIN, ConsentLink, address_of, issue
from web.security.limits import Limit
from web.transaction import unit
from web.wiring import Service

PER_ADDRESS = Limit("confirmation_address", 3, timedelta(days=1))
OF_ALL = Limit("confirmation_all", 2_000, timedelta(hours=1))
"""Whoever types addresses of others must not fill their mail boxes by us."""
ASK_TO_CONFIRM = "confirm_consent"


def ask(wired: Service, asked: Asked, now: datetime) -> Pending | None:
    """Ask a person to confirm a consent at the address that the evidence names, in a unit of its own.

    None where a consent stands already: nothing is recorded, no mail goes out.
    Effects: as `doubleoptin.request`; one mail is counted for the address.
    Raises: TooOften; BadInput for what is no address; as `doubleoptin.request`.
    """
    with unit(wired.sessions) as session:
        return _ask(session, wired, asked, now)


def ask_now(session: Session, wired: Service, asked: Asked) -> UUID:
    """Do what `ask` does in the caller's unit; returns the record of the request, or of the consent that stands."""
    now = wired.now()
    pending = _ask(session, wired, asked, now)
    if pending is not None:
        return pending.record_id
    held = stands(session, asked.subject_ref, asked.purpose, asked.channel, now)
    if held is None:
        raise Conflict("a consent that stood a moment ago stands no longer; ask again")
    return held.record_id


def _ask(session: Session, wired: Service, asked: Asked, now: datetime) -> Pending | None:
    """Ask, counting the mail in the same unit: what fails sends nothing, and so need not count."""
    purpose, until = wired.policy.purpose(asked.purpose), now + CONFIRMED_WITHIN
    normalised = normalise_email(asked.evidence.contact_point or "")
    if normalised is None:
        raise BadInput("a confirmation is asked for at an e-mail address; none that can be read was given")

    def letter(pending: Pending) -> Message:
        limits.spend(session, wired.keyring, PER_ADDRESS, normalised, now)
        limits.spend(session, wired.keyring, OF_ALL, "-", now)
        token = issue(wired.keyring, ConsentLink(pending, ConsentState.GIVEN, until))

        def link(lang: str) -> str:
            return address_of(wired.settings.base_url, lang, token)

        subject, body = to_confirm(wired.policy, purpose, link, until)
        return Message(ASK_TO_CONFIRM, asked.evidence.contact_point or "", subject, body, pending.subject_ref)

    return request(session, wired.keyring, asked, wired.policy, letter, now)
