"""A person who said yes, took it back, and one whose proofs are asked for in every form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.policyset import Channel
from tests.builders.people import open_people
from web.transaction import unit
from web.wiring import Service

EMAIL = "camille@courriel.example"
FORM = "ab" * 32


@dataclass(frozen=True)
class Proven:
    """The service, and one person's records of the newsletter."""

    wired: Service
    person: UUID
    given: UUID
    withdrawn: UUID

    def declare(self, state: ConsentState, at: datetime, *, method: str = "web_form", language: str = "fr") -> UUID:
        """Record one more declaration."""
        return declare(self.wired, self.person, state, at, method=method, language=language)


def declare(
    wired: Service, person: UUID, state: ConsentState, at: datetime, *, method: str = "web_form", language: str = "fr"
) -> UUID:
    """Record what somebody said of the newsletter; returns the record."""
    choice = Choice("newsletter", Channel.EMAIL, state, wired.policy.notice("newsletter", 1, language), at)
    details = {"page": "/newsletter", "version": "2026.11", "unticked": "promotions"}
    evidence = Evidence(method, contact_point=EMAIL, form_sha256=FORM, details=details)
    with unit(wired.sessions) as session:
        return record(session, person, [choice], wired.policy, evidence, wired.now())[0].record_id


def proven(wired: Service) -> Proven:
    """Open a person who said yes twenty days ago and no ten days ago."""
    now = wired.now()
    person = open_people(wired.sessions, wired.keyring, now - timedelta(days=30), EMAIL)[0]
    given = declare(wired, person, ConsentState.GIVEN, now - timedelta(days=20))
    return Proven(wired, person, given, declare(wired, person, ConsentState.WITHDRAWN, now - timedelta(days=10)))
