"""What became of rows: every row is in exactly one of five counts."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Counts:
    """rows = created + updated + duplicates + suppressed + quarantined; `matches` are some of the created.

    `duplicates` are here already with the same content; `suppressed` is 0 until the opposition list is kept;
    `matches` share an e-mail address or telephone number with another person: to be looked at, never linked.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    duplicates: int = 0
    suppressed: int = 0
    quarantined: int = 0
    matches: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def as_mapping(self) -> dict[str, int]:
        """Return the counts by name, in the order in which they are shown."""
        return {one.name: getattr(self, one.name) for one in fields(self)}
