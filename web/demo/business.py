"""What the company did with its data: to whom it handed them, and a list that went astray yesterday."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from consentcore.consent.tables import PERMITTING, ConsentStateRow
from consentcore.crm.transactions import Transaction, TransactionKind, data_class_of
from consentcore.policyset import LegalBasis, PolicySet, Purpose
from consentcore.subjects import disclosures
from registry import breaches
from registry.breaches import Nature
from web.demo.acts import Act, Line
from web.demo.days import Days
from web.wiring import Service

_HANDED_OVER = (
    (702, "order_management", "carrier"),
    (431, "invoicing", "accountant"),
    (311, "newsletter", "mailing_provider"),
    (192, "order_management", "carrier"),
    (101, "promotions", "mailing_provider"),
    (66, "invoicing", "accountant"),
    (46, "order_management", "payment_provider"),
)
"""Days before today, purpose, recipient; none since the first request came in that is still open, for it would change
its plan."""
_BREACH_KNOWN_FOR = timedelta(hours=20)
_BREACH_ENTERED_AFTER = timedelta(minutes=35)
_BREACH = (
    "Un prestataire a envoyé par erreur un fichier de 412 adresses e-mail de clients à un autre de ses clients. Le "
    "destinataire a confirmé l'avoir supprimé ; la confirmation écrite est attendue. Aucun mot de passe, aucun moyen "
    "de paiement."
)


def disclosed(days: Days, policy: PolicySet) -> Iterator[Act]:
    """Yield the hand-overs of the data of everybody whom a purpose concerned by then, where the policies have it."""
    for ago, purpose, recipient in _HANDED_OVER:
        if purpose in policy.purposes and recipient in policy.recipients:
            act = partial(_hand_over, purpose=policy.purposes[purpose], recipient=recipient)
            yield Line(days.at(ago, "18:20"), act)


def _hand_over(session: Session, service: Service, *, purpose: Purpose, recipient: str) -> None:
    persons = session.scalars(_asked_for(purpose) if purpose.basis is LegalBasis.CONSENT else _customers(purpose)).all()
    disclosures.record(session, persons, recipient, purpose.id, purpose.data, service.policy, service.now())


def _asked_for(purpose: Purpose) -> Select[UUID]:
    permitting = [state.value for state in PERMITTING]
    found = select(ConsentStateRow.subject_ref).where(
        ConsentStateRow.purpose == purpose.id, ConsentStateRow.state.in_(permitting)
    )
    return found.distinct()


def _customers(purpose: Purpose) -> Select[UUID]:
    kinds = [kind.value for kind in TransactionKind if data_class_of(kind) in purpose.data]
    return select(Transaction.subject_ref).where(Transaction.kind.in_(kinds)).distinct()


def breach(days: Days) -> Iterator[Act]:
    """Yield a breach that became known twenty hours ago: its seventy-two hours run."""
    aware = days.now - _BREACH_KNOWN_FOR

    def enter(session: Session, service: Service) -> None:
        breaches.open(session, service.policy, aware, Nature.CONFIDENTIALITY, _BREACH, service.now())

    yield Line(aware + _BREACH_ENTERED_AFTER, enter)
