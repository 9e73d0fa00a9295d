"""The audit of the log as every face runs it: the leaves first, then what the records of consent claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from consentcore.consent.replay import compare
from consentcore.crypto.keyring import Keyring
from consentcore.ledger.fsck import audit
from consentcore.subjects.shredding import open_requests
from web.witness.gathering import Gathered

MAX_CHECKPOINT_BYTES = 64 * 1024
"""Most that is read of what claims to be a checkpoint from outside."""
MOST_NAMED = 20
"""Discrepancies that are named; where there are as many, there may be more."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit found; `ok` means that the whole log and every record of consent hold."""

    size: int
    root: str | None
    first_bad: int | None
    problem: str | None
    pending_destructions: int
    discrepancies: tuple[str, ...]
    witnesses: Mapping[str, Any] = field(default_factory=dict)
    """Counts of what outside witnesses hold of the log."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None and not self.discrepancies

    def as_data(self) -> Mapping[str, Any]:
        """Return the finding ready for JSON."""
        return {
            "size": self.size,
            "root": self.root,
            "ok": self.ok,
            "first_bad": self.first_bad,
            "problem": self.problem,
            "pending_destructions": self.pending_destructions,
            "discrepancies": list(self.discrepancies),
            "witnesses": dict(self.witnesses),
        }


def audit_log(
    session: Session, keyring: Keyring, against: str | None = None, gathered: Gathered | None = None
) -> Audited:
    """Audit the whole log, hold what others saw of it against it, and the consent records with their contents (R-5-2).

    `gathered` is what `web.witness.gathering` found; without it no stored word of a witness is looked at.
    Reads only. Raises: BadInput or LedgerTampered when `against` is no checkpoint that this log signed.
    """
    outside = gathered or Gathered()
    signing = [key.vkey for key in keyring.log_keys() if key.signer is not None]
    vkeys = keyring.log_vkeys()
    found = audit(session.connection(), vkeys, against=against, outside=outside.states, signing=signing)
    discrepancies = (
        [f"{one.where} {one.what}" for one in islice(compare(session, keyring), MOST_NAMED)] if found.ok else []
    )
    return Audited(
        size=found.size,
        root=found.root.hex() if found.root else None,
        first_bad=found.first_bad,
        problem=found.problem if not found.ok else None,
        pending_destructions=len(open_requests(session)),
        discrepancies=tuple(outside.misfits[:MOST_NAMED] + discrepancies),
        witnesses=outside.as_data(),
    )
