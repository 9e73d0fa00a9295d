"""Whom a request is about, as the console shows it: masked, unless this session was shown the name just now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.clock import iso, parse_instant
from consentcore.crm.contact_reading import contacts_of, read_contacts
from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.blindindex import normalise_email
from consentcore.crypto.keyring import KeyDestroyed
from consentcore.requests.content import read_content
from consentcore.requests.finding import find_persons
from consentcore.requests.tables import SubjectRequest
from web.console.request_words import ROLE_OF_REQUESTER
from web.shell.language import gettext, local
from web.shell.masking import masked_email, masked_name, masked_phone
from web.shell.wired import service, visit

SHOWN_FOR = timedelta(minutes=10)
REVEALED = "revealed"
"""Key of the session's content: reference of a request -> until when its person is shown in full."""
_NONE = "—"


@dataclass(frozen=True, slots=True)
class CasePerson:
    """The person of a request. `name` and `email` are masked unless `until` says how long they are shown in full."""

    known: bool
    name: str
    """Empty where no record with a name is left, or where it is not settled whom the request is about."""
    email: str | None
    requester: str | None = None
    """Who asks for the person, masked; and as whom."""
    role: str | None = None
    mandate: bool = False
    sharing: int = 0
    """How many persons share the address, while it is not settled which one asks."""
    until: datetime | None = None

    @property
    def label(self) -> str:
        """What stands for the person in a heading: the name, else the address."""
        return self.name or self.email or _NONE

    @property
    def in_full(self) -> bool:
        """Whether the name is shown as it is."""
        return self.until is not None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several persons who share an address, told apart by masked facts."""

    ref: UUID
    name: str
    city: str | None
    phone: str | None
    since: date | None
    last_contact: date | None


def person_of(session: Session, dsr: SubjectRequest) -> CasePerson:
    """Return the person of a request as this session may see it; opens the record, writes nothing."""
    wired = service()
    content = read_content(wired.keyring, dsr)
    record = None if dsr.subject_ref is None else contact_of(session, dsr.subject_ref)
    until = shown_until(dsr.reference) if dsr.subject_ref is not None else None
    email = content.get("written_email") or content.get("email") or _mail_of(record)
    name = _name_of(record)
    requester, role = content.get("requester"), str(content.get("role") or "")
    return CasePerson(
        known=dsr.subject_ref is not None,
        name="" if not name else " ".join(name) if until else masked_name(*name),
        email=email if until or email is None else masked_email(email),
        requester=masked_email(requester) if requester else None,
        role=gettext(ROLE_OF_REQUESTER[role]) if role in ROLE_OF_REQUESTER else None,
        mandate=bool(content.get("evidence")),
        sharing=0 if dsr.subject_ref else len(_sharing(session, content.get("email"))),
        until=until,
    )


def contact_of(session: Session, subject_ref: UUID) -> ContactDraft | None:
    """Return the first contact of a person, opened; None where nothing of it is left."""
    contacts = contacts_of(session, [subject_ref])
    if not contacts:
        return None
    try:
        return read_contacts(session, service().keyring, [contacts[0].contact_id])[contacts[0].contact_id]
    except KeyDestroyed:
        return None


def candidates_of(session: Session, dsr: SubjectRequest) -> tuple[Candidate, ...]:
    """Return the persons that a request may be about, where several share its address; else none."""
    if dsr.subject_ref is not None:
        return ()
    refs = _sharing(session, read_content(service().keyring, dsr).get("email"))
    return tuple(_candidate(ref, contact_of(session, ref)) for ref in refs)


def shown_until(reference: str) -> datetime | None:
    """Return until when this session is shown the person of a request in full; None where it is not."""
    current = visit()
    written = current.content.get(REVEALED, {}).get(reference) if current else None
    until = parse_instant(written) if written else None
    return until if until is not None and service().now() < until else None


def with_shown(reference: str) -> dict[str, object]:
    """Return this session's content with one more person shown from now on, those that are over left out."""
    current, now = visit(), service().now()
    content = dict(current.content) if current else {}
    still = {one: until for one, until in content.get(REVEALED, {}).items() if now < parse_instant(until)}
    return {**content, REVEALED: {**still, reference: iso(now + SHOWN_FOR)}}


def without_shown(reference: str) -> dict[str, object]:
    """Return this session's content with the person of a request masked again."""
    current = visit()
    content = dict(current.content) if current else {}
    return {**content, REVEALED: {one: at for one, at in content.get(REVEALED, {}).items() if one != reference}}


def _sharing(session: Session, email: str | None) -> tuple[UUID, ...]:
    normalised = normalise_email(email) if email else None
    if normalised is None:
        return ()
    found = find_persons(session, service().keyring, normalised).candidates
    return found if len(found) > 1 else ()


def _candidate(ref: UUID, record: ContactDraft | None) -> Candidate:
    if record is None:
        return Candidate(ref, _NONE, None, None, None, None)
    city = record.texts.get("city")
    phones = [point.value for point in record.points if point.kind is not PointKind.EMAIL]
    return Candidate(
        ref,
        masked_name(*_name_of(record)),
        masked_name(city) if city else None,
        masked_phone(phones[0]) if phones else None,
        _day(record.created_at),
        _day(record.last_contact_at),
    )


def _name_of(record: ContactDraft | None) -> tuple[str, ...]:
    texts = record.texts if record else {}
    return tuple(texts[part] for part in ("first_name", "last_name") if texts.get(part))


def _mail_of(record: ContactDraft | None) -> str | None:
    points = record.points if record else ()
    return next((point.value for point in points if point.kind is PointKind.EMAIL), None)


def _day(instant: datetime | None) -> date | None:
    return local(instant).date() if instant else None
