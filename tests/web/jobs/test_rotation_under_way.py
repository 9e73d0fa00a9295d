"""Rotations while others read and write through keyrings of their own: no failure, nothing lost, no other answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker

from consentcore.binding import bind
from consentcore.consent.decide import decide
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.contacts import EMAIL_INDEX, ContactPoint
from consentcore.crypto.fields import reveal
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.rotations import Keys
from consentcore.db import is_deadlock
from consentcore.policyset import Channel
from consentcore.subjects.matching import find_subjects
from consentcore.suppression.entries import SuppressionReason, is_suppressed, suppress
from consentcore.suppression.tables import MARKETING
from tests.builders.databases import servers_in_faults
from tests.builders.people import draft, open_people
from web.jobs.audit import audit_log
from web.jobs.rotation import rotate
from web.transaction import reading
from web.wiring import Service

WAITS = (timedelta(0), timedelta(minutes=1), timedelta(hours=2), timedelta(days=8), timedelta(days=9))
ASKED = 3
"""Of those whom a worker opened the last ones are asked for."""
PAUSE_S = 0.02


class Worker:
    """Somebody at work in a process of their own: another keyring, another session factory, the same databases."""

    def __init__(self, service: Service, people: dict[str, UUID], now: datetime, name: str) -> None:
        self.keyring = Keyring(service.keyring.engine, service.keyring.provider)
        self.sessions = sessionmaker(service.engine, expire_on_commit=False)
        bind(self.sessions, self.keyring)
        self.policy, self.people, self.now, self.name = service.policy, people, now, name
        self.opened: dict[str, UUID] = {}
        self.numbers = count()

    def turn(self) -> None:
        """Open somebody, let them consent and oppose, and ask for everybody."""
        email = f"{self.name}{next(self.numbers)}@courriel.example"
        with self.sessions.begin() as session:
            person = open_contacts(session, self.keyring, [draft(email)], self.now)[0].subject_ref
            notice = self.policy.notice("newsletter", 1, "fr")
            choice = Choice("newsletter", Channel.EMAIL, ConsentState.GIVEN, notice, self.now)
            record(session, person, [choice], self.policy, Evidence("web_form", contact_point=email), self.now)
        self.opened[email] = person
        with self.sessions.begin() as session:
            suppress(session, self.keyring, Channel.EMAIL, email, MARKETING, SuppressionReason.OBJECTION, self.now)
        self.ask()

    def ask(self) -> None:
        """Find and open everybody, and ask whether they may be written to."""
        with reading(self.sessions) as session:
            for email, person in (*self.people.items(), *list(self.opened.items())[-ASKED:]):
                assert find_subjects(session, self.keyring, EMAIL_INDEX, email) == [person]
                points = session.scalars(select(ContactPoint).where(ContactPoint.subject_ref == person)).all()
                assert reveal(self.keyring, points, ContactPoint.value) == [(email,)]
                opposed = is_suppressed(session, self.keyring, Channel.EMAIL, email, "newsletter") is not None
                decided = decide(session, person, "newsletter", Channel.EMAIL, self.policy, self.now)
                assert opposed is not decided.allowed is (email in self.people)


@contextmanager
def at_work(workers: list[Worker]) -> Iterator[None]:
    """Let workers go on until the block ends; whatever failed in one of them fails the test."""
    stop, failures = threading.Event(), []

    def work(worker: Worker) -> None:
        while not stop.wait(PAUSE_S):  # SQLite's lock goes to whoever asks first: a breath for the others
            try:
                undisturbed(worker.turn)
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=work, args=(one,)) for one in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


def undisturbed(turn: Callable[[], None]) -> None:
    """Do a unit again that lost a lock to another: the database's own rule for every caller."""
    try:
        turn()
    except DBAPIError as error:
        if not is_deadlock(error):
            raise
        turn()


@servers_in_faults("database")
@pytest.mark.parametrize("what", list(Keys))
def test_others_read_and_write_meanwhile(wired: Service, keyring: Keyring, now: datetime, what: Keys) -> None:
    emails = [f"kept{number}@courriel.example" for number in range(4)]
    people = dict(zip(emails, open_people(wired.sessions, keyring, now, *emails), strict=True))
    notice = wired.policy.notice("newsletter", 1, "fr")
    with wired.sessions.begin() as session:
        for person in people.values():
            choice = Choice("newsletter", Channel.EMAIL, ConsentState.GIVEN, notice, now)
            record(session, person, [choice], wired.policy, Evidence("web_form"), now)
    workers = [Worker(wired, people, now, name) for name in ("one", "two")]
    for worker in workers:
        worker.turn()
    for wait in WAITS:
        with at_work(workers):
            stands = rotate(wired, what, now + wait, rows=4)
            for worker in workers[: 1 if stands.ended_at is None else None]:
                worker.keyring.refresh()  # the other one hears of it by itself
        for worker in workers:
            worker.keyring.refresh()  # hours go by before the next phase
        if stands.ended_at is not None:
            break
    assert stands.ended_at is not None
    for worker in workers:
        worker.ask()
        assert len(worker.opened) >= 1, "nobody worked meanwhile"
    with wired.sessions() as session:
        found = audit_log(session, keyring)
    assert found.ok, found.problem or found.discrepancies
