"""From the cells of a row to a contact."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from consentcore.crm.contacts import Capacity, Contact
from consentcore.crm.countries import region_of
from consentcore.crm.drafts import SEALED_TEXTS, ContactDraft
from consentcore.importing.cells import Cells, WordReaders, place_of, word_reader
from consentcore.importing.faults import FaultKind
from consentcore.importing.header import Header
from consentcore.importing.mapping import Mapping
from consentcore.importing.targets import CONTACT_TARGETS, Becomes
from consentcore.importing.values import date_of, instant_of, one_of, point_of, refuse, text_of

MAX_KIND = 32
MAX_SOURCE = 500
LIMITS = {name: getattr(Contact.__table__.c[name].type, "max_chars", 255) for name in SEALED_TEXTS}
"""Most characters of each sealed text."""
_LANGUAGE = re.compile(r"(?=.{2,16}\Z)[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")


class ContactCells:
    """Reads rows of contacts; `region` is where numbers are read when the row's country does not say."""

    def __init__(self, mapping: Mapping, header: Header, region: str) -> None:
        zone = ZoneInfo(mapping.timezone)
        self._region = region
        self._cells = Cells(
            mapping,
            header,
            {
                Becomes.TEXT: lambda column, target, text: text_of(column, LIMITS[target.attribute], text),
                Becomes.DAY: lambda column, _, text: date_of(column, text, mapping.dates).isoformat(),
                Becomes.INSTANT: lambda column, _, text: instant_of(column, text, mapping.dates, zone),
                Becomes.WORD: word_reader(_WORDS),
                Becomes.SOURCE: lambda column, _, text: text_of(column, MAX_SOURCE, text),
            },
        )
        self._points = [
            (place_of(header, mapping.fields[name]), mapping.fields[name], target.point)
            for name, target in CONTACT_TARGETS.items()
            if name in mapping.fields and target.point is not None
        ]

    def read(self, cells: Sequence[str]) -> tuple[ContactDraft, str | None]:
        """Read one row into a contact and its source. Raises: RowRefused."""
        texts, values = self._cells.read(cells)
        source = values.pop("source", None)
        points = [
            point_of(column, kind, value, region_of(texts.get("country", "")) or self._region)
            for place, column, kind in self._points
            if (value := cells[place].strip())
        ]
        return ContactDraft(texts=texts, points=tuple(points), **values), source


def _language(column: str, value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        refuse(FaultKind.WORD, column, "this is no language tag such as fr or pt-BR")
    return value


def _timezone(column: str, value: str) -> str:
    if value not in _zones():
        refuse(FaultKind.WORD, column, "this is no name of the IANA time zone database, such as Europe/Paris")
    return value


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


_WORDS: WordReaders = MappingProxyType(
    {
        "capacity": one_of("capacity", [capacity.value for capacity in Capacity]),
        "language": _language,
        "timezone": _timezone,
        "kind": lambda column, value: text_of(column, MAX_KIND, value),
    }
)
