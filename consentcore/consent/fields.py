"""The regulatory fields of a consent record, as ISO/IEC TS 27560 groups them: header, processing, parties, events.

A frozen view: what was declared comes from the record, what it was about from the policies, which data that means from
the living map. Exports (JSON-LD, Kantara) are drawn from it and add nothing of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.columns import Category, Provenance
from consentcore.consent.history import records_of
from consentcore.consent.tables import ConsentRecord, ConsentState, Quality
from consentcore.errors import Conflict, NotFound
from consentcore.personal_data.datamap import DataMap
from consentcore.policyset import Controller, PolicySet, Purpose, Recipient, RecipientKind, RetentionRule

NOT_BY_THE_PERSON = frozenset({ConsentState.EXPIRED, ConsentState.INVALIDATED, ConsentState.UNKNOWN})
"""States that no act of the person brings about: an end of time, a finding, something taken over."""
TAKEN_OVER = "import"
"""The method of declarations that were made elsewhere."""


class PartyRole(StrEnum):
    """What a party is in the processing (Art. 4(7)-(10), 4(21); party role of TS 27560)."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"
    RECIPIENT = "recipient"
    AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class Party:
    """One party by name; what the policies do not say of it is None."""

    id: str
    role: PartyRole
    names: Mapping[str, str]
    """By language; the empty language where a name is the same in all."""
    country: str
    address: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class DataUsed:
    """One class of data that the purpose uses: what it consists of, where it came from, how long it is kept."""

    id: str
    names: Mapping[str, str]
    categories: tuple[Category, ...]
    provenances: tuple[Provenance, ...]
    limits: tuple[RetentionRule, ...]


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One declaration: what it says, when and how, under which wording (event fields of TS 27560)."""

    record_id: UUID
    event_id: UUID
    state: ConsentState
    at: datetime
    recorded_at: datetime
    expires_at: datetime | None
    method: str
    explicit: bool
    by_person: bool
    """Whether the person declared it; an end of time or a finding comes from the controller."""
    notice_id: str
    notice_version: int
    notice_language: str
    notice_sha256: str
    policy_sha256: str


@dataclass(frozen=True, slots=True)
class RegulatoryFields:
    """Everything TS 27560 asks of a record, and what the GDPR makes mandatory besides (law.md 1.7)."""

    subject_ref: UUID
    proven: ConsentEvent
    """The declaration that the record is of."""
    events: tuple[ConsentEvent, ...]
    """All declarations of the person about this purpose and channel as known now, oldest first."""
    purpose: Purpose
    channel: str
    controller: Party
    data_protection_officer: str
    data: tuple[DataUsed, ...]
    recipients: tuple[Party, ...]
    languages: tuple[str, ...]
    described_under: str
    """SHA-256 of the policies that describe the purpose here."""
    same_wording: bool
    """Whether they still hold the version of the purpose that was consented to."""

    @property
    def storage_countries(self) -> tuple[str, ...]:
        """Where the data lie: the countries of the controller and of its processors, the controller's first."""
        processors = {one.country for one in self.recipients if one.role is PartyRole.PROCESSOR}
        return (self.controller.country, *sorted(processors - {self.controller.country}))

    @property
    def current(self) -> ConsentEvent:
        """The newest declaration."""
        return self.events[-1]


def fields_of(session: Session, policy: PolicySet, datamap: DataMap, record_id: UUID) -> RegulatoryFields:
    """Compose the fields of one record; reads its person's declarations, opens no sealed content, writes nothing.

    Raises: NotFound (record); Conflict when the policies in force describe its purpose no longer.
    """
    record = session.get(ConsentRecord, record_id)
    if record is None:
        raise NotFound(f"no consent record {record_id} is known here")
    purpose = policy.purposes.get(record.purpose)
    if purpose is None:
        raise Conflict(
            f"the policies in force describe purpose {record.purpose!r} no longer; its receipt and .tlog-proof need "
            "no description and can still be made",
            article="7(1)",
        )
    same = [
        one
        for one in records_of(session, record.subject_ref)
        if (one.purpose, one.channel) == (record.purpose, record.channel)
    ]
    return RegulatoryFields(
        subject_ref=record.subject_ref,
        proven=_event(record),
        events=tuple(map(_event, same)),
        purpose=purpose,
        channel=record.channel,
        controller=_controller(policy.controller),
        data_protection_officer=policy.controller.dpo_email,
        data=tuple(_used(policy, datamap, name, purpose.id) for name in sorted(purpose.data)),
        recipients=tuple(_recipients(policy, (*purpose.recipients, *purpose.partners))),
        languages=policy.controller.languages,
        described_under=policy.sha256,
        same_wording=purpose.version == record.purpose_version,
    )


def _event(record: ConsentRecord) -> ConsentEvent:
    state = ConsentState(record.state)
    return ConsentEvent(
        record_id=record.id,
        event_id=record.event_id,
        state=state,
        at=record.at,
        recorded_at=record.recorded_at,
        expires_at=record.expires_at,
        method=record.method,
        explicit=bool(record.quality & Quality.EXPLICIT),
        by_person=state not in NOT_BY_THE_PERSON,
        notice_id=record.notice_id,
        notice_version=record.notice_version,
        notice_language=record.notice_language,
        notice_sha256=record.notice_sha256,
        policy_sha256=record.policy_sha256,
    )


def _controller(controller: Controller) -> Party:
    return Party(
        "controller",
        PartyRole.CONTROLLER,
        {"": controller.name},
        controller.country,
        controller.address,
        controller.email,
        controller.phone,
    )


def _used(policy: PolicySet, datamap: DataMap, name: str, purpose: str) -> DataUsed:
    held = [entry for entry in datamap.fields if entry.retention == name]
    return DataUsed(
        id=name,
        names=policy.data_classes.get(name, {}),
        categories=tuple(one for one in Category if one in {entry.category for entry in held}),
        provenances=tuple(one for one in Provenance if one in {entry.provenance for entry in held}),
        limits=tuple(rule for rule in policy.retention_for(name) if rule.purpose in (None, purpose)),
    )


def _recipients(policy: PolicySet, ids: Sequence[str]) -> list[Party]:
    known = [policy.recipients[one] for one in dict.fromkeys(ids) if one in policy.recipients]
    return [_party(one) for one in known]


def _party(recipient: Recipient) -> Party:
    roles = {RecipientKind.PROCESSOR: PartyRole.PROCESSOR, RecipientKind.AUTHORITY: PartyRole.AUTHORITY}
    role = roles.get(recipient.kind, PartyRole.RECIPIENT)
    return Party(recipient.id, role, recipient.name, recipient.country, email=recipient.email)
