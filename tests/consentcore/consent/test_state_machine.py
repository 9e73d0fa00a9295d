"""Whatever happens in whatever order: decisions, alone, many or for all, are those of the model, then and later.

Replaying the log reproduces the projection exactly at the end of each run (R-5-2, R-7-1).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session, sessionmaker

from consentcore.binding import bind
from consentcore.consent.decide import decide, decide_many, eligible
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.replay import compare
from consentcore.consent.shown import record_shown
from consentcore.consent.tables import ConsentState
from consentcore.crm.contact_points import email_point, phone_point
from consentcore.crm.contact_writing import WrittenContact, open_contacts
from consentcore.crm.contacts import Contact, PointKind
from consentcore.crm.drafts import ContactDraft, PointDraft
from consentcore.crm.transaction_writing import open_transactions
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyring import Keyring
from consentcore.errors import Conflict
from consentcore.ledger.append import ensure_log
from consentcore.ledger.fsck import audit
from consentcore.policyset import Channel
from consentcore.requests import erasure, identity, items, lifecycle
from consentcore.requests.closing import overall_outcome
from consentcore.requests.intake import Intake, receive
from consentcore.requests.rectified_points import replace_point
from consentcore.requests.tables import Right
from consentcore.subjects import links, objections, restrictions
from consentcore.subjects.objections import ObjectionState
from consentcore.subjects.restrictions import Ground
from consentcore.suppression.entries import SuppressionReason, suppress
from consentcore.suppression.tables import MARKETING
from tests.builders.customers import bought
from tests.builders.databases import DatabaseSource, servers_in_faults
from tests.builders.policies import shipped

from .consent_model import ALLOWING, MATTERS, ConsentModel, day

FIRST, SECOND = "first@example.org", "second@example.org"
EMAILS = ("camille@courriel.example", "dominique@courriel.example", "foyer@courriel.example")
PHONES = ("+33199001234", "+33199005678")
MOST_PEOPLE, MOST_ERASED = 5, 2
RUNS, STEPS, LOOKED_BACK = 8, 25, 5
NO = {"refused", "withdrawn", "expired", "invalidated"}
WHO = st.integers(0, MOST_PEOPLE - 1)
OF_CONSENT, OPPOSABLE = MATTERS[:2], [purpose for purpose, _ in MATTERS]
AGO = st.sampled_from([*(timedelta(seconds=n) for n in range(4)), timedelta(days=1), timedelta(days=400)])
Place = tuple[sessionmaker[Session], Keyring]


class Consent(RuleBasedStateMachine):
    """A handful of people, everything that can happen to their consents, and the model beside the product."""

    def __init__(self, place: ExitStack, at: Place, now: datetime) -> None:
        super().__init__()
        self.place, (self.factory, self.keyring), self.now = place, at, now
        self.policy, self.model = shipped(), ConsentModel()
        self.people: list[UUID] = []
        self.steps = 0
        self.written: dict[UUID, WrittenContact] = {}
        self.answered: dict[tuple[datetime, UUID, tuple[str, str]], str] = {}

    def tick(self) -> datetime:
        """Let a second pass: whatever happens now happens later than what was asked before."""
        self.now += timedelta(seconds=1)
        return self.now

    def person(self, number: int) -> UUID:
        """Return one of the people by any number."""
        return self.people[number % len(self.people)]

    def alive(self, number: int) -> UUID | None:
        """Return one of those of whom there is still something; None once everybody was erased."""
        left = [one for one in self.people if one not in self.model.erased]
        return left[number % len(left)] if left else None

    def forget_what_changed(self) -> None:
        """Forget past answers that late news changes: only what is dated back, moved or erased comes here."""
        self.answered = {
            (at, person, matter): reason
            for (at, person, matter), reason in self.answered.items()
            if self.model.decide(person, *matter, at) == reason
        }

    @initialize()
    def two_people(self) -> None:
        """There is somebody to begin with, of whom one shares nothing with the other."""
        self.open({"email": EMAILS[0], "phone": PHONES[0]})
        self.open({"email": EMAILS[1]})

    def open(self, points: dict[str, str]) -> None:
        now, draft = self.tick(), ContactDraft(points=tuple(point(kind, text) for kind, text in points.items()))
        with self.factory.begin() as session:
            (written,) = open_contacts(session, self.keyring, [draft], now)
        self.people.append(written.subject_ref)
        self.written[written.subject_ref] = written
        self.model.open(written.subject_ref, points, now)

    @precondition(lambda self: len(self.people) < MOST_PEOPLE)
    @rule(email=st.sampled_from(EMAILS), phone=st.sampled_from((None, *PHONES)))
    def comes_again_under_a_new_reference(self, email: str, phone: str | None) -> None:
        self.open({"email": email} | ({"phone": phone} if phone else {}))

    @rule(who=WHO, matter=st.sampled_from(OF_CONSENT), state=st.sampled_from(sorted(ConsentState)), ago=AGO)
    def declares(self, who: int, matter: tuple[str, str], state: ConsentState, ago: timedelta) -> None:
        now, person = self.tick(), self.person(who)
        choice = Choice(matter[0], Channel(matter[1]), state, self.policy.notice(matter[0], 1, "fr"), now - ago)
        if person in self.model.erased and state.value not in NO:
            with self.factory() as session, pytest.raises(Conflict):
                record(session, person, [choice], self.policy, Evidence("web_form"), now)
            return
        with self.factory.begin() as session:
            record(session, person, [choice], self.policy, Evidence("web_form"), now)
        self.model.say(person, *matter, state.value, now - ago)
        if ago:
            self.forget_what_changed()

    @rule(by=st.sampled_from([timedelta(days=1), timedelta(days=700), timedelta(days=3 * 365 + 2)]))
    def time_passes(self, by: timedelta) -> None:
        self.now += by

    @rule(who=WHO, offered=st.booleans())
    def buys(self, who: int, offered: bool) -> None:
        now, person = self.tick(), self.alive(who)
        if person is None:
            return
        with self.factory.begin() as session:
            sale = bought("order", day(now))
            open_transactions(session, self.keyring, [(self.written[person], sale)], now)
            if offered:
                record_shown(session, person, self.policy.notice("similar_products", 1, "fr"), now, now)
        self.model.sold.setdefault(person, []).append(day(now))
        if offered:
            self.model.shown.setdefault(person, []).append(now)
        self.forget_what_changed()  # a sale counts for its whole day

    @rule(one=WHO, other=WHO)
    def are_found_to_be_one(self, one: int, other: int) -> None:
        now, pair = self.tick(), (self.person(one), self.person(other))
        if pair[0] == pair[1]:
            return
        joined = pair[1] in self.model.together(pair[0], now)
        with self.factory.begin() as session:
            assert links.link(session, *pair, FIRST, now) is not joined
        if not joined:
            self.model.stand(self.model.links, now, pair=tuple(sorted(pair)))

    @rule(one=WHO, other=WHO)
    def are_found_to_be_two(self, one: int, other: int) -> None:
        now, pair = self.tick(), (self.person(one), self.person(other))
        with self.factory.begin() as session:
            links.unlink(session, *pair, FIRST, now)
        self.model.end(self.model.links, now, pair=tuple(sorted(pair)))

    @rule(who=WHO, text=st.sampled_from((*EMAILS, *PHONES)))
    def changes_address(self, who: int, text: str) -> None:
        now, person, kind = self.tick(), self.alive(who), PointKind.EMAIL if "@" in text else PointKind.PHONE
        if person is None:
            return
        with self.factory.begin() as session:
            contact = session.get_one(Contact, self.written[person].contact_id)
            replace_point(session, self.keyring, contact, kind, text, "FR", now, uuid4())
        self.model.move(person, kind.value, text)
        self.forget_what_changed()

    @rule(who=WHO, purpose=st.sampled_from(OPPOSABLE), ago=AGO)
    def objects(self, who: int, purpose: str, ago: timedelta) -> None:
        now, person = self.tick(), self.person(who)
        with self.factory.begin() as session:
            objections.record(session, person, [purpose], ObjectionState.ABSOLUTE, now, since=now - ago)
        self.model.stand(self.model.objections, now - ago, person=person, purpose=purpose)
        self.forget_what_changed()

    @rule(who=WHO, purpose=st.sampled_from(OPPOSABLE))
    def takes_an_objection_back(self, who: int, purpose: str) -> None:
        now, person = self.tick(), self.person(who)
        with self.factory.begin() as session:
            objections.lift(session, person, purpose, "taken_back", now)
        self.model.end(self.model.objections, now, person=person, purpose=purpose)

    @rule(text=st.sampled_from((*EMAILS, *PHONES)), scope=st.sampled_from([MARKETING, *OPPOSABLE]))
    def is_put_on_the_list_by_hand(self, text: str, scope: str) -> None:
        now, channel = self.tick(), Channel.EMAIL if "@" in text else Channel.PHONE
        with self.factory.begin() as session:
            suppress(session, self.keyring, channel, text, scope, SuppressionReason.BY_HAND, now)
        self.model.suppress(text, scope, now)

    @rule(who=WHO, stands=st.booleans())
    def is_restricted_or_not(self, who: int, stands: bool) -> None:
        now, person = self.tick(), self.alive(who)
        if person is None:
            return
        with self.factory.begin() as session:
            if stands:
                restrictions.place(session, person, Ground.ACCURACY_CONTESTED, now)
            else:
                for one in restrictions.standing(session, person):
                    restrictions.inform(session, one.id, now)
                    restrictions.lift(session, one.id, now)
        if stands:
            self.model.stand(self.model.restrictions, now, person=person)
        else:
            self.model.end(self.model.restrictions, now, person=person)

    @precondition(lambda self: len(self.model.erased) < MOST_ERASED)
    @rule(who=WHO)
    def is_erased(self, who: int) -> None:
        now, person = self.tick(), self.alive(who)
        if person is None or person in self.model.sold:  # an order is kept, and its contact with it, until it is done
            return
        erase(self.factory, self.keyring, person, now)
        self.model.erase(person, now)
        self.forget_what_changed()

    @rule(number=st.integers(0, 10_000), who=WHO)
    def asks_what_was_answered_then(self, number: int, who: int) -> None:
        person = self.person(who)
        instants = sorted({at for at, one, _ in self.answered if one == person})
        if instants:
            self.check_the_past(instants[number % len(instants)], person)

    def check_the_past(self, then: datetime, person: UUID) -> None:
        with self.factory() as session:
            for matter in MATTERS:
                answered = self.answered.get((then, person, matter))
                if answered is not None:
                    purpose, channel = matter[0], Channel(matter[1])
                    found = decide(session, person, purpose, channel, self.policy, self.now, as_of=then)
                    assert found.reason.value == answered, (matter, then)

    @invariant()
    def every_answer_is_the_models(self) -> None:
        self.steps += 1  # every other person is asked about alone, the others next time
        with self.factory() as session:
            for purpose, name in MATTERS:
                channel = Channel(name)
                said = {one: self.model.decide(one, purpose, name, self.now) for one in self.people}
                found = decide_many(session, self.people, purpose, channel, self.policy, self.now)
                assert [one.reason.value for one in found] == list(said.values()), purpose
                assert [one.allowed for one in found] == [reason in ALLOWING for reason in said.values()]
                for one, many in list(zip(self.people, found, strict=True))[self.steps % 2 :: 2]:
                    assert decide(session, one, purpose, channel, self.policy, self.now) == many, purpose
                reached = eligible(session, purpose, channel, self.policy, self.now)
                assert Counter(reached) == Counter(one for one, reason in said.items() if reason in ALLOWING)
                assert dict(reached.excluded) == Counter(one for one in said.values() if one not in ALLOWING)
                self.answered |= {(self.now, one, (purpose, name)): reason for one, reason in said.items()}

    def teardown(self) -> None:
        try:
            asked = sorted({(at, one) for at, one, _ in self.answered})
            for then, person in asked[:: max(1, len(asked) // LOOKED_BACK)]:
                self.check_the_past(then, person)
            with self.factory() as session:
                assert list(compare(session, self.keyring)) == []
                assert audit(session, [self.keyring.log_signer().vkey]).ok
        finally:
            self.place.close()


def point(kind: str, text: str) -> PointDraft:
    """Read an address or number."""
    return email_point(text) if kind == "email" else phone_point(PointKind.PHONE, text, "FR")


def erase(factory: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime) -> None:
    """Erase a person the way the product does it, request, second person and certificate included."""
    policy = shipped()
    with factory.begin() as session:
        asked = receive(session, policy, Intake((Right.ERASURE,), subject_ref=person), now)
        dsr_id = identity.verify(session, policy, asked.reference, "paper", FIRST, now).id
        plan = erasure.assess(session, keyring, policy, dsr_id, FIRST, now)
        erasure.approve(session, dsr_id, plan.sha256, SECOND, now)
    done = False
    while not done:
        with factory.begin() as session:
            done = erasure.execute_next(session, keyring, policy, dsr_id, now)
    with factory.begin() as session:
        lifecycle.closed(session, dsr_id, overall_outcome(items.read(session, dsr_id)), now)


@pytest.fixture(params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def opened(source: DatabaseSource, kind: str, folder: Path, now: datetime) -> Iterator[Place]:
    folder.mkdir()
    with source.lend(kind, folder) as database:
        keyring = Keyring(database.keyring_engine, FileKek.create(folder / "kek.json"))
        keyring.initialise(now)
        with database.engine.begin() as connection:
            ensure_log(connection)
        factory = sessionmaker(database.engine)
        bind(factory, keyring)
        yield factory, keyring


@servers_in_faults("kind")
def test_decisions_are_those_of_the_model(
    kind: str, database_source: DatabaseSource, tmp_path: Path, now: datetime
) -> None:
    """A few runs, the same ones each time; CONSENTCORE_TEST_RUNS asks for that many others, drawn anew."""
    asked, runs = int(os.environ.get("CONSENTCORE_TEST_RUNS", 0)), count()

    def begin() -> Consent:
        with ExitStack() as stack:
            place = stack.enter_context(opened(database_source, kind, tmp_path / str(next(runs)), now))
            return Consent(stack.pop_all(), place, now)

    run_state_machine_as_test(
        begin,
        settings=settings(
            max_examples=asked or RUNS,
            stateful_step_count=STEPS,
            derandomize=not asked,
            phases=[Phase.generate] if asked else [Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
