"""One-time codes: six digits, bound to one browser and one use, few attempts, counted so that none is lost (ASVS 6.5).

A code is tried in a unit of its own that is committed whatever comes of it: attempts at the same time are counted by
the database, one by one.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.identifiers import random_ref
from web.security.sessions import Visit, session_sha256
from web.security.tables import CodeRow

DIGITS = 6
MINUTES = 10
ATTEMPTS = 5
_SEPARATORS = str.maketrans("", "", " -.\u00a0\u202f\u2011\t")


class Tried(StrEnum):
    """What came of trying a code."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"
    """There is none, it expired, it was used, or it was tried too often: ask for another."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a code, and how many are left."""

    outcome: Tried
    left: int


def issue(session: Session, visit: Visit, used_for: str, now: datetime) -> str:
    """Make a code for one use in one session, in the caller's unit; one made before no longer opens anything."""
    mine = session_sha256(visit)
    session.execute(delete(CodeRow).where(CodeRow.session_sha256 == mine, CodeRow.used_for == used_for))
    session.execute(delete(CodeRow).where(CodeRow.expires_at < ensure_utc(now) - timedelta(days=1)))
    code, code_id = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}", random_ref()
    session.add(
        CodeRow(
            id=code_id,
            session_sha256=mine,
            used_for=used_for,
            code_mac=_mac(visit, code_id, code),
            attempts=0,
            expires_at=ensure_utc(now) + timedelta(minutes=MINUTES),
        )
    )
    session.flush()
    return code


def attempt(session: Session, visit: Visit, used_for: str, typed: str, now: datetime) -> Attempt:
    """Try a code, spaces and dashes overlooked; the caller commits whatever comes of it, or attempts are free."""
    row = session.scalar(
        select(CodeRow).where(CodeRow.session_sha256 == session_sha256(visit), CodeRow.used_for == used_for)
    )
    if row is None:
        return Attempt(Tried.OVER, 0)
    taken = session.connection().execute(
        update(CodeRow)
        .where(
            CodeRow.id == row.id,
            CodeRow.attempts < ATTEMPTS,
            CodeRow.used_at.is_(None),
            CodeRow.expires_at > ensure_utc(now),
        )
        .values(attempts=CodeRow.attempts + 1)
    )
    if taken.rowcount != 1:
        return Attempt(Tried.OVER, 0)
    session.refresh(row)
    code = typed.translate(_SEPARATORS)[: 4 * DIGITS]
    if not hmac.compare_digest(row.code_mac, _mac(visit, row.id, code)):
        left = max(ATTEMPTS - row.attempts, 0)
        return Attempt(Tried.WRONG if left else Tried.OVER, left)
    used = session.connection().execute(
        update(CodeRow).where(CodeRow.id == row.id, CodeRow.used_at.is_(None)).values(used_at=ensure_utc(now))
    )
    return Attempt(Tried.RIGHT if used.rowcount == 1 else Tried.OVER, 0)


def _mac(visit: Visit, code_id: UUID, code: str) -> bytes:
    return hmac.digest(visit.token.encode(), b"code\0" + code_id.bytes + code.encode(), "sha256")
