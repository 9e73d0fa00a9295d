"""The versions of the organisation's policies that were ever in force."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from consentcore.columns import Blob, Hex64, Ref, UTCDateTime, code, impersonal
from consentcore.db import Base


class PolicyVersion(Base):
    """A set of policies that was in force from some instant on, with every text it consisted of."""

    __tablename__ = "cc_policy_version"

    sha256: Mapped[str] = mapped_column(Hex64, primary_key=True, info=impersonal("hash of published texts"))
    version: Mapped[str] = mapped_column(code(64), info=impersonal("version named by the organisation"))
    effective_on: Mapped[date] = mapped_column(Date, info=impersonal("date named by the organisation"))
    applied_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it was put in force"))
    texts: Mapped[bytes] = mapped_column(Blob, info=impersonal("texts of the organisation, path by path"))
    event_id: Mapped[UUID] = mapped_column(Ref, info=impersonal("random event id in the log"))


class PolicyReturn(Base):
    """A set of policies that was put in force again after another one; its texts stand in `PolicyVersion`."""

    __tablename__ = "cc_policy_return"

    event_id: Mapped[UUID] = mapped_column(Ref, primary_key=True, info=impersonal("random event id in the log"))
    sha256: Mapped[str] = mapped_column(Hex64, info=impersonal("hash of published texts"))
    applied_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it was put in force again"))
