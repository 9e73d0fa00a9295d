"""Reading a CSV file in two passes: the first finds every fault of the file, the second yields its rows."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from consentcore.importing.faults import FileFault
from consentcore.importing.fixed_bytes import BytesChanged, FixedBytes
from consentcore.importing.header import Header, choose_delimiter, read_header
from consentcore.importing.mapping import ENCODINGS, Mapping
from consentcore.importing.records import read_records

_MARKED = re.compile("[\udc80-\udcff\ufffd]")


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row as it stands: its number as a spreadsheet counts it (the header has the first), its cells as text."""

    number: int
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that passed the first pass: `rows` counts what will be yielded, `sha256` is that of its bytes."""

    header: Header
    rows: int
    sha256: str
    delimiter: str
    fixed: FixedBytes
    codec: str

    def read(self) -> Iterator[SourceRow]:
        """Yield the rows, in order; may be called again.

        Raises: FileFault, when the file changed since the first pass.
        """
        records = read_records(_text(self.fixed, self.codec), self.delimiter)
        try:
            next(records)
            for number, cells in records:
                yield SourceRow(number, cells)
        except (BytesChanged, UnicodeError):
            raise FileFault("the file changed while it was being imported; import it again") from None


@contextmanager
def open_source(path: Path, mapping: Mapping) -> Iterator[SourceFile]:
    """Open a file for an import and hold it open, having found no fault in it.

    Raises: FileFault naming row, column and cause: not there, not a file, not in the mapping's encoding, NUL bytes,
    no header, a mapped column missing or there twice, a field over 1,000,000 characters, broken quoting.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileFault("this is not an ordinary file; give the path of a CSV file")
        handle = path.open("rb")
    except (OSError, ValueError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else "its name holds a NUL"
        raise FileFault(f"the file cannot be read ({reason}); check its path and its rights") from cause
    with handle:
        yield examine(handle, mapping)


def examine(handle: BinaryIO, mapping: Mapping) -> SourceFile:
    """Make the first pass over an open, seekable file. Memory stays flat. Raises: FileFault, as `open_source`."""
    fixed = FixedBytes(handle)
    codec = ENCODINGS[mapping.encoding]
    try:
        delimiter = mapping.delimiter or choose_delimiter(lambda: _text(fixed, codec), mapping)
        records = read_records(_text(fixed, codec), delimiter)
        header = read_header(records, mapping)
        rows = 0
        for number, cells in records:
            rows += 1
            if "\0" in "".join(cells):
                _refuse_nul(number, cells, header)
    except UnicodeError:
        raise _undecodable(handle, codec, mapping) from None
    fixed.seal()
    return SourceFile(header, rows, fixed.sha256, delimiter, fixed, codec)


def _text(fixed: FixedBytes, codec: str, errors: str = "strict") -> io.TextIOWrapper:
    return io.TextIOWrapper(fixed.stream(), encoding=codec, errors=errors, newline="")


def _refuse_nul(number: int, cells: list[str], header: Header) -> None:
    place = next(place for place, cell in enumerate(cells) if "\0" in cell)
    raise FileFault(f"row {number}, {header.place(place)}: holds a NUL; export the file again as text")


def _undecodable(handle: BinaryIO, codec: str, mapping: Mapping) -> FileFault:
    """Find where the decoder stumbled, by reading again with one that marks what it cannot read."""
    name = "UTF-8" if mapping.encoding == "utf-8" else mapping.encoding
    advice = f"is not {name}; save the file as {name}, or state its `encoding` in the mapping"
    marks = "replace" if codec == "utf-16" else "surrogateescape"
    fixed = FixedBytes(handle)
    try:
        delimiter = mapping.delimiter or choose_delimiter(lambda: _text(fixed, codec, marks), mapping)
        for number, cells in read_records(_text(fixed, codec, marks), delimiter):
            if _MARKED.search("".join(cells)):
                place = next(place for place, cell in enumerate(cells, start=1) if _MARKED.search(cell))
                return FileFault(f"row {number}, column {place}: {advice}")
    except (FileFault, UnicodeError):
        pass  # the place cannot be told: another fault stands before it
    return FileFault(f"the file {advice}")
