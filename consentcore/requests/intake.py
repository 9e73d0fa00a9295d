"""Receiving a request by any channel: the case, its deadline, its acknowledgement (Art. 12, R-12-1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.crm.contact_reading import contacts_of, read_contacts
from consentcore.crm.contacts import PointKind
from consentcore.crypto.blindindex import normalise_email
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.errors import BadInput, ConfigurationError, Conflict
from consentcore.identifiers import random_ref, reference
from consentcore.outbox.put import Message, put
from consentcore.policyset import PolicySet
from consentcore.requests import letters, lifecycle
from consentcore.requests.content import sealed_content
from consentcore.requests.deadlines import due_dates
from consentcore.requests.effects import Effects, plan_effects, take_effect
from consentcore.requests.finding import find_persons, known_person
from consentcore.requests.tables import Outcome, RequestRight, Right, SubjectRequest

CLOCK_SKEW = timedelta(minutes=5)
MAX_CHANGES = 50
MAX_VALUE = 20_000
MAX_EVIDENCE = 500
MAX_NOTES = 2_000
MAX_ADDRESS = 254
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,31}(?:\.[a-z][a-z0-9_]{0,31})?")
_TRIES = 8


class IntakeChannel(StrEnum):
    """How a request came in; every one counts (R-12-1)."""

    PORTAL = "portal"
    EMAIL = "email"
    PHONE = "phone"
    LETTER = "letter"
    IN_PERSON = "in_person"
    API = "api"


class Role(StrEnum):
    """As whom somebody asks for another person."""

    MANDATE = "mandate"
    PARENT = "parent"
    HEIR = "heir"


@dataclass(frozen=True, slots=True)
class Intake:
    """A request as it came in. The person is named by `email` or by `subject_ref`.

    `scope` is `marketing` or a purpose, for objections and withdrawals; None is everything that can be objected to.
    `requester` is the address of somebody who asks as `role` for the person. `changes` are a rectification's new values
    by field; `evidence` says where its proof, or the mandate, is kept. `notes` are added by whoever took it in, such as
    the postal address to answer to.
    """

    rights: tuple[Right, ...]
    email: str | None = None
    subject_ref: UUID | None = None
    received_at: datetime | None = None
    channel: IntakeChannel = IntakeChannel.PORTAL
    scope: str | None = None
    requester: str | None = None
    role: Role | None = None
    changes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    evidence: str | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What the applicant is told, the same whether known or unknown here."""

    reference: str
    due_on: date
    status: str
    request_id: UUID
    """For the caller alone, never for the applicant."""


def receive(session: Session, policy: PolicySet, intake: Intake, now: datetime, *, by: str = "applicant") -> Received:
    """Open a case in the caller's unit; what needs no identification takes effect at once (Art. 12, 7(3), 21(3)).

    Effects: rows, leaf `request.received`, an acknowledgement in the outbox to the address that asked; for objections
    and withdrawals also what consentcore.requests.effects does, for known and unknown persons alike.
    Raises: BadInput; NotFound (reference, purpose); PolicyViolation (nothing to object to under that basis).
    """
    keyring = _keyring(session)
    email = _checked(intake)
    received_at = ensure_utc(intake.received_at or now)
    if received_at > ensure_utc(now) + CLOCK_SKEW:
        raise BadInput("a request cannot have been received in the future")
    effects = plan_effects(intake.rights, intake.scope, policy)
    concerned, about = _persons(session, keyring, email, intake.subject_ref)
    dsr = _open_case(session, keyring, policy, intake, email, about, received_at)
    lifecycle.received(session, dsr, by, now)
    if effects.happen:
        take_effect(session, keyring, policy, effects, dsr, concerned, email, intake.channel.value, now)
        if effects.rights and set(intake.rights) <= effects.rights:
            lifecycle.closed_at_receipt(session, dsr, Outcome.DONE, now)
    _acknowledge(session, keyring, policy, dsr, intake, about, effects, now)
    session.flush()
    return Received(dsr.reference, dsr.due_on, dsr.status, dsr.id)


def _keyring(session: Session) -> Keyring:
    keyring: Keyring | None = session.info.get(KEYRING_KEY)
    if keyring is None:
        raise ConfigurationError("this session is not bound; make its factory known with bind(session_factory, ...)")
    return keyring


def _checked(intake: Intake) -> str | None:
    """Check what can be checked without looking anybody up; return the normalised address, if any."""
    if not intake.rights or len(set(intake.rights)) != len(intake.rights):
        raise BadInput("name each right that is asked for once, and at least one")
    if (intake.email is None) == (intake.subject_ref is None):
        raise BadInput("name the person by e-mail address or by reference")
    if (intake.requester is None) != (intake.role is None):
        raise BadInput("somebody who asks for another person gives an address and a role: mandate, parent or heir")
    if (Right.RECTIFICATION in intake.rights) != bool(intake.changes):
        raise BadInput("a rectification, and nothing else, names the fields and their new values")
    if intake.scope is not None and not {Right.OBJECTION, Right.WITHDRAWAL} & set(intake.rights):
        raise BadInput("a scope belongs to an objection or a withdrawal")
    if len(intake.changes) > MAX_CHANGES or any(len(text) > MAX_VALUE for text in intake.changes.values()):
        raise BadInput(f"a rectification changes at most {MAX_CHANGES} fields, of {MAX_VALUE} characters each")
    if any(_FIELD.fullmatch(name) is None for name in intake.changes):
        raise BadInput("a field is named in small letters, such as last_name or address.city")
    if intake.evidence is not None and not 0 < len(intake.evidence) <= MAX_EVIDENCE:
        raise BadInput(f"evidence is named in at most {MAX_EVIDENCE} characters")
    if intake.notes is not None and not 0 < len(intake.notes) <= MAX_NOTES:
        raise BadInput(f"notes have at most {MAX_NOTES} characters")
    if intake.requester is not None:
        _address(intake.requester, "the requester's address")
    return None if intake.email is None else _address(intake.email, "the e-mail address")


def _address(text: str, what: str) -> str:
    normalised = normalise_email(text) if len(text) <= MAX_ADDRESS and text.isprintable() else None
    if normalised is None:
        raise BadInput(f"{what} is not an e-mail address")
    return normalised


def _persons(
    session: Session, keyring: Keyring, email: str | None, subject_ref: UUID | None
) -> tuple[tuple[UUID, ...], UUID | None]:
    """Return everybody concerned by a no from here, and the one person whom the request is about, if certain."""
    if subject_ref is not None:
        person = known_person(session, keyring, subject_ref)
        return (() if person is None else (person,)), person
    found = find_persons(session, keyring, email or "")
    candidates = found.candidates
    return found.active, candidates[0] if len(candidates) == 1 else None


def _open_case(
    session: Session,
    keyring: Keyring,
    policy: PolicySet,
    intake: Intake,
    email: str | None,
    about: UUID | None,
    received_at: datetime,
) -> SubjectRequest:
    country = policy.controller.country
    due = due_dates(received_at, country, policy)
    dsr_id = random_ref()
    content = {
        "email": email,
        "written_email": intake.email.strip() if intake.email else None,
        "requester": intake.requester.strip() if intake.requester else None,
        "answer_to": _on_record(session, keyring, intake, about),
        "role": intake.role.value if intake.role else None,
        "changes": dict(intake.changes) or None,
        "evidence": intake.evidence,
        "notes": intake.notes,
    }
    dsr = SubjectRequest(
        id=dsr_id,
        reference=_fresh_reference(session),
        subject_ref=about,
        status="received",
        received_at=received_at,
        due_on=due.due_on,
        due_on_unrolled=due.due_on_unrolled,
        extended_due_on=due.extended_due_on,
        rule_pack=due.rule_pack,
        country=country,
        channel=intake.channel.value,
        content=sealed_content(keyring, dsr_id, about, content),
        policy_sha256=policy.sha256,
    )
    session.add(dsr)
    session.flush()
    scoped = {Right.OBJECTION, Right.WITHDRAWAL}
    rows = [
        {"request_id": dsr_id, "right": right.value, "scope": intake.scope if right in scoped else None}
        for right in intake.rights
    ]
    session.execute(insert(RequestRight), rows)
    return dsr


def _on_record(session: Session, keyring: Keyring, intake: Intake, about: UUID | None) -> str | None:
    """Return where to answer somebody who wrote no address; kept with the request, for an erasure takes the record."""
    if intake.requester or intake.email or about is None:
        return None
    return address_on_record(session, keyring, about)


def _fresh_reference(session: Session) -> str:
    for _ in range(_TRIES):
        drawn = reference()
        if session.scalar(select(SubjectRequest.id).where(SubjectRequest.reference == drawn)) is None:
            return drawn
    raise Conflict("no free reference was drawn; try again")


def _acknowledge(
    session: Session,
    keyring: Keyring,
    policy: PolicySet,
    dsr: SubjectRequest,
    intake: Intake,
    about: UUID | None,
    effects: Effects,
    now: datetime,
) -> None:
    """Write to the address that asked; it says nothing but what that address sent, so it may be anybody's."""
    to = intake.requester or intake.email
    if to is None and about is not None:
        to = address_on_record(session, keyring, about)
    if to is None:
        return
    at_once = set(intake.rights) <= effects.rights
    subject, body = (
        letters.in_effect(policy, dsr.reference)
        if at_once
        else letters.acknowledgement(policy, dsr.reference, dsr.due_on)
    )
    kind = "request_in_effect" if at_once else "request_received"
    put(session, keyring, Message(kind, to.strip(), subject, body, about), now)


def address_on_record(session: Session, keyring: Keyring, subject_ref: UUID) -> str | None:
    """Return the first e-mail address that the CRM holds of a person: the only kind to which data may be sent."""
    contacts = contacts_of(session, [subject_ref])
    opened = read_contacts(session, keyring, [contact.contact_id for contact in contacts])
    for contact in contacts:
        for point in opened[contact.contact_id].points:
            if point.kind is PointKind.EMAIL and point.normalised is not None:
                return point.value
    return None
