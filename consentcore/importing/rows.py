"""From a row of the file to a contact with its external id, or to the reason why it is set aside."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import ContactDraft, PointDraft
from consentcore.importing.countries import region_of
from consentcore.importing.faults import FaultKind, RowFault
from consentcore.importing.header import Header
from consentcore.importing.mapping import (
    CAUSE_COLUMN,
    EXTRA_COLUMN,
    QUARANTINE_ID_COLUMN,
    Mapping,
    MappingRefused,
)
from consentcore.importing.reader import SourceRow
from consentcore.importing.seen import SeenInFile
from consentcore.importing.targets import CONTACT_TARGETS, Becomes, Target
from consentcore.importing.values import RowRefused, day_of, instant_of, point_of, refuse, text_of, word_of

MAX_EXTERNAL_ID = 255
MAX_SOURCE = 500


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row as read: its draft, or its fault; `values` are the source's own cells, for the quarantine."""

    number: int
    values: tuple[str, ...]
    external_id: str
    draft: ContactDraft | None
    fault: RowFault | None
    source: str | None = None
    quarantine_id: UUID | None = None
    waived: bool = False
    """Whether somebody emptied the cause that the export of the quarantine gave: the row is to be taken as it is."""


def coverage(mapping: Mapping) -> tuple[frozenset[str], frozenset[PointKind]]:
    """Return the attributes and the kinds of contact point that a source speaks for."""
    targets = [CONTACT_TARGETS[name] for name in mapping.targets]
    attributes = frozenset(target.attribute for target in targets if target.attribute)
    return attributes, frozenset(target.point for target in targets if target.point)


class RowReader:
    """Reads the rows of one file in order; it remembers on disk which external ids it met.

    `region` is where telephone numbers without an international prefix are read when the row's country does not say.
    Raises: MappingRefused when a constant of the mapping is not what its target takes.
    """

    def __init__(self, mapping: Mapping, header: Header, region: str, seen: SeenInFile) -> None:
        self._mapping = mapping
        self._region = region
        self._seen = seen
        self._zone = ZoneInfo(mapping.timezone)
        self._width = len(header.columns)
        self._id_at = _place(header, mapping.id_column)
        self._id_column = mapping.id_column
        self._quarantine_at = header.at(QUARANTINE_ID_COLUMN)
        self._cause_at = header.at(CAUSE_COLUMN)
        self._extras = [place for place, name in enumerate(header.columns) if name.startswith(EXTRA_COLUMN)]
        self._own = header.own
        self._fields: list[tuple[int, str, Target]] = [
            (_place(header, mapping.fields[name]), mapping.fields[name], target)
            for name, target in CONTACT_TARGETS.items()
            if name in mapping.fields
        ]
        country = mapping.fields.get("address.country")
        self._country_at = None if country is None else _place(header, country)
        self._texts: dict[str, str] = {}
        self._attributes: dict[str, Any] = {}
        self._source: str | None = None
        self._take_constants()

    def read(self, row: SourceRow) -> ReadRow:
        """Read one row; what is wrong with it stands in its `fault`."""
        cells = row.values
        external_id, draft, source, fault = "", None, None, None
        quarantine_id, waived = None, False
        try:
            quarantine_id, waived = self._handed_back(cells)
            self._check_shape(cells)
            external_id = self._external_id(cells)
            draft, source = self._draft(cells)
        except RowRefused as refused:
            fault = refused.fault
        return ReadRow(row.number, self._kept(cells), external_id, draft, fault, source, quarantine_id, waived)

    def read_all(self, rows: Iterator[SourceRow]) -> Iterator[ReadRow]:
        """Read rows as they come."""
        return map(self.read, rows)

    def _kept(self, cells: Sequence[str]) -> tuple[str, ...]:
        if not self._own:
            return tuple(cells)
        return tuple(cell for place, cell in enumerate(cells) if place not in self._own)

    def _handed_back(self, cells: Sequence[str]) -> tuple[UUID | None, bool]:
        if self._quarantine_at is None or self._quarantine_at >= len(cells):
            return None, False
        text = cells[self._quarantine_at].strip()
        if not text:
            return None, False
        waived = self._cause_at is not None and self._cause_at < len(cells) and not cells[self._cause_at].strip()
        try:
            quarantine_id = UUID(text)
        except ValueError:
            refuse(FaultKind.UNKNOWN_QUARANTINE_ID, QUARANTINE_ID_COLUMN, "this names no row of the quarantine")
        if not self._seen.take(f"quarantine\x1f{quarantine_id}"):
            refuse(FaultKind.UNKNOWN_QUARANTINE_ID, QUARANTINE_ID_COLUMN, "the same id stands in an earlier row")
        return quarantine_id, waived

    def _check_shape(self, cells: Sequence[str]) -> None:
        if len(cells) != self._width:
            refuse(FaultKind.RAGGED, None, f"the row has {len(cells)} cells and the header {self._width}")
        if any(cells[place] for place in self._extras):
            refuse(FaultKind.RAGGED, None, f"the row has cells beyond the header, under {EXTRA_COLUMN}...")

    def _external_id(self, cells: Sequence[str]) -> str:
        external_id = cells[self._id_at]
        if not external_id.isascii():
            external_id = unicodedata.normalize("NFC", external_id)
        if not external_id.strip():
            refuse(FaultKind.MISSING_ID, self._id_column, "the external id is missing")
        if len(external_id) > MAX_EXTERNAL_ID:
            cause = f"the external id has {len(external_id)} characters; at most {MAX_EXTERNAL_ID} are kept"
            refuse(FaultKind.TOO_LONG, self._id_column, cause)
        if not self._seen.take(f"row\x1f{external_id}"):
            refuse(FaultKind.REPEATED_ID, self._id_column, "the external id stands in an earlier row of this file")
        return external_id

    def _draft(self, cells: Sequence[str]) -> tuple[ContactDraft, str | None]:
        texts, attributes, source = dict(self._texts), dict(self._attributes), self._source
        points: list[PointDraft] = []
        for place, column, target in self._fields:
            value = cells[place].strip()
            if not value:
                continue
            becomes = target.becomes
            if becomes is Becomes.TEXT:
                texts[target.attribute] = text_of(column, target.attribute, value)
            elif target.point is not None:
                points.append(point_of(column, target.point, value, self._region_of(cells)))
            elif becomes is Becomes.WORD:
                attributes[target.attribute] = word_of(column, target.attribute, value)
            elif becomes is Becomes.DAY:
                texts[target.attribute] = day_of(column, value, self._mapping.dates)
            elif becomes is Becomes.INSTANT:
                attributes[target.attribute] = instant_of(column, value, self._mapping.dates, self._zone)
            else:
                source = _source_of(column, value)
        return ContactDraft(texts=texts, points=tuple(points), **attributes), source

    def _region_of(self, cells: Sequence[str]) -> str:
        country = cells[self._country_at] if self._country_at is not None else self._texts.get("country", "")
        return region_of(country) or self._region

    def _take_constants(self) -> None:
        for name, value in self._mapping.constants.items():
            target, place = CONTACT_TARGETS[name], f"constants.{name}"
            try:
                if target.becomes is Becomes.TEXT:
                    self._texts[target.attribute] = text_of(place, target.attribute, value.strip())
                elif target.becomes is Becomes.WORD:
                    self._attributes[target.attribute] = word_of(place, target.attribute, value.strip())
                else:
                    self._source = _source_of(place, value.strip())
            except RowRefused as refused:
                raise MappingRefused(refused.fault.cause) from None


def _source_of(column: str, value: str) -> str:
    if len(value) > MAX_SOURCE:
        refuse(FaultKind.TOO_LONG, column, f"has {len(value)} characters; at most {MAX_SOURCE} are kept")
    return value


def _place(header: Header, column: str) -> int:
    place = header.at(column)
    if place is None:
        raise MappingRefused(f"{column!r} is no column of this file")
    return place
