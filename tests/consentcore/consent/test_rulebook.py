"""Every row of the rulebook is what `decide` answers for a real person in that situation (Art. 5(2))."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.decide import decide, decide_many
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.rulebook import ELSEWHERE, Ruling, rulings, situations
from consentcore.consent.rulebook_text import markdown
from consentcore.consent.shown import record_shown
from consentcore.consent.tables import ConsentRecord, ConsentState, ConsentStateRow, Quality
from consentcore.crm.calls import CallOutcome, Direction, record_call
from consentcore.crm.contact_points import email_point, phone_point
from consentcore.crm.contact_writing import WrittenContact, open_contacts
from consentcore.crm.contacts import Capacity, Contact, PointKind
from consentcore.crm.drafts import ContactDraft
from consentcore.crm.transaction_drafts import TransactionDraft
from consentcore.crm.transaction_writing import open_transactions
from consentcore.crypto.keyring import Keyring
from consentcore.policyset import Channel, LegalBasis, Purpose
from consentcore.retention.disposal import dispose
from consentcore.subjects import deceased, objections, restrictions
from consentcore.subjects.objections import ObjectionState
from consentcore.subjects.restrictions import Ground
from consentcore.suppression.entries import SuppressionReason, suppress_person
from policies.loader import load
from tests.builders.source import ROOT

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
"""A Tuesday, half past ten in Paris: calls are allowed."""
POLICY = load()
BEFORE, LATER = NOW - timedelta(days=100), NOW - timedelta(days=50)
GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN


@dataclass
class Stage:
    """One person, about to be put into a situation for one purpose and channel."""

    session: Session
    keyring: Keyring
    person: UUID
    contact: WrittenContact
    purpose: Purpose
    channel: Channel

    def declares(self, state: ConsentState, at: datetime = BEFORE) -> None:
        """Declare something, where the purpose asks for consent; elsewhere there is nothing to declare."""
        if self.purpose.basis is not LegalBasis.CONSENT:
            return
        notice_id, _, version = str(self.purpose.notice).partition("@")
        choice = Choice(self.purpose.id, self.channel, state, POLICY.notice(notice_id, int(version), "fr"), at)
        record(self.session, self.person, [choice], POLICY, Evidence("web_form"), at)

    def edits(self, **values: object) -> None:
        """Change what is stored of the declaration, where no declaration of today could say it."""
        for table in (ConsentRecord, ConsentStateRow):
            self.session.execute(update(table).where(table.subject_ref == self.person).values(**values))

    def objects(self, at: datetime) -> None:
        objections.record(self.session, self.person, [self.purpose.id], ObjectionState.ABSOLUTE, at)

    def is_listed(self, at: datetime) -> None:
        scope = self.purpose.id
        assert suppress_person(self.session, self.person, scope, SuppressionReason.BY_HAND, at) == 2

    def is_restricted(self, at: datetime, ground: Ground = Ground.LEGAL_CLAIMS) -> None:
        restrictions.place(self.session, self.person, ground, at)

    def buys(self, issued_on: date, *, offered: bool = True, kind: str = "order", status: str = "closed") -> None:
        draft = TransactionDraft(kind=kind, issued_on=issued_on, amount=Decimal("10"), currency="EUR", status=status)
        open_transactions(self.session, self.keyring, [(self.contact, draft)], NOW)
        if offered and self.purpose.notice_id is not None:
            notice = POLICY.notice(self.purpose.notice_id, 1, "fr")
            shown_at = datetime(issued_on.year, issued_on.month, issued_on.day, tzinfo=UTC)
            record_shown(self.session, self.person, notice, shown_at, NOW)

    def is_(self, **values: object) -> None:
        self.session.execute(update(Contact).where(Contact.subject_ref == self.person).values(**values))

    def is_erased(self) -> None:
        self.is_restricted(BEFORE, Ground.ERASURE_RUNNING)
        self.loses_contacts()

    def loses_contacts(self) -> None:
        dispose(self.session, self.person, ["cc_contact", "cc_contact_point", "cc_blind_index"])

    def is_called(self, *days: int, outcome: CallOutcome = CallOutcome.NO_ANSWER) -> None:
        for one in days:
            at = NOW - timedelta(days=one)
            record_call(self.session, self.person, "phone_prospecting", Direction.OUTBOUND, outcome, at, POLICY, NOW)


def _both(*steps: Callable[[Stage], None]) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        for step in steps:
            step(stage)

    return act


def _given(stage: Stage) -> None:
    stage.declares(GIVEN)


def _subscribes(stage: Stage) -> None:
    stage.buys(NOW.date() - timedelta(days=60), offered=False, kind="subscription", status="open")


TODAY = NOW.date()
ACTS: dict[str, Callable[[Stage], None]] = {
    "nothing declared": lambda stage: None,
    "consent given": _given,
    "consent renewed": lambda stage: stage.declares(ConsentState.RENEWED),
    "consent past its term": _both(_given, lambda stage: stage.edits(expires_at=NOW - timedelta(days=1))),
    **{
        f"consent {state.value}": partial(Stage.declares, state=state)
        for state in ConsentState
        if state not in (ConsentState.GIVEN, ConsentState.RENEWED)
    },
    "consent of a child without a parent": _both(_given, lambda stage: stage.edits(quality=Quality.PARENT_MISSING)),
    "consent, objection later": _both(_given, lambda stage: stage.objects(LATER)),
    "objection": lambda stage: stage.objects(BEFORE),
    "objection, consent later": _both(lambda stage: stage.objects(BEFORE), lambda stage: stage.declares(GIVEN, LATER)),
    "on the opposition list": lambda stage: stage.is_listed(BEFORE),
    "on the opposition list, consent later": _both(
        lambda stage: stage.is_listed(BEFORE), lambda stage: stage.declares(GIVEN, LATER)
    ),
    "restricted": lambda stage: stage.is_restricted(BEFORE),
    "consent, restricted later": _both(_given, lambda stage: stage.is_restricted(LATER)),
    "erased": lambda stage: stage.is_erased(),
    "contacts disposed of": _both(_given, lambda stage: stage.loses_contacts()),
    "deceased": _both(
        _given,
        lambda stage: deceased.record(stage.session, stage.person, TODAY - timedelta(days=3), "a son", NOW),
    ),
    "customer, refusal offered": lambda stage: stage.buys(TODAY - timedelta(days=30)),
    "customer, refusal not shown to be offered": lambda stage: stage.buys(TODAY - timedelta(days=30), offered=False),
    "customer long ago": lambda stage: stage.buys(TODAY - timedelta(days=4 * 366)),
    "customer in a country without known rules": _both(
        lambda stage: stage.buys(TODAY - timedelta(days=30)), lambda stage: stage.is_(country_code=ELSEWHERE)
    ),
    "professional": lambda stage: stage.is_(capacity=Capacity.PROFESSIONAL.value),
    "contract under way": _subscribes,
    "contract under way, consent withdrawn": _both(lambda stage: stage.declares(WITHDRAWN), _subscribes),
    "consent, called four times within a month": _both(_given, lambda stage: stage.is_called(20, 9, 5, 2)),
    "consent, refused a call last month": _both(_given, lambda stage: stage.is_called(30, outcome=CallOutcome.REFUSED)),
}


@pytest.fixture(scope="module")
def book() -> list[Ruling]:
    return list(rulings(POLICY, NOW))


def test_every_situation_is_acted_out() -> None:
    assert set(ACTS) == set(situations(NOW))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("situation", list(ACTS))
def test_each_row_is_what_is_decided(
    bound: sessionmaker[Session], keyring: Keyring, book: list[Ruling], situation: str
) -> None:
    cells = [(ruling, ruling.purposes[0]) for ruling in book if ruling.situation == situation]
    assert cells
    drafts = [
        ContactDraft(
            points=(email_point(f"p{at}@courriel.example"), phone_point(PointKind.PHONE, f"+3319900{at:04}", "FR"))
        )
        for at in range(len(cells))
    ]
    with bound.begin() as session:
        contacts = open_contacts(session, keyring, drafts, BEFORE - timedelta(days=2_000))
        for contact, (ruling, purpose_id) in zip(contacts, cells, strict=True):
            purpose = POLICY.purpose(purpose_id)
            ACTS[situation](Stage(session, keyring, contact.subject_ref, contact, purpose, ruling.channel))
    with bound() as session:
        for contact, (ruling, purpose_id) in zip(contacts, cells, strict=True):
            person = contact.subject_ref
            answer = decide(session, person, purpose_id, ruling.channel, POLICY, NOW)
            where = f"{purpose_id} over {ruling.channel}"
            assert (answer.allowed, answer.reason) == (ruling.allowed, ruling.reasons[0]), where
            assert decide_many(session, [person], purpose_id, ruling.channel, POLICY, NOW) == [answer], where


def test_the_table_in_the_docs_is_the_rulebook(book: list[Ruling]) -> None:
    """Write it anew by `consentcore consent rules --out docs/consent-decisions.md` when the rules change."""
    assert (ROOT / "docs" / "consent-decisions.md").read_text("utf-8") == markdown(book)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_call_outside_the_hours_is_never_made(bound: sessionmaker[Session], keyring: Keyring) -> None:
    with bound.begin() as session:
        [contact] = open_contacts(session, keyring, [ContactDraft()], BEFORE)
        stage = Stage(
            session, keyring, contact.subject_ref, contact, POLICY.purpose("phone_prospecting"), Channel.PHONE
        )
        stage.declares(GIVEN)
    paris = {
        "2026-11-24T08:59:59Z": "outside_hours",
        "2026-11-24T09:00:00Z": "consent_given",
        "2026-11-24T12:00:00Z": "outside_hours",
        "2026-11-24T13:00:00Z": "consent_given",
        "2026-11-24T19:00:00Z": "outside_hours",
        "2026-11-28T10:00:00Z": "outside_hours",
        "2026-12-25T10:00:00Z": "outside_hours",
        "2027-06-15T08:00:00Z": "consent_given",
    }
    with bound() as session:
        for instant, reason in paris.items():
            at = datetime.fromisoformat(instant)
            said = decide(session, contact.subject_ref, "phone_prospecting", Channel.PHONE, POLICY, at).reason
            assert said == reason, instant


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_calls_about_a_contract_and_in_a_sector_that_may_not_call(
    bound: sessionmaker[Session], keyring: Keyring
) -> None:
    """R-FR-3: within a running contract, about its object, no consent is asked for; some sectors may not call else."""
    calling = replace(POLICY.purpose("phone_prospecting"), about_contract=True)
    banned = replace(calling, sector="energy_renovation")
    said: dict[str, list[str]] = {}
    acts = {
        "stranger": lambda stage: None,
        "consents": _given,
        "customer": _subscribes,
        "customer who consents": _both(_given, _subscribes),
        "customer who withdrew": _both(lambda stage: stage.declares(WITHDRAWN), _subscribes),
    }
    with bound.begin() as session:
        contacts = open_contacts(session, keyring, [ContactDraft() for _ in acts], BEFORE)
        for contact, act in zip(contacts, acts.values(), strict=True):
            act(Stage(session, keyring, contact.subject_ref, contact, calling, Channel.PHONE))
    with bound() as session:
        for purpose in (calling, banned):
            policy = replace(POLICY, purposes={**POLICY.purposes, purpose.id: purpose})
            for name, contact in zip(acts, contacts, strict=True):
                answer = decide(session, contact.subject_ref, purpose.id, Channel.PHONE, policy, NOW)
                said.setdefault(name, []).append(answer.reason.value)
    assert said == {
        "stranger": ["consent_missing", "consent_missing"],
        "consents": ["consent_given", "sector_banned"],
        "customer": ["contract_in_progress", "contract_in_progress"],
        "customer who consents": ["consent_given", "consent_given"],
        "customer who withdrew": ["consent_withdrawn", "consent_withdrawn"],
    }
