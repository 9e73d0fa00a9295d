"""Sessions: kept on the server, named by a random token that only the browser holds, ended at will (ASVS 7).

A session ends after its idle time, after its whole time, when its owner ends it, or when the account it belongs to is
closed or gets another password.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput
from consentcore.identifiers import random_ref
from web.security.tables import SESSION_FIELD, SESSION_TABLE, SessionRow

TOKEN_CHARS = 43
TOUCHED_AFTER = timedelta(minutes=1)
MAX_CONTENT = 32 * 1024
_NOBODY = bytes(16)
_SALT = 8


@dataclass(frozen=True, slots=True)
class Span:
    """How long a session of a face lasts: without use, and at most."""

    idle: timedelta
    whole: timedelta


SPANS: Mapping[str, Span] = {
    "console": Span(timedelta(minutes=30), timedelta(hours=10)),
    "portal": Span(timedelta(minutes=30), timedelta(hours=2)),
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One session, as its browser's token opened it; `content` is what the face keeps in it."""

    id: UUID
    face: str
    token: str = field(repr=False)
    staff_id: UUID | None = None
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)
    created_at: datetime | None = None
    seen_at: datetime | None = None

    def form_token(self) -> str:
        """Return what a form of this session carries: nobody can tell it without the session's token.

        It is written anew for each page, so that the lengths of compressed pages give nothing of it away (BREACH).
        """
        salt = secrets.token_hex(_SALT)
        return salt + self._form_mac(salt)

    def owns_form(self, shown: str) -> bool:
        """Tell, in constant time, whether a form came out of this session."""
        salt, mac = shown[: 2 * _SALT], shown[2 * _SALT :]
        return hmac.compare_digest(mac.encode(), self._form_mac(salt).encode())

    def _form_mac(self, salt: str) -> str:
        return hmac.digest(self.token.encode(), b"form" + salt.encode(), "sha256").hex()


def start(
    session: Session,
    keyring: Keyring,
    face: str,
    now: datetime,
    *,
    staff_id: UUID | None = None,
    content: Mapping[str, Any] | None = None,
) -> Visit:
    """Begin a session in the caller's unit; sessions that are over are swept on the way."""
    instant = ensure_utc(now)
    session.execute(delete(SessionRow).where(SessionRow.expires_at < instant))
    visit = Visit(random_ref(), face, secrets.token_urlsafe(32), staff_id, dict(content or {}), instant, instant)
    session.add(
        SessionRow(
            token_sha256=_hash(visit.token),
            id=visit.id,
            face=face,
            staff_id=staff_id,
            content=_sealed(keyring, visit.id, visit.content),
            created_at=instant,
            seen_at=instant,
            expires_at=instant + SPANS[face].idle,
        )
    )
    session.flush()
    return visit


def find(session: Session, keyring: Keyring, face: str, token: str, now: datetime) -> Visit | None:
    """Return the session of a token at a face; None for one that is malformed, unknown, over or of another face."""
    if len(token) != TOKEN_CHARS or not token.isascii():
        return None
    row = session.get(SessionRow, _hash(token))
    if row is None or row.face != face or row.expires_at <= ensure_utc(now):
        return None
    cipher = keyring.shared_cipher(SESSION_TABLE, read_gen(row.content))
    content = json.loads(open_sealed(cipher, SESSION_FIELD, row.id.bytes, _NOBODY, row.content))
    return Visit(row.id, face, token, row.staff_id, content, row.created_at, row.seen_at)


def needs_touch(visit: Visit, now: datetime) -> bool:
    """Tell whether the last use of a session should be noted again."""
    return visit.seen_at is None or ensure_utc(now) - visit.seen_at > TOUCHED_AFTER


def touch(session: Session, visit: Visit, now: datetime) -> None:
    """Note that a session is in use, which puts its end off, though never beyond its whole time."""
    instant = ensure_utc(now)
    span = SPANS[visit.face]
    end = min(instant + span.idle, (visit.created_at or instant) + span.whole)
    session.execute(
        update(SessionRow).where(SessionRow.token_sha256 == _hash(visit.token)).values(seen_at=instant, expires_at=end)
    )


def keep(session: Session, keyring: Keyring, visit: Visit, content: Mapping[str, Any]) -> Visit:
    """Put other content into a session, in the caller's unit; returns the session as it is now.

    Raises: BadInput when it is too large.
    """
    session.execute(
        update(SessionRow)
        .where(SessionRow.token_sha256 == _hash(visit.token))
        .values(content=_sealed(keyring, visit.id, content))
    )
    return Visit(visit.id, visit.face, visit.token, visit.staff_id, dict(content), visit.created_at, visit.seen_at)


def end(session: Session, visit: Visit) -> None:
    """End a session."""
    session.execute(delete(SessionRow).where(SessionRow.token_sha256 == _hash(visit.token)))


def end_others(session: Session, visit: Visit) -> int:
    """End every other session of the same account; returns how many."""
    ended = session.connection().execute(
        delete(SessionRow).where(SessionRow.staff_id == visit.staff_id, SessionRow.token_sha256 != _hash(visit.token))
    )
    return ended.rowcount


def count_of(session: Session, staff_id: UUID, now: datetime) -> int:
    """Return how many sessions of an account are open."""
    rows = session.scalars(
        select(SessionRow.id).where(SessionRow.staff_id == staff_id, SessionRow.expires_at > ensure_utc(now))
    )
    return len(rows.all())


def session_sha256(visit: Visit) -> bytes:
    """Return what names a session in other rows: the hash of its token."""
    return _hash(visit.token)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _sealed(keyring: Keyring, visit_id: UUID, content: Mapping[str, Any]) -> bytes:
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    if len(data) > MAX_CONTENT:
        raise BadInput(f"a session keeps at most {MAX_CONTENT} bytes")
    return seal(keyring.shared_cipher(SESSION_TABLE), SESSION_FIELD, visit_id.bytes, _NOBODY, data)
