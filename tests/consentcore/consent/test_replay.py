"""A changed row does not hide from the log: every record is held against its leaf and its sealed content."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.replay import compare
from consentcore.consent.tables import ConsentRecord, ConsentState, ConsentStateRow
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import Keyring
from consentcore.ledger.tables import LogContent
from consentcore.policyset import Channel, PolicySet
from consentcore.subjects import shredding
from policies.loader import load
from tests.builders.people import open_people


@pytest.fixture(scope="module")
def policy() -> PolicySet:
    return load()


@pytest.fixture
def people(bound: sessionmaker[Session], keyring: Keyring, policy: PolicySet, now: datetime) -> list[UUID]:
    opened = open_people(bound, keyring, now, "une@courriel.example", "autre@courriel.example")
    notice = policy.notice("newsletter", 1, "fr")
    for person in opened:
        for step, state in enumerate((ConsentState.GIVEN, ConsentState.WITHDRAWN)):
            choice = Choice("newsletter", Channel.EMAIL, state, notice, now - timedelta(days=2 - step))
            with bound.begin() as session:
                record(session, person, [choice], policy, Evidence("web_form"), now)
    return opened


def told(bound: sessionmaker[Session], keyring: Keyring) -> list[str]:
    with bound() as session:
        return [one.what for one in compare(session, keyring)]


def test_what_was_recorded_agrees(bound: sessionmaker[Session], keyring: Keyring, people: list[UUID]) -> None:
    assert told(bound, keyring) == []


def first(session: Session) -> ConsentRecord:
    return session.scalars(select(ConsentRecord).order_by(ConsentRecord.at, ConsentRecord.id)).first()  # type: ignore[return-value]


def change(**values: Any) -> Callable[[Session], None]:
    def work(session: Session) -> None:
        session.execute(update(ConsentRecord).where(ConsentRecord.id == first(session).id).values(**values))

    return work


def swap_persons(session: Session) -> None:
    one, *_, other = session.execute(
        select(ConsentRecord.id, ConsentRecord.subject_ref).order_by(ConsentRecord.subject_ref)
    ).all()
    session.execute(update(ConsentRecord).where(ConsentRecord.id == one.id).values(subject_ref=other.subject_ref))
    session.execute(update(ConsentRecord).where(ConsentRecord.id == other.id).values(subject_ref=one.subject_ref))


def drop_newest(session: Session) -> None:
    newest = session.scalars(select(ConsentRecord.id).order_by(ConsentRecord.at.desc())).first()
    session.execute(delete(ConsentRecord).where(ConsentRecord.id == newest))


def give_again(session: Session) -> None:
    session.execute(update(ConsentStateRow).values(state="given"))


def invent_state(session: Session) -> None:
    held = session.scalars(select(ConsentStateRow)).first()
    assert held is not None
    session.execute(
        insert(ConsentStateRow).values(
            subject_ref=held.subject_ref,
            purpose="newsletter",
            channel="sms",
            state="given",
            at=held.at,
            record_id=held.record_id,
        )
    )


def move_content(session: Session) -> None:
    one, *_, other = session.execute(
        select(LogContent.event_id, LogContent.subject_ref).order_by(LogContent.subject_ref)
    ).all()
    session.execute(update(LogContent).where(LogContent.event_id == one.event_id).values(subject_ref=other.subject_ref))


def empty_content(session: Session) -> None:
    session.execute(update(LogContent).where(LogContent.event_id == first(session).event_id).values(payload=None))


@pytest.mark.parametrize(
    ("tamper", "what"),
    [
        (change(state="renewed"), "claims another type"),
        (change(purpose="promotions"), "claims another purpose"),
        (change(notice_sha256="0" * 64), "claims another notice_sha256"),
        (change(policy_sha256="0" * 64), "claims another data"),
        (change(channel="sms"), "claims another channel"),
        (change(method="paper"), "claims another method"),
        (change(at=datetime.fromisoformat("2020-01-01T00:00:00Z")), "claims another at"),
        (change(expires_at=None), "claims another expires_at"),
        (swap_persons, "another person's"),
        (drop_newest, "no record is left"),
        (give_again, "decisions read another state"),
        (invent_state, "no record supports"),
        (move_content, "another person's"),
        (empty_content, "emptied by nobody's order"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_change_is_told(
    bound: sessionmaker[Session],
    keyring: Keyring,
    people: list[UUID],
    tamper: Callable[[Session], None],
    what: str,
) -> None:
    with bound.begin() as session:
        tamper(session)
    assert any(what in sentence for sentence in told(bound, keyring)), told(bound, keyring)


def test_evidence_destroyed_by_order_is_no_discrepancy(
    bound: sessionmaker[Session], keyring: Keyring, people: list[UUID], now: datetime
) -> None:
    with bound.begin() as session:
        shredding.request(session, people[0], KeyClass.EVIDENCE, "test", "dpo", now)
    assert told(bound, keyring) == []
    with bound() as session:
        (pending,) = shredding.open_requests(session)
    facts = shredding.destroy(keyring, pending, now)
    assert told(bound, keyring) == []
    with bound.begin() as session:
        shredding.certify(session, pending, facts, now)
    assert told(bound, keyring) == []
