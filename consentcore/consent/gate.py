"""The gate: a session bound to a purpose sees the persons whom the purpose reaches, and of them what it may see.

    with Session.begin() as session, gated(session, "newsletter", policy, now):
        readers = session.scalars(select(Contact)).all()

Every SELECT, UPDATE and DELETE of the ORM is filtered; whatever got past the filter is refused before the driver has
it. Decisions, records and requests look at persons whom the purpose does not reach: they take a session of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.consent.gate_listeners import ARTICLE, Listeners
from consentcore.consent.gate_session import Gate
from consentcore.consent.gate_tables import is_gated
from consentcore.consent.reach import kind_of, wider_scope
from consentcore.crypto.keyring import KEYRING_KEY
from consentcore.errors import BadInput, ConfigurationError, InvalidTransition
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.personal_data.wall import LOG, VERB, WORDS, Verb, nothing, purpose_words, say, told
from consentcore.policyset import PolicySet

LEFT = register(
    "gate.left", "a session bound to a purpose was let out of its gate, for the reason named (Art. 5(1)(b))"
)
_GATE = "cc_gate"
_MOST = 120
_TELLING = re.compile(r"@|\d{4}|[^\W\d_]\d|\n")


class Leaving(StrEnum):
    """Why a gate may be left: the uses that Art. 18(2) allows of restricted data, the rights of persons, and upkeep."""

    LEGAL_CLAIMS = "legal_claims"
    CONSENT_UNDER_RESTRICTION = "consent_under_restriction"
    RIGHTS_OF_ANOTHER = "rights_of_another"
    PUBLIC_INTEREST = "public_interest"
    REQUEST_OF_PERSON = "request_of_person"
    DECISION = "decision"
    SECURITY = "security"
    MAINTENANCE = "maintenance"


@contextmanager
def gated(session: Session, purpose: str, policy: PolicySet, now: datetime) -> Iterator[Gate]:
    """Bind a session to a purpose for the length of a block (Art. 5(1)(b), 6(1), 18(1)).

    Inside, statements of the ORM see the rows of persons for whom the purpose has a live ground on any channel; fields
    outside the purpose's data are not loaded (`InvalidRequestError` for a plain one, PolicyViolation for a sealed one).
    Effects: on a clean end the session is flushed; rows of persons leave the session with the gate. Nothing is
    committed. On PostgreSQL the purpose is told to the database for the running transaction.
    Raises: NotFound (purpose), BadInput (a naive instant), ConfigurationError (session never bound by
    `consentcore.binding.bind`), InvalidTransition (a gate stands already, or rows of persons were loaded before);
    PolicyViolation from every statement that cannot be filtered.
    """
    found = policy.purpose(purpose)
    if KEYRING_KEY not in session.info:
        raise ConfigurationError("this session is not bound; make its factory known with bind(session_factory, ...)")
    _refuse_used(session)
    gate = Gate(session, found, policy, ensure_utc(now))
    words = purpose_words(found.id, kind_of(found).value, wider_scope(found), gate.now)
    before = told(session)
    say(session, verb="", **words)
    listeners = Listeners(gate)
    listeners.hang()
    session.info[_GATE] = gate
    try:
        yield gate
        session.flush()
    except BaseException:
        _close(session, listeners)
        session.info[WORDS] = before
        raise
    _close(session, listeners)
    say(session, verb=before.get(VERB, ""), **nothing())


@contextmanager
def ungated(session: Session, *, reason: Leaving | str) -> Iterator[None]:
    """Let a gated session out of its gate for the length of a block, for a reason that goes into the log.

    `reason` is one of `Leaving`, or a sentence of at most 120 characters that says why and never of whom.
    Effects: leaf `gate.left` in the session's unit (kept if that unit commits), and a line in the process's log at
    once. What was loaded outside leaves the session at the end of the block.
    Raises: InvalidTransition (no gate, or left already), BadInput (a reason that is empty, long, or tells of a person).
    """
    gate = gate_of(session)
    if gate is None or not gate.open:
        raise InvalidTransition("this session is in no gate that could be left")
    word = _reason(reason)
    session.flush()
    queue(
        session,
        Event(type=LEFT, at=gate.now, data={"reason": word}, purpose=gate.purpose.id, purpose_v=gate.purpose.version),
    )
    LOG.warning("gate of purpose %s left: %s", gate.purpose.id, word)
    inside = set(_rows_of_persons(session))
    say(session, verb=Verb.LEAVE_GATE.value)
    gate.open = False
    try:
        yield
        session.flush()
    except BaseException:
        _return(session, gate, inside)
        session.info[WORDS] = told(session) | {VERB: ""}
        raise
    _return(session, gate, inside)
    say(session, verb="")


def gate_of(session: Session) -> Gate | None:
    """Return the gate in which a session stands, left for a moment or not; None for a free one."""
    return session.info.get(_GATE)


def _refuse_used(session: Session) -> None:
    standing = gate_of(session)
    if standing is not None:
        raise InvalidTransition(
            f"this session is bound to purpose {standing.purpose.id!r} already; one unit serves one purpose",
            article=ARTICLE,
        )
    if next(_rows_of_persons(session), None) is not None:
        raise InvalidTransition(
            "this session holds rows of persons that no gate filtered; open the gate on a fresh one"
        )


def _rows_of_persons(session: Session) -> Iterator[object]:
    for row in list(session.identity_map.values()):
        if is_gated(inspect(row).mapper):
            yield row


def _return(session: Session, gate: Gate, inside: set[object]) -> None:
    for row in _rows_of_persons(session):
        if row in inside:
            _forget(session, gate, row)
        else:
            session.expunge(row)
    gate.open = True


def _forget(session: Session, gate: Gate, row: object) -> None:
    """Take back what a row of the gate may have got outside: relations, and fields that the purpose may not see."""
    mapper = inspect(row).mapper
    names = {*mapper.relationships.keys(), *(key for key, _ in gate.view.attributes(mapper))}
    loaded = names & set(vars(row))
    if loaded:
        session.expire(row, loaded)


def _close(session: Session, listeners: Listeners) -> None:
    listeners.take_down()
    session.info.pop(_GATE, None)
    for row in _rows_of_persons(session):
        session.expunge(row)


def _reason(reason: Leaving | str) -> str:
    if isinstance(reason, Leaving):
        return reason.value
    text = reason.strip()
    if not text or len(text) > _MOST or _TELLING.search(text):
        raise BadInput(
            f"say in at most {_MOST} characters why the gate is left, without addresses, numbers or names of anybody"
        )
    return text
