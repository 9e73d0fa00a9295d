"""A person in full, for whoever was allowed to see the name a moment ago; the access is recorded before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import ContactDraft
from web.console.masked_persons import MaskedPerson, points_of


def in_full(person: MaskedPerson, contacts: Sequence[ContactDraft]) -> MaskedPerson:
    """Return a masked person with name, addresses and numbers as they are."""
    texts = contacts[0].texts if contacts else {}
    points = points_of(contacts)
    name = " ".join(texts[part] for part in ("first_name", "last_name") if texts.get(part))
    return replace(
        person,
        name=name or person.name,
        emails=tuple(one.value for one in points if one.kind is PointKind.EMAIL),
        phones=tuple(one.value for one in points if one.kind is not PointKind.EMAIL),
    )
