"""One batch of a walk over a table in the order of its row ids."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID


class Walked(NamedTuple):
    """What one batch did: rows changed, rows that could not be opened, and the last row looked at; None at the end."""

    changed: int
    unopened: int
    last: UUID | None
