"""What a unit of work says of itself to the database: its purpose, or what it does, from a closed list.

On PostgreSQL row-level security reads it (docs/operations.md, "Two roles on PostgreSQL"): a unit that says nothing sees
no rows of persons. The words hold for one transaction. Elsewhere they are kept in the session and change nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction

from consentcore.clock import ensure_utc

LOG = logging.getLogger("consentcore.wall")
PURPOSE, GROUND, WIDER, NOW, VERB = "cc.purpose", "cc.ground", "cc.wider", "cc.now", "cc.verb"
WORDS = "cc_wall"
"""Key of `Session.info`, and of a factory's `info`, under which the words stand by the full names of the settings."""


class Verb(StrEnum):
    """What may be done with rows of persons outside any one purpose; each use is logged."""

    DECIDE = "decide"
    ELIGIBLE = "eligible"
    RECORD = "record"
    IMPORT = "import"
    LOCATE = "locate"
    REQUEST = "request"
    DISPOSE = "dispose"
    AUDIT = "audit"
    KEYS = "keys"
    SIGN_IN = "sign_in"
    DELIVER = "deliver"
    MAINTAIN = "maintain"
    LEAVE_GATE = "leave_gate"


def say(session: Session, **words: str) -> None:
    """Set words of the wall on a session: now on its open connections, and in each transaction that it begins.

    Keys are the names without `cc.`; an empty text takes a word back.
    """
    full = {f"cc.{key}": value for key, value in words.items()}
    session.info[WORDS] = told(session) | full  # a new mapping: that of the factory is shared by its sessions
    for connection in open_connections(session):
        _tell(connection, full)


def act(session: Session, verb: Verb) -> None:
    """Say what a unit does, from now to the end of the session; leaves a line in the process's log."""
    LOG.info("verb %s", verb.value)
    say(session, verb=verb.value)


def purpose_words(purpose: str, ground: str, wider: str, now: datetime) -> dict[str, str]:
    """Return the words that admit the persons whom a purpose reaches."""
    return {"purpose": purpose, "ground": ground, "wider": wider, "now": ensure_utc(now).isoformat()}


def nothing() -> dict[str, str]:
    """Return the words that take a purpose back."""
    return dict.fromkeys(("purpose", "ground", "wider", "now"), "")


def told(session: Session) -> dict[str, str]:
    """Return what a session says of itself, by the full names of the settings."""
    return dict(session.info.get(WORDS, {}))


def attach(session_factory: Any) -> None:
    """Have every session of a factory remember its connections and tell each new transaction what it said."""
    event.listen(session_factory, "after_begin", _begun)


def open_connections(session: Session) -> list[Connection]:
    """Return the connections of the session's running transaction."""
    root, connections = session.info.get("cc_connections", (None, []))
    return list(connections) if root is not None and root is session.get_transaction() else []


def _begun(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    root = session.get_transaction()
    kept, connections = session.info.get("cc_connections", (None, []))
    words = session.info.get(WORDS)
    if kept is not root:
        if words and words.get(VERB):
            LOG.info("verb %s", words[VERB])
        connections = []
        session.info["cc_connections"] = (root, connections)
    if not any(one is connection for one in connections):
        connections.append(connection)
    if words:
        _tell(connection, words)


def _tell(connection: Connection, words: dict[str, str]) -> None:
    if connection.dialect.name != "postgresql" or not words:
        return
    settings = ", ".join("set_config(%s, %s, true)" for _ in words)
    connection.exec_driver_sql(f"SELECT {settings}", tuple(part for pair in words.items() for part in pair))
