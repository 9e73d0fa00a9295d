"""Entering and leaving a gate: one purpose for one unit, and a reason in the log for whoever leaves (Art. 5(1)(b))."""

from __future__ import annotations

import logging
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.clock import parse_instant
from consentcore.consent.decide import decide
from consentcore.consent.gate import Leaving, gate_of, gated, ungated
from consentcore.db import BEGIN_OPTION
from consentcore.errors import BadInput, ConfigurationError, InvalidTransition, NotFound, PolicyViolation
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogEvent, LogLeaf
from consentcore.policyset import Channel
from tests.builders.databases import Database
from tests.builders.hosting import Customer, Order
from tests.consentcore.consent.gate_shop import Shop, consent, shop

__all__ = ["shop"]


def leavings(shop: Shop) -> list[tuple[object, object]]:
    """Purpose and public data of the leaves that tell of gates that were left."""
    with shop.sessions() as session:
        headers = session.scalars(select(LogEvent.header).join(LogLeaf, LogLeaf.event_id == LogEvent.id)).all()
    found = [read_header(bytes(header)) for header in headers]
    return [(one["purpose"], one["data"]) for one in found if one["type"] == "gate.left"]


def names(session: Session) -> list[str]:
    return sorted(session.scalars(select(Customer.name)))


def test_the_gate_holds_for_its_block(shop: Shop) -> None:
    with shop.sessions() as session:
        with gated(session, "newsletter", shop.policy, shop.now) as gate:
            assert gate.purpose.id == "newsletter"
            assert gate_of(session) is gate
            assert names(session) == ["Ada"]
        assert gate_of(session) is None
        assert names(session) == ["Ada", "Bob", "Cleo"]


def test_what_was_loaded_for_the_purpose_goes_with_the_gate(shop: Shop) -> None:
    with shop.sessions.begin() as session:
        with gated(session, "newsletter", shop.policy, shop.now):
            ada = session.scalars(select(Customer)).one()
            ada.score = 42
        assert ada not in session
        assert ada.name == "Ada"
    with shop.sessions() as session:
        assert session.get_one(Customer, shop.customers["Ada"]).score == 42


def test_what_failed_is_not_written(shop: Shop) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        shop.sessions.begin() as session,
        gated(session, "newsletter", shop.policy, shop.now),
    ):
        session.scalars(select(Customer)).one().score = 42
        raise ZeroDivisionError
    with shop.sessions() as session:
        assert session.get_one(Customer, shop.customers["Ada"]).score == 7
        assert names(session) == ["Ada", "Bob", "Cleo"]


def test_the_gate_stands_in_every_transaction_of_the_session(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        assert names(session) == ["Ada"]
        session.commit()
        assert names(session) == ["Ada"]
        with session.begin_nested():
            assert names(session) == ["Ada"]
        session.rollback()
        assert names(session) == ["Ada"]


def test_other_purposes_reach_others(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "order_management", shop.policy, shop.now):
        assert names(session) == ["Ada", "Bob"]
    with shop.sessions() as session, gated(session, "promotions", shop.policy, shop.now):
        assert names(session) == []


def test_the_same_statement_asks_for_the_purpose_and_instant_of_its_session(shop: Shop) -> None:
    later = parse_instant("2040-01-01T00:00:00Z")
    for purpose, now, wanted in (
        ("newsletter", shop.now, ["Ada"]),
        ("newsletter", later, []),
        ("order_management", later, ["Ada", "Bob"]),
        ("newsletter", shop.now, ["Ada"]),
    ):
        with shop.sessions() as session, gated(session, purpose, shop.policy, now):
            assert names(session) == wanted


def test_a_used_session_is_refused(shop: Shop) -> None:
    with shop.sessions() as session:
        kept = session.scalars(select(Customer)).all()
        assert kept
        with pytest.raises(InvalidTransition, match="fresh"), gated(session, "newsletter", shop.policy, shop.now):
            pass


def test_one_unit_serves_one_purpose(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        with pytest.raises(InvalidTransition, match="newsletter"), gated(session, "promotions", shop.policy, shop.now):
            pass
        assert names(session) == ["Ada"]


def test_what_cannot_be_gated_is_refused(shop: Shop, database: Database) -> None:
    with shop.sessions() as session:
        with pytest.raises(NotFound, match="astrology"), gated(session, "astrology", shop.policy, shop.now):
            pass
        with pytest.raises(BadInput), gated(session, "newsletter", shop.policy, shop.now.replace(tzinfo=None)):
            pass
    unbound: sessionmaker[Session] = sessionmaker(database.engine)
    with (
        unbound() as session,
        pytest.raises(ConfigurationError, match="bound"),
        gated(session, "newsletter", shop.policy, shop.now),
    ):
        pass


def test_a_session_that_has_begun_is_gated_on_its_connection(shop: Shop) -> None:
    with shop.sessions() as session:
        session.connection().exec_driver_sql("SELECT 1")
        with gated(session, "newsletter", shop.policy, shop.now):
            assert names(session) == ["Ada"]
            with pytest.raises(PolicyViolation):
                session.connection().exec_driver_sql("SELECT name FROM shop_customer")


@pytest.mark.parametrize(
    ("reason", "word"),
    [(Leaving.LEGAL_CLAIMS, "legal_claims"), ("  the court asked for it ", "the court asked for it")],
)
def test_leaving_takes_a_reason_that_is_logged(
    shop: Shop, reason: Leaving | str, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING, "consentcore.wall"),
        shop.sessions.begin() as session,
        gated(session, "newsletter", shop.policy, shop.now),
    ):
        ada = session.scalars(select(Customer)).one()
        with ungated(session, reason=reason):
            assert names(session) == ["Ada", "Bob", "Cleo"]
            assert ada.friend is not None
            bob = session.get_one(Customer, shop.customers["Bob"])
            session.connection().exec_driver_sql("SELECT name FROM shop_customer")
        assert names(session) == ["Ada"]
        assert bob not in session
        assert session.get(Customer, shop.customers["Bob"]) is None
        assert ada in session
        assert (ada.name, ada.friend) == ("Ada", None)
    assert leavings(shop) == [("newsletter", {"reason": word})]
    assert [record.getMessage() for record in caplog.records] == [f"gate of purpose newsletter left: {word}"]


@pytest.mark.parametrize(
    "reason", ["", "  ", "x" * 121, "odile@courriel.example asked", "call 0123456789", "customer C4711", "two\nlines"]
)
def test_a_reason_that_tells_of_a_person_is_refused(shop: Shop, reason: str) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        with pytest.raises(BadInput), ungated(session, reason=reason):
            pass
        assert names(session) == ["Ada"]


def test_the_gate_closes_again_after_a_failure_outside(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        with pytest.raises(ZeroDivisionError), ungated(session, reason=Leaving.SECURITY):
            raise ZeroDivisionError
        assert names(session) == ["Ada"]
        with (
            ungated(session, reason=Leaving.SECURITY),
            pytest.raises(InvalidTransition),
            ungated(session, reason=Leaving.SECURITY),
        ):
            pass


def test_leaving_without_a_gate_is_refused(shop: Shop) -> None:
    with shop.sessions() as session, pytest.raises(InvalidTransition), ungated(session, reason=Leaving.SECURITY):
        pass


def test_decisions_can_be_asked_for_inside(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        for name, allowed in (("Ada", True), ("Bob", False)):
            person: UUID = shop.people[name]
            assert decide(session, person, "newsletter", Channel.EMAIL, shop.policy, shop.now).allowed is allowed


def test_recording_for_someone_out_of_reach_is_not_done_in_silence(shop: Shop) -> None:
    with shop.sessions() as session, gated(session, "newsletter", shop.policy, shop.now):
        with pytest.raises((NotFound, PolicyViolation)):
            consent(session, shop.people["Bob"], shop.policy, shop.now)
        session.rollback()


def test_sessions_without_gate_are_as_they_were(shop: Shop) -> None:
    reading = {BEGIN_OPTION: "DEFERRED"}  # or SQLite lets one wait for the other
    with shop.sessions() as gated_one, shop.sessions() as free:
        for one in (gated_one, free):
            one.connection(execution_options=reading)
        with gated(gated_one, "newsletter", shop.policy, shop.now):
            assert names(free) == ["Ada", "Bob", "Cleo"]
            assert free.scalar(select(func.count(Order.id))) == 6
            assert names(gated_one) == ["Ada"]
