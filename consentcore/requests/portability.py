"""Portability: what the person provided or was observed doing, under consent or a contract, to take along (Art. 20)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.columns import Category, Provenance
from consentcore.crm.contact_reading import contacts_of, read_contacts
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.keyring import Keyring
from consentcore.policyset import LegalBasis, PolicySet
from consentcore.requests import lifecycle
from consentcore.requests.access import located_of
from consentcore.requests.applied_purposes import AppliedPurpose, applied_purposes
from consentcore.requests.closing import note_done, read_settled
from consentcore.requests.held_data import DataItem, classes_of, data_items
from consentcore.requests.items import Item
from consentcore.requests.tables import ItemOutcome, Right
from consentcore.retention.schedule import today_of
from consentcore.retention.tables import ARCHIVED

_BASES = frozenset({LegalBasis.CONSENT, LegalBasis.CONTRACT})
_TAKEN = frozenset({Provenance.PROVIDED, Provenance.OBSERVED})
_CONTACT_STORES = frozenset({"cc_contact", "cc_contact_point"})


@dataclass(frozen=True, slots=True)
class PortabilityPackage:
    """What a person takes along: values with their provenance, and the contact cards among them (R-20-1, R-20-2)."""

    reference: str
    subject_ref: UUID | None
    received_on: date
    composed_at: datetime
    purposes: tuple[AppliedPurpose, ...] = ()
    """The purposes on consent or contract that make the values portable."""
    items: tuple[DataItem, ...] = ()
    cards: tuple[ContactDraft, ...] = ()
    """The person's own contact details, for an address book; empty where contact data are not portable."""


def collect(session: Session, keyring: Keyring, policy: PolicySet, dsr_id: UUID, now: datetime) -> PortabilityPackage:
    """Compose the package of a request that was verified, as the data stand now; reads only.

    A value is portable if one of the purposes that use it rests on consent or a contract, and if the person provided it
    or was observed; what was derived, archived or kept for a law alone is not.
    Raises: NotFound, InvalidTransition (not verified), DecryptionFailed.
    """
    dsr = read_settled(session, dsr_id)
    received_on = today_of(policy.controller, dsr.received_at)
    if dsr.subject_ref is None:
        return PortabilityPackage(dsr.reference, None, received_on, now)
    located = located_of(session, keyring, policy, dsr)
    applied = applied_purposes(session, policy, dsr.subject_ref, classes_of(located, policy))
    purposes = tuple(one for one in applied if one.purpose.basis in _BASES)
    archived = {str(row.values["source_id"]) for row in located.of_store(ARCHIVED.name)}
    portable = {data for one in purposes for data in one.data}
    values = tuple(_portable(data_items(located, policy), portable, archived))
    cards: tuple[ContactDraft, ...] = ()
    if any(item.store in _CONTACT_STORES for item in values):
        ids = [one.contact_id for one in contacts_of(session, [dsr.subject_ref])]
        cards = tuple(read_contacts(session, keyring, ids).values())
    return PortabilityPackage(dsr.reference, dsr.subject_ref, received_on, now, purposes, values, cards)


def execute(session: Session, keyring: Keyring, policy: PolicySet, dsr_id: UUID, now: datetime) -> None:
    """Carry out the portability of a request: note what can be taken along, by store. It erases nothing (Art. 20(3)).

    Effects: items, the step `right.portability`, in the caller's unit.
    Raises: InvalidTransition (not verified, closed already).
    """
    dsr = lifecycle.start(session, dsr_id, now)
    package = collect(session, keyring, policy, dsr_id, now)
    stores = sorted({item.store for item in package.items})
    note_done(
        session,
        dsr,
        Right.PORTABILITY,
        [Item(store, None, "*", ItemOutcome.DONE, article="20") for store in stores],
        now,
    )


def _portable(values: Iterator[DataItem], classes: set[str], archived: set[str]) -> Iterator[DataItem]:
    for item in values:
        ours = item.category is Category.PSEUDONYM or item.ref in archived
        if item.data in classes and item.provenance in _TAKEN and not ours:
            yield item
