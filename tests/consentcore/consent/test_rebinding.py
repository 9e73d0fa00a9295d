"""A consent follows its person to a new address, an opposition stands at the new one too, and the log says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.decide import Reason, decide
from consentcore.consent.rebinding import REBOUND
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.replay import compare
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.crm.contact_points import email_point, phone_point
from consentcore.crm.contact_reading import contacts_of
from consentcore.crm.contacts import EMAIL_INDEX, Contact, PointKind
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.blindindex import digest
from consentcore.crypto.keyring import Keyring
from consentcore.importing.contact_entity import ContactEntity
from consentcore.importing.entity import Written
from consentcore.ledger.canonical import decode
from consentcore.ledger.content import open_contents
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogEvent
from consentcore.policyset import Channel
from consentcore.requests.rectified_points import replace_point
from consentcore.suppression.entries import SuppressionReason, entries_at, suppress
from tests.builders.people import draft, open_people
from tests.builders.policies import shipped

OLD, NEW = "ancienne@courriel.example", "nouvelle@courriel.example"
EMAIL = Channel.EMAIL


@pytest.fixture
def person(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> UUID:
    return open_people(bound, keyring, now, OLD)[0]


def declare(bound: sessionmaker[Session], person: UUID, state: ConsentState, now: datetime) -> UUID:
    choice = Choice("newsletter", EMAIL, state, shipped().notice("newsletter", 1, "fr"))
    with bound.begin() as session:
        return record(session, person, [choice], shipped(), Evidence("web_form", OLD), now)[0].record_id


def rectify(bound: sessionmaker[Session], keyring: Keyring, person: UUID, text: str, now: datetime) -> None:
    with bound.begin() as session:
        contact = session.scalars(select(Contact).where(Contact.subject_ref == person)).one()
        replace_point(session, keyring, contact, PointKind.EMAIL, text, "FR", now, UUID(int=1))


def bring(bound: sessionmaker[Session], keyring: Keyring, person: UUID, new: ContactDraft, now: datetime) -> None:
    with bound.begin() as session:
        (contact,) = contacts_of(session, [person])
        changed = [(Written(contact.contact_id, person), new)]
        ContactEntity().replace(session, keyring, changed, now)


def rebound(bound: sessionmaker[Session], keyring: Keyring, person: UUID) -> list[dict[str, object]]:
    with bound() as session:
        assert list(compare(session, keyring)) == []
        leaves = [(one.id.bytes, person.bytes, one.header) for one in session.scalars(select(LogEvent))]
        ours = [one for one in leaves if read_header(one[2])["type"] == REBOUND]
        for _, _, header in ours:
            assert "data" not in read_header(header)
        contents = open_contents(session, keyring, ours)
        return [decode(content) for content in contents.values() if isinstance(content, bytes)]


@pytest.mark.parametrize("way", ["rectification", "import"])
def test_a_consent_follows_and_the_log_says_so_sealed(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime, way: str
) -> None:
    record_id = declare(bound, person, ConsentState.GIVEN, now)
    if way == "import":
        bring(bound, keyring, person, draft(NEW), now)
    else:
        rectify(bound, keyring, person, NEW, now)
    (said,) = rebound(bound, keyring, person)
    values = {text: digest(keyring, EMAIL_INDEX, text)[1].hex() for text in (OLD, NEW)}
    assert said == {
        "subject_ref": str(person),
        "records": [str(record_id)],
        "from": values[OLD],
        "to": values[NEW],
    }
    with bound() as session:
        assert decide(session, person, "newsletter", EMAIL, shipped(), now).record_id == record_id
        assert len(session.scalars(select(ConsentRecord)).all()) == 1


@pytest.mark.parametrize("state", [ConsentState.WITHDRAWN, ConsentState.REQUESTED, ConsentState.UNKNOWN, None])
def test_nothing_else_follows(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime, state: ConsentState | None
) -> None:
    if state is not None:
        declare(bound, person, state, now)
    bring(bound, keyring, person, draft(NEW), now)
    rectify(bound, keyring, person, "troisieme@courriel.example", now)
    assert rebound(bound, keyring, person) == []


def test_the_same_address_written_anew_or_a_second_one_moves_nothing(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime
) -> None:
    declare(bound, person, ConsentState.GIVEN, now)
    bring(bound, keyring, person, draft(OLD.upper(), first_name="Dominique"), now)
    rectify(bound, keyring, person, OLD, now)
    both = ContactDraft(texts={"last_name": "Deschamps"}, points=(email_point(NEW), email_point(OLD)))
    bring(bound, keyring, person, both, now)
    number = phone_point(PointKind.PHONE, "+33199001234", "FR")
    bring(bound, keyring, person, ContactDraft(points=(*both.points, number)), now)
    assert rebound(bound, keyring, person) == []


@pytest.mark.parametrize("scope", ["marketing", "newsletter"])
def test_an_opposition_at_the_old_address_stands_at_what_an_import_brings(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime, scope: str
) -> None:
    declare(bound, person, ConsentState.GIVEN, now)
    later = now + timedelta(days=1)
    with bound.begin() as session:
        suppress(session, keyring, EMAIL, OLD, scope, SuppressionReason.OBJECTION, later)
    bring(bound, keyring, person, draft(NEW), later + timedelta(days=1))
    with bound() as session:
        (entry,) = entries_at(session, keyring, EMAIL, NEW)
        assert (entry.scope, entry.since, entry.reason) == (scope, later, SuppressionReason.OBJECTION)
        assert entries_at(session, keyring, EMAIL, OLD)
        answer = decide(session, person, "newsletter", EMAIL, shipped(), later + timedelta(days=1))
        assert answer.reason is Reason.SUPPRESSED


def test_moving_to_an_address_that_is_opposed_is_opposed(
    bound: sessionmaker[Session], keyring: Keyring, person: UUID, now: datetime
) -> None:
    declare(bound, person, ConsentState.GIVEN, now)
    since = datetime(2026, 11, 10, tzinfo=UTC)
    with bound.begin() as session:
        suppress(session, keyring, EMAIL, NEW, "marketing", SuppressionReason.OBJECTION, since)
    bring(bound, keyring, person, draft(NEW), since)
    with bound() as session:
        assert decide(session, person, "newsletter", EMAIL, shipped(), since).reason is Reason.SUPPRESSED
