"""The log as the rooms above see it: queue events in a unit of work; their leaves are appended right before COMMIT.

The event row is written at once, its index is given under the log's lock as the last act of the transaction. What a
savepoint undid gets no leaf: the table is asked which events survived.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction, scoped_session, sessionmaker

from consentcore.crypto.envelope import FieldCipher, seal
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.errors import ConfigurationError, IntegrityFailure, InvalidTransition
from consentcore.ledger import commitment
from consentcore.ledger.append import append_signed
from consentcore.ledger.events import Event, header_bytes, payload_bytes
from consentcore.ledger.merkle import leaf_hash
from consentcore.ledger.signingkeys import KeyChange, KeysInForce
from consentcore.ledger.statements import insert, run
from consentcore.ledger.tables import CONTENT_FIELD, MAIN, LogEvent

_UNIT = "cc_log_unit"
_CHUNK = 250


class _State(Enum):
    OPEN = auto()
    APPENDING = auto()
    CLOSED = auto()


@dataclass(slots=True)
class _Unit:
    """What one database transaction of a session has queued."""

    transaction: SessionTransaction | None
    leaves: list[tuple[bytes, bytes]] = field(default_factory=list)
    state: _State = _State.OPEN
    checked: bool = False
    change: KeyChange | None = None


def attach(session_factory: sessionmaker[Any] | scoped_session[Any] | type[Session]) -> None:
    """Hang the log's listeners on a session factory; doing so twice changes nothing."""
    for name, listener in (
        ("after_begin", _begun),
        ("before_commit", _append_queued),
        ("after_soft_rollback", _rolled_back),
        ("after_transaction_end", _ended),
    ):
        # No `event.contains` first: it goes by the factory's address, and calls a new factory at an old address known.
        event.listen(session_factory, name, listener)


def queue(session: Session, item: Event) -> uuid.UUID:
    """Write one event and have its leaf appended when the session commits; returns the event's id.

    Raises: as `queue_many`.
    """
    return queue_many(session, (item,))[0]


def queue_many(session: Session, items: Iterable[Event]) -> list[uuid.UUID]:
    """Write events and have their leaves appended, in this order, when the session commits; returns their ids.

    Effects: inserts into cc_log_event and cc_log_content at once.
    Raises: ConfigurationError (session not bound, two-phase or at another isolation level than READ COMMITTED);
    InvalidTransition once the leaves of this transaction were appended; BadInput; KeyDestroyed.
    """
    connection = _connection(session)
    unit = _unit(session)
    if not unit.checked:
        _check_isolation(connection)
        unit.checked = True
    keyring: Keyring = session.info[KEYRING_KEY]
    batch = list(items)
    subjects = {item.subject_ref.bytes for item in batch if item.subject_ref is not None}
    ciphers = keyring.ciphers(subjects, KeyClass.EVIDENCE) if subjects else {}
    events: list[tuple[bytes, int, bytes]] = []
    contents: list[tuple[bytes, bytes, bytes | None]] = []
    for item in batch:
        header, content = _sealed(keyring, ciphers, item)
        events.append((item.id.bytes, MAIN, header))
        if content is not None:
            contents.append(content)
    if events:
        insert(connection, "cc_log_event", ("id", "log", "header"), events)
    if contents:
        insert(connection, "cc_log_content", ("event_id", "subject_ref", "payload"), contents)
    unit.leaves.extend((event_id, leaf_hash(header)) for event_id, _, header in events)
    return [item.id for item in batch]


def change_keys(session: Session, change: KeyChange) -> None:
    """Let the checkpoint after this unit's leaves be signed by other keys than the one before (crypto design, 4).

    The unit queues the leaf that says so (`ledger.keychange`). Raises: as `queue_many`.
    """
    _connection(session)
    _unit(session).change = change


def _sealed(
    keyring: Keyring, ciphers: Mapping[bytes, FieldCipher], item: Event
) -> tuple[bytes, tuple[bytes, bytes, bytes | None] | None]:
    """Return an event's header and, where it has a subject, the row of its content."""
    if item.subject_ref is None:
        return header_bytes(item, None, None), None
    event_id, subject = item.id.bytes, item.subject_ref.bytes
    cipher = ciphers.get(subject) or keyring.field_cipher(item.subject_ref, KeyClass.EVIDENCE)
    root = cipher.commit or keyring.commitment_root(item.subject_ref)
    tag = commitment.subject_tag(root, event_id)
    if item.payload is None:
        return header_bytes(item, None, tag), (event_id, subject, None)
    payload = payload_bytes(item)
    header = header_bytes(item, commitment.commit(commitment.opening(root, event_id), payload), tag)
    return header, (event_id, subject, seal(cipher, CONTENT_FIELD, event_id, subject, payload))


def _connection(session: Session) -> Connection:
    if session.twophase:
        raise ConfigurationError("the log takes no two-phase session: it would hold its lock between the phases")
    if KEYRING_KEY not in session.info:
        raise ConfigurationError("this session is not bound; make its factory known with bind(session_factory, ...)")
    return session.connection(bind_arguments={"mapper": LogEvent.__mapper__})


def _unit(session: Session) -> _Unit:
    unit: _Unit | None = session.info.get(_UNIT)
    if unit is None or unit.transaction is not session.get_transaction():
        raise ConfigurationError("this session is not bound; make its factory known with bind(session_factory, ...)")
    if unit.state is not _State.OPEN:
        raise InvalidTransition("the leaves of this transaction are appended already; queue before commit begins")
    return unit


def _check_isolation(connection: Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    name = connection.dialect.name
    if name == "sqlite":
        autocommit = raw.isolation_level is None and not raw.in_transaction
    else:
        autocommit = raw.autocommit if name == "postgresql" else raw.get_autocommit()
        level = connection.get_isolation_level()
        if level != "READ COMMITTED":
            raise ConfigurationError(
                f"this session runs at {level}, the log needs READ COMMITTED; create its engine with "
                "isolation_level='READ COMMITTED'"
            )
    if autocommit:
        raise ConfigurationError("this session commits each statement by itself; the log needs a real transaction")


def _begun(session: Session, _transaction: SessionTransaction, _connection: Connection) -> None:
    root = session.get_transaction()
    unit = session.info.get(_UNIT)
    if unit is None or unit.transaction is not root:
        session.info[_UNIT] = _Unit(root)


def _append_queued(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a SAVEPOINT is released, nothing is committed yet
    session.flush()  # listeners of flush may still queue
    unit: _Unit | None = session.info.get(_UNIT)
    root = session.get_transaction()
    if unit is None or unit.transaction is not root:
        session.info[_UNIT] = _Unit(root, state=_State.CLOSED)
        return
    if unit.state is _State.APPENDING:
        raise IntegrityFailure("appending to the log failed in this transaction; roll it back")
    if unit.state is _State.CLOSED:
        return
    unit.state = _State.APPENDING
    connection = _connection(session) if unit.leaves else None
    survived = _survivors(connection, unit.leaves) if connection is not None else []
    if connection is not None and survived:
        append_signed(connection, survived, KeysInForce(session.info[KEYRING_KEY], unit.change))
    unit.state = _State.CLOSED
    unit.leaves = []


def _survivors(connection: Connection, leaves: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the leaves whose event rows no savepoint undid, in order."""
    survived: list[tuple[bytes, bytes]] = []
    for start in range(0, len(leaves), _CHUNK):
        chunk = leaves[start : start + _CHUNK]
        ids = [event_id for event_id, _ in chunk]
        marks = ", ".join("?" * len(ids))
        there = f"FROM cc_log_event WHERE id IN ({marks})"
        if run(connection, f"SELECT count(*) {there}", *ids).scalar_one() < len(chunk):
            found = {bytes(row[0]) for row in run(connection, f"SELECT id {there}", *ids)}
            chunk = [leaf for leaf in chunk if leaf[0] in found]
        survived.extend(chunk)
    return survived


def _rolled_back(session: Session, previous_transaction: SessionTransaction) -> None:
    if previous_transaction.parent is None:  # after a SAVEPOINT's rollback the queue lives on
        session.info.pop(_UNIT, None)


def _ended(session: Session, transaction: SessionTransaction) -> None:
    unit = session.info.get(_UNIT)
    if unit is not None and unit.transaction is transaction:
        del session.info[_UNIT]
