"""Consents that grow old: one reminder each, and the end of those whose validity is over, in small units (R-7-7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.consent import refreshing
from consentcore.consent.doubleoptin import Pending
from consentcore.consent.refreshing import Question
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.outbox.put import Message
from consentcore.policyset import LegalBasis
from consentcore.requests.intake import address_on_record
from web.consent_mails import to_renew
from web.security import consent_links, unsubscribe_links
from web.security.consent_links import RENEWED_WITHIN, ConsentLink
from web.security.unsubscribe_links import Unsubscription
from web.transaction import reading, unit
from web.wiring import Service

BATCH = 200
MOST_MAILS = 500
"""Of one run; the next one goes on. A mail provider takes more of us for an attack."""
EVERY = timedelta(hours=1)
REMINDER = "renew_consent"
_RAN: dict[str, datetime] = {}
"""When this process did it last, by database."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one run did: consents whose end was recorded, persons who were asked."""

    ended: int
    asked: int


def refresh_in_turn(service: Service) -> Refreshed | None:
    """Refresh once an hour in this process, however often it is called; None in between. Raises as `refresh`."""
    now, name = service.now(), service.settings.database_url
    before = _RAN.get(name)
    if before is not None and now < before + EVERY:
        return None
    done = refresh(service)
    _RAN[name] = now
    return done


def refresh(service: Service, batch: int = BATCH, most_mails: int = MOST_MAILS) -> Refreshed:
    """Record what ended, then ask whose consent is old; cut off, the next run goes on, and nobody is asked twice.

    Effects: as `refreshing.end_next` in units of `batch` rows, as `refreshing.remind` in a unit for each person.
    """
    ended = _end(service, batch)
    asked = 0
    for question in refreshing.questions(service.policy):
        asked += _ask(service, question, batch, most_mails - asked)
    return Refreshed(ended, asked)


def _end(service: Service, batch: int) -> int:
    done, now = 0, service.now()
    for purpose in service.policy.purposes.values():
        if purpose.basis is not LegalBasis.CONSENT:
            continue
        after: UUID | None = None
        while True:
            with unit(service.sessions) as session:
                ended = refreshing.end_next(session, service.keyring, purpose, service.policy, now, batch, after)
            done, after = done + ended.recorded, ended.after
            if after is None:
                break
    return done


def _ask(service: Service, question: Question, batch: int, most: int) -> int:
    done, after, now = 0, None, service.now()
    while done < most:
        with reading(service.sessions) as session:
            found = refreshing.due(session, question, now, batch, after)
        if not found:
            break
        after = found[-1].subject_ref
        for one in found[: most - done]:
            with unit(service.sessions) as session:
                done += _ask_one(session, service, question, one, now)
    return done


def _ask_one(session: Session, service: Service, question: Question, one: Pending, now: datetime) -> bool:
    to = address_on_record(session, service.keyring, one.subject_ref)
    if to is None:
        return False

    def letter(pending: Pending) -> Message:
        row = session.get_one(ConsentRecord, pending.record_id)
        until = min(now + RENEWED_WITHIN, row.expires_at or now + RENEWED_WITHIN)
        renew = consent_links.issue(service.keyring, ConsentLink(pending, ConsentState.RENEWED, until))
        leaving = Unsubscription(pending.subject_ref, pending.purpose, pending.channel, now)
        stop = unsubscribe_links.issue(service.keyring, leaving)
        url = service.settings.base_url
        subject, body = to_renew(
            service.policy,
            question.purpose,
            lambda lang: consent_links.address_of(url, lang, renew),
            lambda lang: unsubscribe_links.address_of(url, lang, stop),
            row,
            until,
        )
        return Message(REMINDER, to, subject, body, pending.subject_ref)

    return refreshing.remind(session, service.keyring, one, question, service.policy, letter, now)
