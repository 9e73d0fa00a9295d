"""Putting policies in force: their hash in the log, their texts kept readable for ever (Art. 24, R-0-1, R-13-2)."""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.errors import Conflict
from consentcore.ledger import canonical
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.policyset import PolicySet
from policies import folder as folders
from policies.tables import PolicyVersion

APPLIED = register("policies.applied", "the organisation put a set of policies in force")


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
