"""What an import must know of an entity: how its rows are read, linked, compared and written.

The room reads files, finds known rows, keeps provenance and quarantine for every entity alike; whatever differs from
one to the next stands behind this protocol, in one file for each (`contact_entity` and its neighbours).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.importing.cells import DraftReader
from consentcore.importing.faults import RowFault
from consentcore.importing.header import Header
from consentcore.importing.mapping import Mapping as SourceMapping
from consentcore.importing.runs import Run

D = TypeVar("D")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written:
    """A row that is here, and the person whose it is."""

    row_id: UUID
    subject_ref: UUID


class Entity(Protocol[D]):
    """One kind of row that can be imported; `D` is its draft."""

    @property
    def erased(self) -> RowFault:
        """Why a row is set aside whose external id is known and whose content is gone."""

    def cells(self, mapping: SourceMapping, header: Header, region: str) -> DraftReader[D]:
        """Return what reads the cells of one file. Raises: MappingRefused for an unfit constant."""

    def linked(self, session: Session, keyring: Keyring, run: Run, drafts: Sequence[D]) -> list[D | RowFault]:
        """Find what each draft refers to here, in the same order; a fault where that is not here. Writes nothing."""

    def read(self, session: Session, keyring: Keyring, row_ids: Sequence[UUID]) -> dict[UUID, D]:
        """Open rows that are here; those that are gone are absent. Raises: KeyDestroyed, DecryptionFailed."""

    def merger(self, run: Run) -> Callable[[D, D], D | RowFault | None]:
        """Return what compares a row that is here with its draft: the row as it becomes, None where nothing changes."""

    def matches(
        self, session: Session, keyring: Keyring, order: Sequence[tuple[D, bool]], meet: Callable[[str], bool]
    ) -> int:
        """Count the new ones, of all that are written in file order, that look like somebody who is here already."""

    def open(self, session: Session, keyring: Keyring, drafts: Sequence[D], now: datetime) -> list[Written]:
        """Write new rows in the caller's unit, in the order of their drafts."""

    def replace(self, session: Session, keyring: Keyring, changed: Sequence[tuple[Written, D]], now: datetime) -> None:
        """Give rows that are here their new values, in the caller's unit."""


def readable(read: Callable[[Sequence[UUID]], Mapping[UUID, T]], row_ids: Sequence[UUID]) -> dict[UUID, T]:
    """Open the rows that still open; those whose keys were destroyed are missing from the answer."""
    if not row_ids:
        return {}
    try:
        return dict(read(row_ids))
    except KeyDestroyed:
        found: dict[UUID, T] = {}
        for row_id in row_ids:
            try:
                found |= read([row_id])
            except KeyDestroyed:
                continue
        return found
