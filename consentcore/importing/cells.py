"""The cells of a row by the targets that a mapping gives them; what an entity makes of them stands in its own file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from consentcore.importing.header import Header
from consentcore.importing.mapping import Mapping as SourceMapping
from consentcore.importing.mapping import MappingRefused
from consentcore.importing.targets import SEALED, TARGETS, Becomes, Target
from consentcore.importing.values import RowRefused

Draft_co = TypeVar("Draft_co", covariant=True)
Reader = Callable[[str, Target, str], Any]
"""Reads one value: column (for the fault), target, text without spaces at its ends. Raises RowRefused."""
WordReaders = Mapping[str, Callable[[str, str], str]]


class DraftReader(Protocol[Draft_co]):
    """Reads the cells of a row into a draft of one entity, and what the row says of where it comes from."""

    def read(self, cells: Sequence[str]) -> tuple[Draft_co, str | None]:
        """Read one row of the header's width. Raises: RowRefused."""


class Cells:
    """Reads those cells of a row whose target becomes something that `readers` knows; constants fill every row.

    Raises: MappingRefused when a constant is not what its target takes, or a column is not in the header.
    """

    def __init__(self, mapping: SourceMapping, header: Header, readers: Mapping[Becomes, Reader]) -> None:
        targets = TARGETS[mapping.entity]
        self._readers = readers
        self._fields = [
            (place_of(header, mapping.fields[name]), mapping.fields[name], target)
            for name, target in targets.items()
            if name in mapping.fields and target.becomes in readers
        ]
        self._constants: list[tuple[Target, Any]] = []
        for name, value in mapping.constants.items():
            try:
                read = readers[targets[name].becomes](f"constants.{name}", targets[name], value.strip())
            except RowRefused as refused:
                raise MappingRefused(refused.fault.cause) from None
            self._constants.append((targets[name], read))

    def read(self, cells: Sequence[str]) -> tuple[dict[str, str], dict[str, Any]]:
        """Return sealed texts and clear values by attribute; empty cells are absent. Raises: RowRefused."""
        texts: dict[str, str] = {}
        values: dict[str, Any] = {}
        for target, constant in self._constants:
            (texts if target.becomes in SEALED else values)[target.attribute] = constant
        for place, column, target in self._fields:
            text = cells[place].strip()
            if text:
                found = self._readers[target.becomes](column, target, text)
                (texts if target.becomes in SEALED else values)[target.attribute] = found
        return texts, values


def word_reader(words: WordReaders) -> Reader:
    """Return the reader of clear words, each attribute by its own rule."""

    def read(column: str, target: Target, text: str) -> str:
        return words[target.attribute](column, text)

    return read


def place_of(header: Header, column: str) -> int:
    """Return where a column stands. Raises: MappingRefused when it is not in the header."""
    place = header.at(column)
    if place is None:
        raise MappingRefused(f"{column!r} is no column of this file")
    return place
