"""The visitor of the portal: an address that was typed and, once its code came back, confirmed; never an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.clock import parse_instant
from consentcore.crypto.blindindex import normalise_email
from consentcore.requests.finding import find_persons
from web.shell.wired import service, visit


class Needs(StrEnum):
    """What a visitor must have shown."""

    BEGUN = "a session in which something was begun"
    CONFIRMED_ADDRESS = "an address that was confirmed by a code in this session"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody in the middle of something: `email` as typed; once confirmed, the address that the code went to."""

    email: str
    confirmed_at: datetime | None

    @property
    def confirmed(self) -> bool:
        """Whether the address was confirmed in this session."""
        return self.confirmed_at is not None

    def confirmed_within(self, span: timedelta, now: datetime) -> bool:
        """Tell whether the address was confirmed no longer ago than `span`."""
        return self.confirmed_at is not None and now - self.confirmed_at < span

    @property
    def normalised(self) -> str:
        """The address as the index knows it."""
        return normalise_email(self.email) or ""


def visitor() -> Visitor | None:
    """Return the visitor of this session; None before an address was typed."""
    current = visit()
    email = None if current is None else current.content.get("email")
    if current is None or not email:
        return None
    at = current.content.get("confirmed_at")
    return Visitor(str(email), parse_instant(at) if at else None)


def persons_of(session: Session, found: Visitor) -> tuple[UUID, ...]:
    """Return the persons reached at a confirmed address: one as a rule, none if unknown, several if it is shared."""
    if not found.confirmed:
        return ()
    return find_persons(session, service().keyring, found.normalised).candidates
