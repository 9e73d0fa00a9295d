"""The answer of a decision."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from consentcore.consent.reasons import Reason
from consentcore.policyset import LegalBasis


class Decision(NamedTuple):
    """Allowed or not, why, on which basis, and the record and policies that the answer rests on (R-7-1)."""

    allowed: bool
    reason: Reason
    basis: LegalBasis
    policy_sha256: str
    record: bytes | None = None
    """The record's id as bytes; `record_id` gives it as the rest of the house names it."""
    also: tuple[Reason, ...] = ()
    """What else would forbid it, once `reason` did not."""

    @property
    def record_id(self) -> UUID | None:
        """The record of consent that the answer rests on."""
        return None if self.record is None else UUID(bytes=bytes(self.record))

    @property
    def chain(self) -> tuple[Reason, ...]:
        """Every reason that bears on the answer, the deciding one first."""
        return (self.reason, *self.also)
