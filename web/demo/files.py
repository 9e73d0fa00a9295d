"""The CRM's files as they lie in the package: rows by column, days before today made into dates."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from consentcore.importing.mapping import Mapping as ImportMapping
from policies.mapping_file import parse_mapping
from web.demo.days import Days

DELIMITER = ";"
_AGO, _ON = "_il_y_a", "_le"

Row = Mapping[str, str]


def rows(name: str, days: Days) -> list[Row]:
    """Return the rows of a file; each column of days before today has one of dates beside it."""
    text = _folder().joinpath(name).read_text(encoding="utf-8")
    return [_dated(row, days) for row in csv.DictReader(io.StringIO(text), delimiter=DELIMITER)]


def written(chosen: Sequence[Row]) -> bytes:
    """Write rows as the file that a CRM would export: the dates, not the days before today."""
    text = io.StringIO()
    columns = [name for name in chosen[0] if not name.endswith(_AGO)]
    writer = csv.DictWriter(text, columns, delimiter=DELIMITER, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(chosen)
    return text.getvalue().encode()


@cache
def mapping(name: str) -> ImportMapping:
    """Read the mapping file of an export."""
    return parse_mapping(_folder().joinpath(name).read_bytes(), name)


def _folder() -> resources.abc.Traversable:
    return resources.files("web") / "demo"


def _dated(row: Row, days: Days) -> Row:
    dates = {
        name.removesuffix(_AGO) + _ON: days.on(int(text)).isoformat() if text else ""
        for name, text in row.items()
        if name.endswith(_AGO)
    }
    return {**row, **dates}
