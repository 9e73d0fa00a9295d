"""What stands against reaching a person: objections, entries of the opposition list, restrictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.blindindex import normalise_email, normalise_phone
from consentcore.policyset import Channel
from consentcore.subjects.objections import ObjectionState, open_objections
from consentcore.subjects.restrictions import Ground, standing
from consentcore.suppression.entries import Suppressed, SuppressionReason, entries_at
from consentcore.suppression.tables import MARKETING
from web.console.decision_words import purpose_title
from web.console.masked_persons import points_of
from web.shell.language import gettext as _
from web.shell.language import later
from web.shell.masking import masked_email, masked_phone
from web.wiring import Service

OBJECTIONS: Mapping[str, str] = MappingProxyType(
    {
        ObjectionState.ABSOLUTE: later("Direct marketing: no weighing, it stands at once."),
        ObjectionState.PENDING: later("The interests are still to be weighed; meanwhile nothing is sent."),
        ObjectionState.UPHELD: later("Weighed and accepted."),
    }
)
GROUNDS: Mapping[str, str] = MappingProxyType(
    {
        Ground.ACCURACY_CONTESTED: later("The person contests the accuracy of the data."),
        Ground.UNLAWFUL: later("The processing is unlawful, and the person wants no erasure."),
        Ground.LEGAL_CLAIMS: later("The person needs the data for legal claims."),
        Ground.OBJECTION_PENDING: later("An objection is being weighed."),
        Ground.ERASURE_RUNNING: later("An erasure runs, or has run."),
    }
)
LISTED: Mapping[str, str] = MappingProxyType(
    {
        SuppressionReason.OBJECTION: later("after an objection"),
        SuppressionReason.WITHDRAWAL: later("after a withdrawal of consent"),
        SuppressionReason.ERASURE: later("kept after an erasure"),
        SuppressionReason.IMPORT: later("taken over by an import"),
        SuppressionReason.BY_HAND: later("entered by staff"),
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that stands against reaching a person."""

    title: str
    note: str
    article: str
    since: datetime


def standing_against(
    session: Session, wired: Service, subject_ref: UUID, contacts: Sequence[ContactDraft]
) -> list[Standing]:
    """Return what stands against a person now, the newest first.

    Entries of the opposition list are found by the person's contact points; they bind whoever else is reached there.
    """
    found = [
        Standing(
            _("Objection: %(purpose)s", purpose=_purpose(wired, row.purpose)),
            _(OBJECTIONS[row.state]),
            "21(2)" if row.state == ObjectionState.ABSOLUTE else "21(1)",
            row.objected_at,
        )
        for row in open_objections(session, subject_ref)
    ]
    found += [
        Standing(_("Restriction of processing"), _(GROUNDS[row.ground]), "18(1)", row.placed_at)
        for row in standing(session, subject_ref)
    ]
    for masked, entry in _listed(session, wired, contacts):
        scope = _("all direct marketing") if entry.scope == MARKETING else _purpose(wired, entry.scope)
        title = _("Opposition list: %(address)s", address=masked)
        note = _("%(scope)s, %(reason)s.", scope=scope, reason=_(LISTED[entry.reason]))
        found.append(Standing(title, note[:1].upper() + note[1:], "21(3)", entry.since))
    return sorted(found, key=lambda one: one.since, reverse=True)


def _listed(session: Session, wired: Service, contacts: Sequence[ContactDraft]) -> list[tuple[str, Suppressed]]:
    found: dict[UUID, tuple[str, Suppressed]] = {}
    for point in points_of(contacts):
        if point.kind is PointKind.EMAIL:
            channel, normal, masked = Channel.EMAIL, normalise_email(point.value), masked_email(point.value)
        else:
            country = wired.policy.controller.country
            channel, normal, masked = Channel.PHONE, normalise_phone(point.value, country), masked_phone(point.value)
        for entry in entries_at(session, wired.keyring, channel, normal) if normal else ():
            found[entry.id] = (masked, entry)
    return list(found.values())


def _purpose(wired: Service, purpose_id: str) -> str:
    purpose = wired.policy.purposes.get(purpose_id)
    return purpose_title(purpose) if purpose else purpose_id
