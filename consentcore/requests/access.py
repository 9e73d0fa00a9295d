"""Access: a copy of everything held of one person, with what Art. 15(1)(a) to (h) has to say of it for that person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.policyset import PolicySet, Recipient
from consentcore.requests import items, lifecycle
from consentcore.requests.applied_purposes import AppliedPurpose, applied_purposes
from consentcore.requests.closing import note_done, read_settled
from consentcore.requests.content import read_content
from consentcore.requests.erasure_plan import own_addresses
from consentcore.requests.held_data import DataItem, classes_of, data_items
from consentcore.requests.items import KEPT, Item
from consentcore.requests.locate import Located, locate
from consentcore.requests.tables import ItemOutcome, RequestRight, Right, Status, SubjectRequest
from consentcore.retention.schedule import today_of
from consentcore.subjects.disclosures import disclosures_of


@dataclass(frozen=True, slots=True)
class DisclosedTo:
    """Someone to whom data of this person actually went, by name (Art. 15(1)(c), C-154/21)."""

    id: str
    recipient: Recipient | None
    """None where the policies no longer name it."""
    categories: tuple[str, ...]
    purposes: tuple[str, ...]
    last_on: date


@dataclass(frozen=True, slots=True)
class AccessPackage:
    """The answer to a request of access, for one person, at one instant (Art. 15, R-15-1 to R-15-3).

    The rights, the complaint and what is said of every person alike (15(1)(e), (f)) stand in the document's own words.
    """

    reference: str
    subject_ref: UUID | None
    received_on: date
    composed_at: datetime
    found: bool
    """Whether anything is held; the negative answer is an answer too."""
    items: tuple[DataItem, ...] = ()
    purposes: tuple[AppliedPurpose, ...] = ()
    """With basis, categories of data and time of keeping: 15(1)(a), (b), (d)."""
    recipients: tuple[DisclosedTo, ...] = ()
    foreseen: tuple[Recipient, ...] = ()
    """Those to whom the applied purposes may disclose, beyond those to whom data went (15(1)(c))."""
    sources: tuple[str, ...] = ()
    retained: tuple[Item, ...] = ()
    """What an earlier erasure left, with ground, article and end."""
    automated: tuple[str, ...] = ()
    """Purposes under which the person is decided upon by machine alone (Art. 22): none in this version."""


def collect(session: Session, keyring: Keyring, policy: PolicySet, dsr_id: UUID, now: datetime) -> AccessPackage:
    """Compose the package of a request that was verified, as the data stand now; reads only.

    Raises: NotFound, InvalidTransition (not verified), DecryptionFailed.
    """
    dsr = read_settled(session, dsr_id)
    received_on = today_of(policy.controller, dsr.received_at)
    if dsr.subject_ref is None:
        return AccessPackage(dsr.reference, None, received_on, now, found=False)
    located = located_of(session, keyring, policy, dsr)
    purposes = applied_purposes(session, policy, dsr.subject_ref, classes_of(located, policy))
    recipients = _recipients(session, policy, dsr.subject_ref)
    told = {one.id for one in recipients}
    foreseen = sorted({name for one in purposes for name in one.purpose.recipients} - told)
    values = tuple(data_items(located, policy))
    return AccessPackage(
        reference=dsr.reference,
        subject_ref=dsr.subject_ref,
        received_on=received_on,
        composed_at=now,
        found=True,
        items=values,
        purposes=purposes,
        recipients=recipients,
        foreseen=tuple(policy.recipients[name] for name in foreseen if name in policy.recipients),
        sources=tuple(sorted({item.source for item in values if item.source})),
        retained=_retained(session, dsr.subject_ref),
    )


def execute(session: Session, keyring: Keyring, policy: PolicySet, dsr_id: UUID, now: datetime) -> None:
    """Carry out the access of a request: note what was found, by store; the package is composed when it is handed out.

    Effects: items, the step `right.access`, in the caller's unit; who closes the request is its caller.
    Raises: InvalidTransition (not verified, closed already).
    """
    dsr = lifecycle.start(session, dsr_id, now)
    package = collect(session, keyring, policy, dsr_id, now)
    stores = Counter(item.store for item in package.items)
    verdicts = [Item(store, None, "*", ItemOutcome.DONE, article="15") for store in sorted(stores)]
    note_done(session, dsr, Right.ACCESS, verdicts, now)


def located_of(session: Session, keyring: Keyring, policy: PolicySet, dsr: SubjectRequest) -> Located:
    """Return everything that is held of the person of a request, found by reference, key and the request's address."""
    refs = [dsr.subject_ref] if dsr.subject_ref is not None else []
    return locate(session, keyring, policy, refs, emails=own_addresses(read_content(keyring, dsr)))


def _recipients(session: Session, policy: PolicySet, subject_ref: UUID) -> tuple[DisclosedTo, ...]:
    found = disclosures_of(session, subject_ref)
    names = sorted({one.recipient for one in found})
    return tuple(
        DisclosedTo(
            id=name,
            recipient=policy.recipients.get(name),
            categories=tuple(sorted({word for one in found if one.recipient == name for word in one.categories})),
            purposes=tuple(sorted({one.purpose for one in found if one.recipient == name})),
            last_on=max(today_of(policy.controller, one.at) for one in found if one.recipient == name),
        )
        for name in names
    )


def _retained(session: Session, subject_ref: UUID) -> tuple[Item, ...]:
    """What the erasures of this person that were carried out left, each with its ground."""
    erasures: Sequence[UUID] = session.scalars(
        select(SubjectRequest.id)
        .join(RequestRight, RequestRight.request_id == SubjectRequest.id)
        .where(
            SubjectRequest.subject_ref == subject_ref,
            SubjectRequest.status == Status.CLOSED.value,
            RequestRight.right == Right.ERASURE.value,
        )
        .order_by(SubjectRequest.received_at, SubjectRequest.id)
    ).all()
    kept = {
        (item.store, item.ref, item.field): item
        for request_id in erasures
        for item in items.read(session, request_id)
        if item.outcome in KEPT
    }
    return tuple(kept.values())
