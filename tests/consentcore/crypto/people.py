"""A mapped class with sealed columns on a base of its own, as a host application would have it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from consentcore.columns import Ref, impersonal
from consentcore.crypto.fields import sealed
from consentcore.crypto.keyclasses import KeyClass

SECRET = "someone@example.org"


class HostBase(DeclarativeBase):
    """The host's own base, not one of ours."""


class Person(HostBase):
    """Two sealed columns under the profile key, one under the archive key."""

    __tablename__ = "host_person"

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True)
    subject_ref: Mapped[UUID] = mapped_column(Ref, index=True)
    email: Mapped[str | None] = sealed(1_900_000_001, info=impersonal("test"), max_chars=50)
    phone: Mapped[str | None] = sealed(1_900_000_002, info=impersonal("test"))
    billing: Mapped[str | None] = sealed(1_900_000_003, KeyClass.ARCHIVE, info=impersonal("test"))
    note: Mapped[str | None] = mapped_column(String(50))


def stored(session: Session, column: str = "email") -> list[bytes]:
    """Read what lies in the table."""
    return [row[0] for row in session.execute(text(f"SELECT {column} FROM host_person ORDER BY id"))]
