"""Requests that may be repeated safely (Idempotency-Key): done once, answered the same for a day.

A claim is committed before the work, so that a second attempt sees the first one running. The answer is written by
the unit that does the work: either both are there or neither. A claim whose holder died lapses after a minute; should
that holder wake up, its unit finds the claim gone and leaves nothing behind.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, Conflict
from consentcore.identifiers import random_ref
from web.security.apikeys import Caller
from web.security.tables import RESPONSE_FIELD, SHARED_TABLE, IdempotencyRow

LEASE = timedelta(minutes=1)
KEPT = timedelta(days=1)
_SWEPT_AT_ONCE = 20
_NOBODY = bytes(16)


class KeyUsedForAnother(BadInput):
    """The Idempotency-Key was used with another request."""

    default_code = "idempotency_key_reused"


class StillRunning(Conflict):
    """The first request with this Idempotency-Key is not done yet."""

    default_code = "idempotency_key_running"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One attempt at a request that may be repeated."""

    api_key_id: str
    key_mac: bytes
    request_mac: bytes
    claim: UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: status, where the thing made is, and the body."""

    status: int
    location: str
    body: Mapping[str, Any]


def ticket(caller: Caller, key: str, method: str, path: str, content: bytes) -> Ticket:
    """Make the ticket of an attempt: hashes under the caller's secret, which nobody can try without it."""
    request = b"\0".join((b"request", method.encode(), path.encode(), key.encode(), content))
    return Ticket(
        caller.key_id,
        hmac.digest(caller.secret, b"key\0" + key.encode(), "sha256"),
        hmac.digest(caller.secret, request, "sha256"),
        random_ref(),
    )


def claim(session: Session, keyring: Keyring, mine: Ticket, now: datetime) -> Answer | None:
    """Claim the key for this attempt in a unit of its own; return the answer where the request was done before.

    Raises: KeyUsedForAnother, StillRunning.
    """
    instant = ensure_utc(now)
    _sweep(session, instant)
    row = session.get(IdempotencyRow, (mine.api_key_id, mine.key_mac), with_for_update=True)
    if row is None:
        _begin(session, mine, instant)
        return None
    if not hmac.compare_digest(row.request_mac, mine.request_mac):
        raise KeyUsedForAnother("this Idempotency-Key was used with another request; take a new one for each request")
    if row.response is not None:
        return _stored(keyring, row)
    if row.claimed_at + LEASE > instant:
        raise StillRunning("the request with this Idempotency-Key is still running; ask again in a moment")
    row.claim, row.claimed_at = mine.claim, instant
    session.flush()
    return None


def keep(session: Session, keyring: Keyring, mine: Ticket, answer: Answer) -> None:
    """Store the answer, sealed, in the unit that did the work.

    Raises: StillRunning when the claim lapsed and another attempt took it: this unit must not be committed.
    """
    document = json.dumps({"location": answer.location, "body": answer.body}, ensure_ascii=False).encode()
    cipher = keyring.shared_cipher(SHARED_TABLE)
    written = session.connection().execute(
        update(IdempotencyRow)
        .where(*_held(mine), IdempotencyRow.response.is_(None))
        .values(status=answer.status, response=seal(cipher, RESPONSE_FIELD, mine.claim.bytes, _NOBODY, document))
    )
    if written.rowcount != 1:
        raise StillRunning("this request took too long and another attempt runs in its place; ask again in a moment")


def release(session: Session, mine: Ticket) -> None:
    """Give up the claim of an attempt that failed, so that the request may be tried again under the same key."""
    session.execute(delete(IdempotencyRow).where(*_held(mine), IdempotencyRow.response.is_(None)))


def _held(mine: Ticket) -> tuple[Any, ...]:
    return (
        IdempotencyRow.api_key_id == mine.api_key_id,
        IdempotencyRow.key_mac == mine.key_mac,
        IdempotencyRow.claim == mine.claim,
    )


def _begin(session: Session, mine: Ticket, now: datetime) -> None:
    session.add(
        IdempotencyRow(
            api_key_id=mine.api_key_id,
            key_mac=mine.key_mac,
            request_mac=mine.request_mac,
            claim=mine.claim,
            claimed_at=now,
        )
    )
    try:
        session.flush()
    except IntegrityError:  # another attempt was first by a moment
        raise StillRunning("the request with this Idempotency-Key is still running; ask again in a moment") from None


def _stored(keyring: Keyring, row: IdempotencyRow) -> Answer:
    blob = row.response or b""
    cipher = keyring.shared_cipher(SHARED_TABLE, read_gen(blob))
    document = json.loads(open_sealed(cipher, RESPONSE_FIELD, row.claim.bytes, _NOBODY, blob))
    return Answer(row.status or 0, document["location"], document["body"])


def _sweep(session: Session, now: datetime) -> None:
    """Remove a few answers that are older than a day; in the order of their keys, so that sweepers do not cross."""
    key = (IdempotencyRow.api_key_id, IdempotencyRow.key_mac)
    old = session.execute(
        select(*key)
        .where(IdempotencyRow.claimed_at < now - KEPT)
        .order_by(IdempotencyRow.claimed_at)
        .limit(_SWEPT_AT_ONCE)
    ).all()
    if old:
        session.execute(delete(IdempotencyRow).where(tuple_(*key).in_(sorted(tuple(row) for row in old))))
