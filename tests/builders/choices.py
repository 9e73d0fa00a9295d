"""Declaring and reading what a person chose, for tests of the faces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from consentcore.consent.decide import Reason, decide
from consentcore.consent.history import records_of
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.policyset import Channel
from web.wiring import Service


def declare(
    service: Service,
    person: UUID,
    purpose: str,
    state: ConsentState,
    at: datetime,
    channel: Channel = Channel.EMAIL,
) -> None:
    """Record a declaration made on some web form."""
    choice = Choice(purpose, channel, state, service.policy.notice(purpose, 1, "fr"), at)
    with service.sessions.begin() as session:
        record(session, person, [choice], service.policy, Evidence("web_form"), at)


def reason(service: Service, person: UUID, purpose: str, channel: Channel = Channel.EMAIL) -> Reason:
    """Say why a person may or may not be reached now."""
    with service.sessions() as session:
        return decide(session, person, purpose, channel, service.policy, service.now()).reason


def records(service: Service, person: UUID) -> Sequence[ConsentRecord]:
    """Return what a person declared, oldest first."""
    with service.sessions() as session:
        return records_of(session, person)
