"""Putting policies in force: their hash in the log, their texts kept readable for ever (Art. 24, R-0-1, R-13-2)."""

from __future__ import annotations

from datetime import date, datetime
from importlib import resources
from pathlib import Path
from uuid import UUID

from sqlalchemy import Date, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from consentcore.columns import Blob, Hex64, Ref, UTCDateTime, code, impersonal
from consentcore.db import Base
from consentcore.errors import Conflict
from consentcore.ledger import canonical
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.policyset import PolicySet
from policies import folder as folders

APPLIED = register("policies.applied", "the organisation put a set of policies in force")


class PolicyVersion(Base):
    """A set of policies that was in force from some instant on, with every text it consisted of."""

    __tablename__ = "cc_policy_version"

    sha256: Mapped[str] = mapped_column(Hex64, primary_key=True, info=impersonal("hash of published texts"))
    version: Mapped[str] = mapped_column(code(64), info=impersonal("version named by the organisation"))
    effective_on: Mapped[date] = mapped_column(Date, info=impersonal("date named by the organisation"))
    applied_at: Mapped[datetime] = mapped_column(UTCDateTime, info=impersonal("when it was put in force"))
    texts: Mapped[bytes] = mapped_column(Blob, info=impersonal("texts of the organisation, path by path"))
    event_id: Mapped[UUID] = mapped_column(
        Ref, ForeignKey("cc_log_event.id"), info=impersonal("random event id in the log")
    )


def apply(session: Session, folder: Path | None, policy: PolicySet, now: datetime) -> bool:
    """Record that `policy`, as read from `folder`, is in force from now on; False when it was recorded before.

    Effects: a row with every text, a leaf `policies.applied` with hash and version.
    Raises: Conflict when the files changed since `policy` was loaded.
    """
    if session.scalar(select(PolicyVersion.sha256).where(PolicyVersion.sha256 == policy.sha256)) is not None:
        return False
    texts = _texts(folder)
    if texts.sha256 != policy.sha256:
        raise Conflict("the policies' files changed while they were being applied; run the command again")
    event_id = queue(
        session,
        Event(
            type=APPLIED,
            at=now,
            data={
                "policy_sha256": policy.sha256,
                "version": policy.version,
                "effective_on": policy.effective_on.isoformat(),
            },
        ),
    )
    session.add(
        PolicyVersion(
            sha256=policy.sha256,
            version=policy.version,
            effective_on=policy.effective_on,
            applied_at=now,
            texts=canonical.encode({"files": [{"path": path, "text": text} for path, text in texts.texts.items()]}),
            event_id=event_id,
        )
    )
    return True


def _texts(folder: Path | None) -> folders.Folder:
    if folder is not None:
        return folders.gather(folder)
    with resources.as_file(resources.files("policies") / "organisation") as packaged:
        return folders.gather(packaged)
