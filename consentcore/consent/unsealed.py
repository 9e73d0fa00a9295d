"""A no that can no longer be sealed: its evidence key was destroyed, and a no is always accepted (Art. 7(3)).

Its leaf says in the open what it is about, under which policies, and nothing of the person; the record stands, so that
decisions know of it, and what the person is reached at goes on the opposition list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent.declarations import ENDING, Choice
from consentcore.consent.events import STATE_OF
from consentcore.crypto.blindindex import normalise_email, normalise_phone
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KEYRING_KEY, KeyDestroyed, Keyring
from consentcore.ledger.events import Event
from consentcore.ledger.log import queue_many
from consentcore.policyset import Channel
from consentcore.suppression.entries import INDEX_OF, SuppressionReason, suppress, suppress_person

_EVERYWHERE = "ZZ"


def queue_what_can_be(session: Session, events: Sequence[Event]) -> tuple[list[UUID], list[int]]:
    """Queue the events of declarations; returns their ids, and the places of those that nothing could be sealed for.

    Raises: KeyDestroyed where one of these is anything else than a no.
    """
    try:
        return queue_many(session, events), []
    except KeyDestroyed:
        keyring: Keyring = session.info[KEYRING_KEY]
        people = {event.subject_ref for event in events if event.subject_ref is not None}
        gone = {ref for ref in people if _is_gone(keyring, ref)}
        places = [at for at, event in enumerate(events) if event.subject_ref in gone]
        if not places or any(STATE_OF[events[at].type] not in ENDING for at in places):
            raise
    said = list(events)
    for at in places:
        said[at] = replace(events[at], subject_ref=None, payload=None)
    return queue_many(session, said), places


def _is_gone(keyring: Keyring, subject_ref: UUID) -> bool:
    return any(stone.key_class is KeyClass.EVIDENCE for stone in keyring.tombstones(subject_ref))


def keep_out(session: Session, subject_ref: UUID, choice: Choice, contact_point: str | None, now: datetime) -> None:
    """Put what a person is reached at on the opposition list for the purpose of a no, in the caller's unit."""
    since = choice.at or now
    suppress_person(session, subject_ref, choice.purpose, SuppressionReason.WITHDRAWAL, now, since=since)
    normalised = normalised_point(choice.channel, contact_point)
    if normalised is not None:
        suppress(
            session,
            session.info[KEYRING_KEY],
            choice.channel,
            normalised,
            choice.purpose,
            SuppressionReason.WITHDRAWAL,
            now,
            since=since,
        )


def normalised_point(channel: Channel, text: str | None, region: str = _EVERYWHERE) -> str | None:
    """Return a contact point as the opposition list knows it; None where it is no address or number of the channel."""
    if text is None or channel not in INDEX_OF:
        return None
    return normalise_email(text) if channel is Channel.EMAIL else normalise_phone(text, region)
