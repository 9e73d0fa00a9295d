"""Putting policies in force: their hash in the log, their texts kept readable for ever (Art. 24, R-0-1, R-13-2)."""

from __future__ import annotations

import json
from datetime import datetime
from importlib import resources
from pathlib import Path
from uuid import UUID

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from consentcore.errors import Conflict, IntegrityFailure, NotFound
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue
from consentcore.policyset import PolicySet
from policies import folder as folders
from policies import loader
from policies.folder import Folder
from policies.immutable import refuse_rewritten
from policies.tables import PolicyReturn, PolicyVersion

APPLIED = register("policies.applied", "the organisation put a set of policies in force")


def apply(session: Session, folder: Path | None, policy: PolicySet, now: datetime) -> bool:
    """Record that `policy`, as read from `folder`, is in force from now on; False when it is in force already.

    Effects: a leaf `policies.applied` with hash and version; a row with every text, or, for a set that was in force
    before another one, a row that it is so again.
    Raises: Conflict when the files changed since `policy` was loaded, or rewrite what was once in force (Art. 13(3)).
    """
    if in_force_sha256(session) == policy.sha256:
        return False
    texts = _texts(folder)
    if texts.sha256 != policy.sha256:
        raise Conflict("the policies' files changed while they were being applied; run the command again")
    known = session.get(PolicyVersion, policy.sha256) is not None
    if not known:
        refuse_rewritten(_ever_applied(session), texts)
    event_id = queue(session, _event(policy, now))
    session.add(
        PolicyReturn(event_id=event_id, sha256=policy.sha256, applied_at=now)
        if known
        else _version(policy, texts, event_id, now)
    )
    return True


def in_force_sha256(session: Session, at: datetime | None = None) -> str | None:
    """Return the hash of the policies that were in force at an instant, or are now; None before the first ones."""
    applied = union_all(
        select(PolicyVersion.sha256, PolicyVersion.applied_at, literal(0).label("again")),
        select(PolicyReturn.sha256, PolicyReturn.applied_at, literal(1).label("again")),
    ).subquery()
    newest = select(applied.c.sha256).order_by(applied.c.applied_at.desc(), applied.c.again.desc()).limit(1)
    if at is not None:
        newest = newest.where(applied.c.applied_at <= at)
    return session.scalar(newest)


def policy_in_force(session: Session, *, sha256: str | None = None, at: datetime | None = None) -> PolicySet:
    """Rebuild a set of policies that was once in force from its stored texts (R-0-1, R-13-2).

    `sha256` names it, as every record does; else it is the one in force at an instant, or, without either, now. The
    set is read in its own form: what it does not state is absent. Reads only.
    Raises: NotFound; IntegrityFailure when the texts are not those of the hash.
    """
    if sha256 is None:
        sha256 = in_force_sha256(session, at)
        if sha256 is None:
            raise NotFound("no policies were in force then; `consentcore init` puts the first ones in force")
    row = session.get(PolicyVersion, sha256)
    if row is None:
        raise NotFound(f"policies {sha256} were never in force here; `consentcore policies apply` puts some in force")
    return loader.assemble(_stored(row)).policy_set


def _stored(row: PolicyVersion) -> Folder:
    try:
        kept = folders.of_texts({one["path"]: one["text"] for one in json.loads(row.texts)["files"]})
        whole = kept.sha256 == row.sha256
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise IntegrityFailure(f"the stored texts of policies {row.sha256} are not those that were put in force")
    return kept


def _ever_applied(session: Session) -> list[Folder]:
    return [_stored(row) for row in session.scalars(select(PolicyVersion).order_by(PolicyVersion.applied_at))]


def _event(policy: PolicySet, now: datetime) -> Event:
    data = {
        "policy_sha256": policy.sha256,
        "version": policy.version,
        "effective_on": policy.effective_on.isoformat(),
    }
    return Event(type=APPLIED, at=now, data=data)


def _version(policy: PolicySet, texts: Folder, event_id: UUID, now: datetime) -> PolicyVersion:
    files = [{"path": path, "text": text} for path, text in texts.texts.items()]
    return PolicyVersion(
        sha256=policy.sha256,
        version=policy.version,
        effective_on=policy.effective_on,
        applied_at=now,
        texts=json.dumps({"files": files}, ensure_ascii=False, separators=(",", ":")).encode(),
        event_id=event_id,
    )


def _texts(folder: Path | None) -> Folder:
    if folder is not None:
        return folders.gather(folder)
    with resources.as_file(resources.files("policies") / "organisation") as packaged:
        return folders.gather(packaged)
