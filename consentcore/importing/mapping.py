"""How the columns of one source become one entity: a frozen, checked value that the organisation's file declares."""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import available_timezones

from consentcore.errors import BadInput
from consentcore.importing.targets import LATER_ENTITIES, LATER_TARGETS, NEEDS, TARGETS

ENCODINGS: abc.Mapping[str, str] = MappingProxyType(
    {
        "utf-8": "utf-8-sig",  # with or without a byte order mark
        "utf-16": "utf-16",
        "windows-1250": "cp1250",
        "windows-1252": "cp1252",
        "iso-8859-1": "iso8859-1",
        "iso-8859-15": "iso8859-15",
        "mac-roman": "mac-roman",
    }
)
"""Names of encodings that a mapping may state, and the codec that reads each strictly."""
DELIMITERS = (",", ";", "\t", "|")
MAX_COLUMN_NAME = 200
MAX_CONSTANT = 2_000
QUARANTINE_ID_COLUMN = "consentcore_quarantine_id"
CAUSE_COLUMN = "consentcore_cause"
EXTRA_COLUMN = "consentcore_extra_"
_SYSTEM = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIRECTIVES = frozenset("YymdHMSfz%")  # the others depend on the language of the machine
_NONE: abc.Mapping[str, str] = MappingProxyType({})


class MappingRefused(BadInput):
    """A mapping cannot be used as it stands; the message names the key and the way out."""

    default_code = "mapping_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A checked mapping: `fields` and `constants` by target, `id_column` the source's own key, `sha256` of its text.

    `dates` is a strptime pattern for dates that are not ISO 8601; `delimiter` None is found from the header;
    `timezone` is that of times without an offset.
    Raises: MappingRefused, when it contradicts itself or names what this version does not know.
    """

    entity: str
    system: str
    id_column: str
    fields: abc.Mapping[str, str]
    constants: abc.Mapping[str, str] = field(default_factory=lambda: _NONE)
    dates: str | None = None
    encoding: str = "utf-8"
    delimiter: str | None = None
    decimal: str = "."
    timezone: str = "UTC"
    version: str | None = None
    sha256: str

    def __post_init__(self) -> None:
        for fault in _faults(self):
            raise MappingRefused(fault)
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))
        object.__setattr__(self, "constants", MappingProxyType(dict(self.constants)))

    @property
    def columns(self) -> frozenset[str]:
        """The columns that a file must have."""
        return frozenset({self.id_column, *self.fields.values()})

    @property
    def targets(self) -> frozenset[str]:
        """Every target that this source speaks for."""
        return frozenset({*self.fields, *self.constants})


def _faults(mapping: Mapping) -> Iterator[str]:
    yield from _entity_faults(mapping.entity)
    if not _SYSTEM.fullmatch(mapping.system):
        yield "external_id.system: is 1 to 64 small letters, digits, `_`, `.` or `-`; name the source so"
    if not mapping.fields:
        yield "fields: maps no column; write `target: column` lines"
    for target in (*mapping.fields, *mapping.constants):
        yield from _target_faults(mapping.entity, target)
    for target in mapping.fields.keys() & mapping.constants.keys():
        yield f"{target}: stands under fields and under constants; keep one"
    for target in NEEDS[mapping.entity]:
        if target not in mapping.targets:
            where = "a constant or a column" if TARGETS[mapping.entity][target].constant else "a column"
            yield f"fields: every {mapping.entity} needs `{target}`; give it {where}"
    for key, column in (("external_id.column", mapping.id_column), *mapping.fields.items()):
        yield from _column_faults(key, column)
    for target, value in mapping.constants.items():
        if not TARGETS[mapping.entity][target].constant:
            yield f"constants.{target}: one value for every row makes no sense here; map a column to it"
        if not value.strip() or len(value) > MAX_CONSTANT:
            yield f"constants.{target}: is 1 to {MAX_CONSTANT} characters"
    yield from _format_faults(mapping)


def _entity_faults(entity: str) -> Iterator[str]:
    if entity in LATER_ENTITIES:
        yield f"entity: this version imports {', '.join(TARGETS)} only; {entity} comes with a later one"
    elif entity not in TARGETS:
        yield f"entity: must be one of {', '.join(TARGETS)}"


def _target_faults(entity: str, target: str) -> Iterator[str]:
    if target in LATER_TARGETS:
        yield f"{target}: is kept by accounts, of which this version has the name only; leave it out of the mapping"
    elif target not in TARGETS[entity]:
        yield f"{target[:60]!r}: is no target of a {entity}; the targets are {', '.join(TARGETS[entity])}"


def _column_faults(key: str, column: str) -> Iterator[str]:
    if not column or len(column) > MAX_COLUMN_NAME or column != column.strip():
        yield f"{key}: a column's name has 1 to {MAX_COLUMN_NAME} characters and no space at its ends"
    elif column.startswith("consentcore_"):
        yield f"{key}: columns named consentcore_ are kept for the quarantine; rename the column"


def _format_faults(mapping: Mapping) -> Iterator[str]:
    if mapping.encoding not in ENCODINGS:
        yield f"encoding: must be one of {', '.join(ENCODINGS)}"
    if mapping.delimiter is not None and mapping.delimiter not in DELIMITERS:
        yield "delimiter: must be a comma, a semicolon, a tab or a vertical bar"
    if mapping.decimal not in (".", ","):
        yield "decimal: must be a point or a comma"
    if mapping.timezone not in available_timezones():
        yield "timezone: must be a name of the IANA time zone database, such as Europe/Paris"
    if not _SHA256.fullmatch(mapping.sha256):
        yield "sha256: must be 64 hexadecimal digits"
    if mapping.dates is not None and not _readable_pattern(mapping.dates):
        yield 'dates: must be a pattern of %Y or %y, %m and %d (and %H %M %S %f %z), such as "%d/%m/%Y"'


def _readable_pattern(pattern: str) -> bool:
    if len(pattern) > 64:
        return False
    found = re.findall(r"%(.?)", pattern, re.DOTALL)
    once = [directive for directive in found if directive != "%"]
    return (
        set(found) <= _DIRECTIVES
        and len(set(once)) == len(once)
        and {"m", "d"} <= set(found)
        and len({"Y", "y"} & set(found)) == 1
    )
