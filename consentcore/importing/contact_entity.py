"""Contacts as an import sees them: each external id opens its own person; equal addresses are matches to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.crm.contact_reading import read_contacts
from consentcore.crm.contact_writing import WrittenContact, open_contacts, replace_contacts
from consentcore.crm.contacts import PointKind
from consentcore.crm.countries import region_of
from consentcore.crm.drafts import ContactDraft, PointDraft
from consentcore.crypto.blindindex import normalise_email, normalise_phone
from consentcore.crypto.keyring import Keyring
from consentcore.importing.contact_cells import ContactCells
from consentcore.importing.entity import Written
from consentcore.importing.faults import FaultKind, RowFault
from consentcore.importing.header import Header
from consentcore.importing.likeness import count_matches, held, points_of
from consentcore.importing.mapping import Mapping
from consentcore.importing.moved_points import follow, held_points
from consentcore.importing.runs import Run
from consentcore.importing.targets import CONTACT_TARGETS


class ContactEntity:
    """How contacts are imported; see `entity.Entity`."""

    erased = RowFault(
        FaultKind.ERASED,
        None,
        "the contact of this external id was erased here; a person who comes back needs a new id",
    )

    def cells(self, mapping: Mapping, header: Header, region: str) -> ContactCells:
        """Return what reads the cells of one file."""
        return ContactCells(mapping, header, region)

    def linked(
        self, _session: Session, _keyring: Keyring, _run: Run, drafts: Sequence[ContactDraft]
    ) -> list[ContactDraft | RowFault]:
        """Return the drafts: a contact stands for itself."""
        return list(drafts)

    def read(self, session: Session, keyring: Keyring, row_ids: Sequence[UUID]) -> dict[UUID, ContactDraft]:
        """Open contacts."""
        return read_contacts(session, keyring, row_ids)

    def merger(self, run: Run) -> Callable[[ContactDraft, ContactDraft], ContactDraft | None]:
        """Lay what the source speaks for over what is here."""
        attributes, kinds = coverage(run.mapping)

        def merge(before: ContactDraft, draft: ContactDraft) -> ContactDraft | None:
            merged = before.overlaid(draft, attributes, kinds)
            return None if _content(merged) == _content(before) else _indexed_again(merged, kinds, run.region)

        return merge

    def matches(
        self,
        session: Session,
        keyring: Keyring,
        order: Sequence[tuple[ContactDraft, bool]],
        meet: Callable[[str], bool],
    ) -> int:
        """Count the new contacts that share a point with another one (see `likeness`)."""
        points = {point for draft, is_new in order if is_new for point in points_of(draft)}
        return count_matches(order, held(session, keyring, points), meet)

    def open(self, session: Session, keyring: Keyring, drafts: Sequence[ContactDraft], now: datetime) -> list[Written]:
        """Open a person and a contact for each draft."""
        return [Written(one.contact_id, one.subject_ref) for one in open_contacts(session, keyring, drafts, now)]

    def replace(
        self, session: Session, keyring: Keyring, changed: Sequence[tuple[Written, ContactDraft]], now: datetime
    ) -> None:
        """Replace the values and points of contacts; oppositions and consents follow a changed point."""
        before = held_points(session, [written.row_id for written, _ in changed])
        held = [(WrittenContact(written.row_id, written.subject_ref), draft) for written, draft in changed]
        replace_contacts(session, keyring, held)
        follow(session, keyring, changed, before, now)


def coverage(mapping: Mapping) -> tuple[frozenset[str], frozenset[PointKind]]:
    """Return the attributes and the kinds of contact point that a source speaks for."""
    targets = [CONTACT_TARGETS[name] for name in mapping.targets]
    attributes = frozenset(target.attribute for target in targets if target.attribute)
    return attributes, frozenset(target.point for target in targets if target.point)


def _content(draft: ContactDraft) -> tuple[Any, ...]:
    return (
        dict(draft.texts),
        [(point.kind, point.value, point.normalised is not None) for point in draft.points],
        (draft.kind, draft.capacity, draft.language, draft.timezone, draft.last_contact_at),
    )


def _indexed_again(draft: ContactDraft, taken: frozenset[PointKind], region: str) -> ContactDraft:
    """Give the points that this source does not speak for their normal form again: reading them does not."""
    region = region_of(draft.texts.get("country", "")) or region
    return replace(
        draft,
        points=tuple(point if point.kind in taken else _normalised(point, region) for point in draft.points),
    )


def _normalised(point: PointDraft, region: str) -> PointDraft:
    if point.normalised is None:
        return point
    if point.kind is PointKind.EMAIL:
        return replace(point, normalised=normalise_email(point.value))
    return replace(point, normalised=normalise_phone(point.value, region))
