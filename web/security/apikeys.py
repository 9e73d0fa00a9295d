"""Keys of machines: made, shown once, checked, revoked.

A key reads `cc_live_<id>_<secret>`: the id finds the row, the secret (256 random bits) is compared by its SHA-256 in
constant time. A key opens what its scopes name and nothing else; nobody gives away more than he holds.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.errors import BadInput, NotFound, NotPermitted
from consentcore.ledger.events import Event
from consentcore.ledger.log import queue
from web.security.events import APIKEY_CREATED, APIKEY_REVOKED
from web.security.tables import KEY_ID_CHARS, MAX_NAME, ApiKey

PREFIX = "cc_live_"
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_TOKEN = re.compile(rf"{PREFIX}([a-z2-9]{{{KEY_ID_CHARS}}})_([A-Za-z0-9_-]{{43}})")
_NOBODY = sha256(b"").digest()


class Scope(StrEnum):
    """What a key may do; whatever no scope names is done with no key."""

    DECISIONS_READ = "decisions:read"
    CONSENTS_WRITE = "consents:write"
    CONSENTS_READ = "consents:read"
    REQUESTS_WRITE = "requests:write"
    REQUESTS_READ = "requests:read"
    LEDGER_READ = "ledger:read"
    SUBJECTS_READ = "subjects:read"


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """A machine that showed a valid key; `secret` keys the hashes of what it may repeat, and is never shown."""

    key_id: str
    scopes: frozenset[Scope]
    secret: bytes = field(repr=False)

    @property
    def actor(self) -> str:
        """How records name this machine."""
        return f"apikey:{self.key_id}"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made; `token` is shown now and never again."""

    key_id: str
    token: str = field(repr=False)


def create(
    session: Session, name: str, scopes: Collection[Scope], now: datetime, *, grantor: frozenset[Scope]
) -> NewKey:
    """Make a key in the caller's unit; leaf `apikey.created`.

    `grantor` are the scopes of whoever gives the key away (an operator on the host has all).
    Raises: NotPermitted when a scope is not the grantor's; BadInput without a name or a scope.
    """
    label = name.strip()
    if not 0 < len(label) <= MAX_NAME or not label.isprintable():
        raise BadInput(f"name the key in one line of at most {MAX_NAME} characters")
    wanted = sorted(frozenset(scopes))
    if not wanted:
        raise BadInput("a key needs one scope at least; without any it opens nothing")
    if not grantor.issuperset(wanted):
        raise NotPermitted("a key cannot be given a scope that its giver does not have")
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(KEY_ID_CHARS))
    secret = secrets.token_urlsafe(32)
    session.add(
        ApiKey(
            id=key_id,
            name=label,
            scopes=" ".join(wanted),
            secret_sha256=sha256(secret.encode()).digest(),
            created_at=ensure_utc(now),
        )
    )
    session.flush()
    queue(session, Event(type=APIKEY_CREATED, at=now, data={"key": key_id, "scopes": " ".join(wanted)}))
    return NewKey(key_id, f"{PREFIX}{key_id}_{secret}")


def authenticate(session: Session, token: str) -> Caller | None:
    """Return whose key this is; None for one that is malformed, unknown, wrong or revoked, told apart by nobody."""
    found = _TOKEN.fullmatch(token)
    key_id, secret = (found[1], found[2].encode()) if found else ("", b"")
    row = session.get(ApiKey, key_id)
    expected = _NOBODY if row is None else row.secret_sha256
    equal = hmac.compare_digest(sha256(secret).digest(), expected)
    if found is None or row is None or not equal or row.revoked_at is not None:
        return None
    known = {scope.value: scope for scope in Scope}
    return Caller(row.id, frozenset(known[word] for word in row.scopes.split() if word in known), secret)


def revoke(session: Session, key_id: str, now: datetime) -> datetime:
    """Revoke a key in the caller's unit and return since when it is; leaf `apikey.revoked`, once.

    Raises: NotFound.
    """
    row = session.get(ApiKey, key_id, with_for_update=True)
    if row is None:
        raise NotFound("there is no API key of that id; see `consentcore apikeys list`")
    if row.revoked_at is None:
        row.revoked_at = ensure_utc(now)
        session.flush()
        queue(session, Event(type=APIKEY_REVOKED, at=now, data={"key": row.id}))
    return row.revoked_at


def all_keys(session: Session) -> Sequence[ApiKey]:
    """Return every key ever made, oldest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.id)).all()
