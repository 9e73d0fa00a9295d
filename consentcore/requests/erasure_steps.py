"""The steps of an erasure that change data, each in a unit of its own: every effect is named, none is done twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from consentcore.consent.tables import ERASED, PERMITTING, ConsentState, ConsentStateRow
from consentcore.crm.contact_reading import contacts_of, read_contacts
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.policyset import LegalBasis, PolicySet
from consentcore.requests import lifecycle
from consentcore.requests.content import read_content
from consentcore.requests.erasure_plan import COMPELLING
from consentcore.requests.erasure_rows import sealed_under
from consentcore.requests.items import Item
from consentcore.requests.tables import ItemOutcome, SubjectRequest
from consentcore.subjects import objections, restrictions, shredding
from consentcore.subjects.objections import ObjectionState
from consentcore.subjects.recipients import NoticeKind, tell
from consentcore.suppression.entries import SuppressionReason, suppress_person
from consentcore.suppression.tables import MARKETING

CONSENT_ENDED = register("consent.ended_by_erasure", "a consent ended because its data were erased (Art. 17(1)(b))")
"""What decisions read of a consent that an erasure ended; no record has this state, for the person declared nothing."""
REASON = "erasure"
_ENDING = [state.value for state in (*sorted(PERMITTING), ConsentState.REQUESTED)]
_OPPOSABLE = frozenset({LegalBasis.LEGITIMATE_INTEREST, LegalBasis.PUBLIC_TASK})
_TO_RECIPIENTS = {
    "fr": "Nous vous avons communiqué des données de la personne suivante, que nous avons effacées à sa demande "
    "(RGPD, art. 17). Veuillez effacer celles que vous tenez de nous et nous le confirmer (art. 19) :",
    "en": "We disclosed to you data of the following person, which we have erased at that person's request (GDPR, "
    "Art. 17). Please erase those that you have from us and confirm it to us (Art. 19):",
}


@dataclass(frozen=True, slots=True)
class Work:
    """What every step of one erasure works with."""

    session: Session
    keyring: Keyring
    policy: PolicySet
    dsr: SubjectRequest
    person: UUID
    items: tuple[Item, ...]
    now: datetime
    at: Callable[[str], None]

    def with_outcome(self, outcome: ItemOutcome) -> list[Item]:
        """Return the verdicts of one outcome."""
        return [item for item in self.items if item.outcome is outcome]


def restrict(work: Work) -> None:
    """Stop every other use of the data while the erasure runs."""
    restrictions.place(work.session, work.person, restrictions.Ground.ERASURE_RUNNING, work.now, request_id=work.dsr.id)


def oppose(work: Work) -> None:
    """Let the request count as objection to every purpose that rests on an interest, for good where it is marketing."""
    compelling = read_content(work.keyring, work.dsr).get(COMPELLING, {})
    for state in (ObjectionState.ABSOLUTE, ObjectionState.UPHELD):
        purposes = [
            purpose.id
            for purpose in work.policy.purposes.values()
            if purpose.basis in _OPPOSABLE
            and purpose.id not in compelling
            and purpose.is_marketing is (state is ObjectionState.ABSOLUTE)
        ]
        objections.record(
            work.session, work.person, purposes, state, work.now, since=work.dsr.received_at, request_id=work.dsr.id
        )
    work.at("erasure.oppose.objected")
    suppress_person(work.session, work.person, MARKETING, SuppressionReason.ERASURE, work.now, request_id=work.dsr.id)


def end_consents(work: Work) -> None:
    """End the person's consents as what they are, ended by an erasure: nobody withdrew anything (17(1)(b))."""
    mine = (ConsentStateRow.subject_ref == work.person, ConsentStateRow.state.in_(_ENDING))
    for row in work.session.execute(
        select(ConsentStateRow.purpose, ConsentStateRow.channel, ConsentStateRow.record_id)
        .where(*mine)
        .order_by(ConsentStateRow.purpose, ConsentStateRow.channel)
    ).all():
        known = work.policy.purposes.get(row.purpose)
        queue(
            work.session,
            Event(
                type=CONSENT_ENDED,
                at=work.now,
                subject_ref=work.person,
                payload={
                    "purpose": row.purpose,
                    "channel": row.channel,
                    "record_id": str(row.record_id),
                    "request_id": str(work.dsr.id),
                },
                data={"policy_sha256": work.policy.sha256},
                purpose=row.purpose,
                purpose_v=known.version if known else None,
                basis=LegalBasis.CONSENT.value,
            ),
        )
    work.session.execute(
        update(ConsentStateRow).where(*mine).values(state=ERASED).execution_options(synchronize_session=False)
    )


def tell_recipients(work: Work) -> None:
    """Write to everyone to whom the data were disclosed, while it can still be said whom it is about (Art. 19)."""
    if not work.with_outcome(ItemOutcome.ERASED):
        return
    contacts = contacts_of(work.session, [work.person])
    drafts = read_contacts(work.session, work.keyring, [one.contact_id for one in contacts])
    about: dict[str, None] = {}
    for one in contacts:
        texts = drafts[one.contact_id].texts
        about[" ".join(texts[name] for name in ("first_name", "last_name") if name in texts)] = None
        about |= dict.fromkeys(point.value for point in drafts[one.contact_id].points)
    lines = "\n".join(line for line in about if line)
    bodies = {language: f"{sentence}\n\n{lines}\n" for language, sentence in _TO_RECIPIENTS.items()}
    tell(work.session, work.keyring, work.policy, work.person, work.dsr.id, NoticeKind.ERASED, bodies, work.now)


def mark_keys(work: Work) -> None:
    """Mark the keys under which nothing of the person is left, profile first, archive only where all else is gone."""
    if sealed_under(work.session, work.person, KeyClass.PROFILE):
        return
    classes = [KeyClass.PROFILE]
    if not sealed_under(work.session, work.person, KeyClass.ARCHIVE):
        classes.append(KeyClass.ARCHIVE)
    gone = {stone.key_class for stone in work.keyring.tombstones(work.person)}
    for key_class in classes:
        if key_class not in gone:
            shredding.request(work.session, work.person, key_class, REASON, lifecycle.SYSTEM, work.now)


def destroy_keys(work: Work) -> None:
    """Destroy the marked keys in the keyring's own commit, then certify; cut off in between, both go on."""
    for pending in shredding.open_requests(work.session):
        if pending.subject_ref != work.person:
            continue
        facts = shredding.destroy(work.keyring, pending, work.now)
        work.at(f"erasure.keys.destroyed_{pending.key_class.value}")
        shredding.certify(work.session, pending, facts, work.now)
